package source

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"garita/border/watch"
)

// Template is an empty list in Garita's own format with an example row, as an operator
// fills it in.
//
//go:embed template.csv
var Template string

// columns are what a national list may have. Any of them may be missing but entry, and
// their order is free. A column instruction_xx holds the instruction in the language xx.
var columns = map[string]bool{
	"entry": true, "surname": true, "given_names": true, "full_name": true, "aliases": true,
	"birth_date": true, "sex": true, "nationality": true, "birth_place": true, "residence": true,
	"documents": true, "document_issuer": true, "document_type": true, "document_number": true,
	"photo": true, "handling": true, "applies_to": true, "distribution": true, "high_risk": true,
	"urgent": true, "action": true, "legal_basis": true, "purpose": true, "owner": true,
	"valid_from": true, "expires": true, "updated": true,
}

// maxCell bounds a cell in bytes: it may hold all names of an entry.
const maxCell = 64 << 10

var instruction = regexp.MustCompile(`^instruction_[a-z]{2,3}$`)

// table is a CSV file with a head: lines "# key=value", then the names of the columns.
type table struct {
	*rows
	run     *run
	columns []string
	record  map[string]string
	entries int // that the head announces; -1 if it does not
	count   int // rows read
}

// newTable reads the head and the header.
func (r *run) newTable(in *input, known func(string) bool, need string) (*table, error) {
	t := &table{rows: newRows(in), run: r, record: make(map[string]string), entries: -1}
	for {
		c, err := in.Peek(1)
		if err != nil || c[0] != '#' {
			break
		}
		line, err := in.ReadSlice('\n')
		if err != nil || len(line) > maxField {
			return nil, fail(ErrTruncated, in.name, t.next, "the head is cut off or too long")
		}
		key, value, ok := strings.Cut(strings.Trim(string(line), "# \t\r\n"), "=")
		if ok {
			if err := t.set(strings.TrimSpace(key), strings.Trim(value, " ,;")); err != nil {
				return nil, fail(ErrFormat, in.name, t.next, err.Error())
			}
		}
		t.next++
	}
	t.comma = separator(in)
	fields, code, err := t.read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fail(ErrTruncated, in.name, t.next, "there is no header")
	case err != nil:
		return nil, err
	case code != "":
		return nil, fail(ErrFormat, in.name, t.line, "the header cannot be read")
	}
	found := make(map[string]bool)
	for _, f := range fields {
		name := strings.ToLower(strings.TrimSpace(string(f)))
		switch {
		case !known(name):
			r.problem(t.line, UnknownColumn, "")
			name = ""
		case found[name]:
			return nil, fail(ErrFormat, in.name, t.line, "a column is there twice")
		}
		found[name] = true
		t.columns = append(t.columns, name)
	}
	if !found[need] {
		return nil, fail(ErrFormat, in.name, t.line, "the header must name the column "+need)
	}
	return t, nil
}

// separator looks at the header for what stands between columns: spreadsheets write
// semicolons where the comma is in decimals.
func separator(in *input) byte {
	header, _ := in.Peek(min(window, in.Size()))
	if i := bytes.IndexByte(header, '\n'); i >= 0 {
		header = header[:i]
	}
	if bytes.Count(header, []byte{';'}) > bytes.Count(header, []byte{','}) {
		return ';'
	}
	return ','
}

var listName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// set takes one line of the head.
func (t *table) set(key, value string) (err error) {
	report := &t.run.report
	switch key {
	case "list", "version":
		if !listName.MatchString(value) {
			return errors.New(key + " is not 1 to 64 letters, digits, '.', '_' or '-'")
		}
		if key == "list" {
			report.List = value
		} else {
			report.Version = value
		}
	case "issued":
		if report.Issued, err = time.Parse(time.RFC3339, value); err != nil {
			return errors.New("issued is no RFC 3339 time")
		}
	case "max_age_hours":
		h, err := strconv.Atoi(value)
		if err != nil || h < 0 || h > 24*3660 {
			return errors.New("max_age_hours is no number of hours up to ten years")
		}
		report.MaxAge = time.Duration(h) * time.Hour
	case "entries":
		if t.entries, err = strconv.Atoi(value); err != nil || t.entries < 0 {
			return errors.New("entries is no number")
		}
	default:
		return errors.New("unknown key; known: list, version, issued, max_age_hours, entries")
	}
	return nil
}

// row reads the next row into the record. ok is false for a row that is left out.
func (t *table) row() (ok bool, err error) {
	fields, code, err := t.read()
	if errors.Is(err, io.EOF) {
		return false, t.end()
	}
	if err != nil {
		return false, err
	}
	t.count++
	if code == "" && len(fields) != len(t.columns) {
		code = BadColumns
	}
	if code != "" {
		if !t.ended { // what cannot be read is the last line, and it has no end
			return false, fail(ErrTruncated, t.in.name, t.line, "its last line does not end")
		}
		t.run.skip(t.line, code, "")
		return false, nil
	}
	for i, name := range t.columns {
		s, code := plain(string(fields[i]), maxCell)
		if code != "" && name != "" {
			t.run.skip(t.line, code, name)
			return false, nil
		}
		t.record[name] = unguarded(s)
	}
	return true, nil
}

// end tells whether the file is whole: all rows are there that its head announces, or its
// last line ends.
func (t *table) end() error {
	switch {
	case t.entries >= 0 && t.count != t.entries:
		return fail(ErrTruncated, t.in.name, t.next, fmt.Sprintf("it has %d rows where its head says %d", t.count, t.entries))
	case t.entries < 0 && !t.ended && t.last() == "":
		return fail(ErrTruncated, t.in.name, t.line, "its last line does not end")
	}
	return io.EOF
}

// last gives the handling of the last row if that is its last column: a row of the older
// form which ends in a whole word is whole, with or without a line end.
func (t *table) last() string {
	if n := len(t.columns); n > 0 && t.columns[n-1] == "handling" && handlings[t.record["handling"]] != "" {
		return t.record["handling"]
	}
	return ""
}

var (
	handlings = map[string]watch.Handling{"open": watch.Open, "refer": watch.Refer, "silent": watch.Silent}
	actions   = map[string]bool{"": true, "refer": true, "refuse": true, "detain": true, "hand_over": true, "inform": true}
	answers   = map[string]bool{"yes": true, "true": true, "1": true, "no": false, "false": false, "0": false, "": false}
)

// readCSV reads a national list. The older form, with eight columns in a fixed order, is
// one of the forms that it reads.
func (r *run) readCSV() error {
	return r.each(func(in *input) error {
		t, err := r.newTable(in, func(name string) bool { return columns[name] || instruction.MatchString(name) }, "entry")
		if err != nil {
			return err
		}
		if r.o.Source == "" {
			if r.o.Source = r.report.List; r.o.Source == "" {
				r.o.Source = string(CSV)
			}
		}
		for {
			ok, err := t.row()
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			case !ok:
				continue
			}
			if e := r.national(t); e != nil {
				if err := r.add(t.line, e); err != nil {
					return err
				}
			}
		}
	})
}

// national reads one row. Where a word decides who may learn of an entry, one that is not
// known leaves the row out; any other fault costs only its value.
func (r *run) national(t *table) *watch.Entry {
	f, line := t.record, t.line
	e := &watch.Entry{ID: f["entry"], Photo: f["photo"], LegalBasis: f["legal_basis"], Purpose: f["purpose"], Owner: f["owner"]}

	if h := f["handling"]; h != "" {
		if e.Handling = handlings[h]; e.Handling == "" {
			r.skipEntry(line, UnknownWord, "handling", e.ID)
			return nil
		}
	}
	switch s := f["applies_to"]; s {
	case "", "both":
	case "entry", "exit":
		e.Applies = watch.Applies(s)
	default:
		r.skipEntry(line, UnknownWord, "applies_to", e.ID)
		return nil
	}
	switch f["distribution"] {
	case "", "posts":
	case "hub":
		e.Distribution = watch.HubOnly
	default:
		r.skipEntry(line, UnknownWord, "distribution", e.ID)
		return nil
	}
	for _, b := range []struct {
		column string
		to     *bool
	}{{"high_risk", &e.HighRisk}, {"urgent", &e.Urgent}} {
		is, known := answers[f[b.column]]
		if !known {
			r.problem(line, UnknownWord, b.column)
			is = true // the careful reading
		}
		*b.to = is
	}
	if e.Action = f["action"]; !actions[e.Action] {
		r.problem(line, UnknownWord, "action")
		e.Action = ""
	}
	for name, s := range f {
		if lang, ok := strings.CutPrefix(name, "instruction_"); ok && s != "" {
			if e.Instruction == nil {
				e.Instruction = make(map[string]string)
			}
			e.Instruction[lang] = s
		}
	}
	for _, d := range []struct {
		column string
		to     *string
	}{{"valid_from", &e.ValidFrom}, {"expires", &e.Expires}, {"updated", &e.Updated}} {
		if s := f[d.column]; s != "" {
			if *d.to = calendarDay(s); *d.to == "" {
				r.problem(line, BadDate, d.column)
			}
		}
	}
	r.nationalPerson(line, e, f)
	return e
}

// nationalPerson reads what says who is meant.
func (r *run) nationalPerson(line int, e *watch.Entry, f map[string]string) {
	r.addName(line, e, watch.Name{Surname: f["surname"], GivenNames: f["given_names"], Full: f["full_name"], Quality: watch.Primary})
	for _, s := range split(f["aliases"], '|') {
		if s = r.text(line, "aliases", s); s != "" {
			r.addName(line, e, readAlias(s))
		}
	}
	for _, s := range split(f["birth_date"], '|') {
		if s == "" {
			continue
		}
		d := exact(s)
		if d == "" {
			r.problem(line, BadDate, "birth_date")
		}
		e.BirthDates = addTo(e.BirthDates, d)
	}
	switch s := strings.ToUpper(f["sex"]); s {
	case "M", "F", "X":
		e.Sex = s
	case "":
	default:
		r.problem(line, UnknownWord, "sex")
	}
	for _, c := range []struct {
		column string
		to     *[]string
	}{{"nationality", &e.Nationalities}, {"birth_place", &e.BirthPlaces}, {"residence", &e.Residences}} {
		for _, s := range split(f[c.column], '|') {
			if s = strings.TrimSpace(s); s != "" {
				codes := stateCode(s)
				if len(codes) == 0 {
					r.problem(line, UnknownCountry, c.column)
				}
				*c.to = addTo(*c.to, codes...)
			}
		}
	}
	papers := split(f["documents"], '|')
	if n := f["document_number"]; n != "" {
		papers = append(papers, join('/', f["document_issuer"], f["document_type"], n))
	}
	for _, s := range papers {
		if strings.TrimSpace(s) == "" {
			continue
		}
		parts := split(s, '/')
		if len(parts) == 1 {
			parts = []string{"", "", parts[0]}
		}
		d, code, field := document(parts)
		if code != "" {
			r.problem(line, code, field)
		}
		if d.Number != "" {
			r.addDocument(line, e, d)
		}
	}
}

var (
	capitals  = regexp.MustCompile(`^[A-Za-z]{3}$|^[Dd]$`)
	paperType = regexp.MustCompile(`^[A-Z][A-Z<]?$|^$`)
)

// stateCode reads a Doc 9303 code, two letters of ISO 3166-1 or an English name. A code
// of three letters need not be known: the standard's list grows.
func stateCode(s string) []string {
	s = strings.TrimSpace(s)
	switch {
	case strings.EqualFold(s, "DEU"):
		return []string{"D"}
	case capitals.MatchString(s):
		return []string{strings.ToUpper(s)}
	case len(s) == 2 && country2(s) != "":
		return []string{country2(s)}
	}
	return country(s)
}

// document reads issuer, type and number.
func document(parts []string) (d watch.Document, code Code, field string) {
	if len(parts) != 3 {
		return d, BadDocument, "documents"
	}
	if d.Number = zoneNumber(parts[2]); d.Number == "" || len(d.Number) > maxNumber {
		return watch.Document{}, BadDocument, "document_number"
	}
	if s := strings.TrimSpace(parts[0]); s != "" {
		if codes := stateCode(s); len(codes) > 0 {
			d.Issuer = codes[0]
		} else {
			code, field = UnknownCountry, "document_issuer"
		}
	}
	if d.Type = strings.TrimRight(strings.ToUpper(strings.TrimSpace(parts[1])), "<"); !paperType.MatchString(d.Type) {
		d.Type, code, field = "", UnknownWord, "document_type"
	}
	return d, code, field
}

// readAlias reads "Surname, Given names", a full name, or all three parts, with the
// quality before it: "low: JD".
func readAlias(s string) watch.Name {
	n := watch.Name{}
	for _, q := range []watch.Quality{watch.Primary, watch.Good, watch.Low} {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(s), string(q)+":"); ok {
			n.Quality, s = q, rest
			break
		}
	}
	parts := split(s, ',')
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	switch len(parts) {
	case 0: // "low:" alone
	case 1:
		n.Full = parts[0]
	case 2:
		n.Surname, n.GivenNames = parts[0], parts[1]
	default:
		n.Surname, n.GivenNames, n.Full = parts[0], parts[1], strings.Join(parts[2:], ",")
	}
	return n
}
