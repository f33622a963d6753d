package source

import (
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"garita/border/watch"
)

// ofacFiles are the files of a source, each with its number of columns and what is kept of
// it for the entries of sdn.csv.
var ofacColumns = map[string]int{"sdn.csv": 12, "alt.csv": 5, "add.csv": 6, "sdn_comments.csv": 2}

// ofacMore is what the files beside sdn.csv say of an entry.
type ofacMore struct {
	names     []watch.Name
	countries []string
	remarks   string
	line      int // of the first of them, and its file
	file      string
	used      bool
}

// maxMore bounds the rows of the files that are kept until sdn.csv is read.
const maxMore = 4_000_000

// readOFAC reads the four files of the SDN list in its legacy CSV form. All must be there:
// without one, names or dates would be missing and nobody would know.
func (r *run) readOFAC() error {
	names, err := r.ofacNames()
	if err != nil {
		return err
	}
	more, kept := make(map[string]*ofacMore), 0
	at := func(line int, id string) *ofacMore {
		m := more[id]
		if m == nil {
			m = &ofacMore{line: line, file: r.file}
			more[strings.Clone(id)] = m
		}
		return m
	}
	marks := make(map[string]bool)
	read := func(file string, row func(line int, f []string) error) error {
		return r.open(names[file], func(in *input) error {
			marked, err := r.ofacRows(in, ofacColumns[file], &kept, row)
			marks[file] = marked
			return err
		})
	}
	if err := read("alt.csv", func(line int, f []string) error {
		if n, ok := r.ofacName(line, "alt_name", f[3]); ok {
			n.Quality = watch.Good
			m := at(line, f[0])
			if len(m.names) == maxNames {
				r.problem(line, TooMany, "alt_name")
				return nil
			}
			m.names = append(m.names, n)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := read("add.csv", func(line int, f []string) error {
		if f[4] == "" || f[4] == "undetermined" {
			return nil
		}
		m := at(line, f[0])
		codes := country(strings.TrimPrefix(f[4], "Region: "))
		if len(codes) == 0 {
			r.problem(line, UnknownCountry, "country")
		}
		m.countries = addTo(m.countries, codes...)
		return nil
	}); err != nil {
		return err
	}
	if err := read("sdn_comments.csv", func(line int, f []string) error {
		m := at(line, f[0])
		if len(m.remarks)+len(f[1]) > maxCell {
			r.problem(line, TooLong, "remarks")
			return nil
		}
		m.remarks += f[1]
		return nil
	}); err != nil {
		return err
	}
	kept = 0
	if err := read("sdn.csv", func(line int, f []string) error {
		m := more[f[0]]
		if m != nil {
			m.used = true
		}
		if f[2] != "individual" {
			r.leave(NotPerson)
			return nil
		}
		return r.add(line, r.ofacPerson(line, f, m))
	}); err != nil {
		return err
	}
	// The publisher ends all its files with the same mark, or none.
	if marks["sdn.csv"] != marks["alt.csv"] || marks["sdn.csv"] != marks["add.csv"] {
		return fail(ErrTruncated, ".", 0, "the end mark is missing from some of the files")
	}
	for _, m := range more {
		if !m.used {
			r.leave(Orphan)
		}
	}
	return nil
}

// ofacNames finds the files, whose names may be in capitals.
func (r *run) ofacNames() (map[string]string, error) {
	dir, err := fs.ReadDir(r.files, ".")
	if err != nil {
		return nil, fail(ErrFormat, ".", 0, "the directory cannot be read")
	}
	names := make(map[string]string)
	for _, f := range dir {
		names[strings.ToLower(f.Name())] = f.Name()
	}
	for file := range ofacColumns {
		if names[file] == "" {
			return nil, fail(ErrFormat, file, 0, "it is not there; sdn.csv, alt.csv, add.csv and sdn_comments.csv belong together")
		}
	}
	return names, nil
}

// ofacRows reads the rows of one file; empty values ("-0- ") become empty.
func (r *run) ofacRows(in *input, columns int, kept *int, row func(int, []string) error) (marked bool, err error) {
	rows := newRows(in)
	any := false
	for {
		fields, code, err := rows.read()
		switch {
		case errors.Is(err, io.EOF):
			if !any || !rows.ended {
				return false, fail(ErrTruncated, in.name, rows.line, "its last line does not end")
			}
			return rows.mark, nil
		case err != nil:
			return false, err
		}
		any = true
		if code == "" && len(fields) != columns {
			code = BadColumns
		}
		if code != "" {
			r.skip(rows.line, code, "")
			continue
		}
		if *kept++; *kept > maxMore {
			return false, fail(ErrTooLarge, in.name, rows.line, "too many rows")
		}
		values := make([]string, columns)
		for i, f := range fields {
			s := strings.TrimSpace(string(f))
			if s == "-0-" {
				s = ""
			}
			if len(s) > maxCell {
				s, code = "", TooLong
			}
			values[i] = s
		}
		if code != "" || !word.MatchString(values[0]) {
			if code == "" {
				code = NoID
			}
			r.skipEntry(rows.line, code, "", values[0])
			continue
		}
		if err := row(rows.line, values); err != nil {
			return false, err
		}
	}
}

// ofacName reads "SURNAME, Given names", or a single name.
func (r *run) ofacName(line int, field, s string) (watch.Name, bool) {
	s = strings.Trim(r.text(line, field, s), " ,")
	if s == "" {
		return watch.Name{}, false
	}
	surname, given, ok := strings.Cut(s, ",")
	if !ok {
		return watch.Name{Full: s}, true
	}
	given = strings.Join(strings.Fields(strings.ReplaceAll(given, ",", " ")), " ")
	return watch.Name{Surname: strings.TrimSpace(surname), GivenNames: given}, true
}

// ofacAdd adds a name. A word in brackets is another spelling of the word before it, or a
// further name: it is taken either way.
func (r *run) ofacAdd(line int, e *watch.Entry, n watch.Name) {
	if !strings.ContainsAny(n.Surname+n.GivenNames+n.Full, "()") {
		r.addName(line, e, n)
		return
	}
	without := func(s string) string {
		s, _ = brackets(s)
		return strings.Join(strings.Fields(strings.Trim(s, ")")), " ")
	}
	other := n
	other.Quality = watch.Good
	for _, f := range []*string{&other.Surname, &other.GivenNames, &other.Full} {
		if o := spelledOtherwise(*f); o != "" {
			*f = without(o)
		} else {
			*f = strings.Join(strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(*f)), " ")
		}
	}
	n.Surname, n.GivenNames, n.Full = without(n.Surname), without(n.GivenNames), without(n.Full)
	r.addName(line, e, n)
	r.addName(line, e, other)
}

// ofacPerson joins what the files say of an individual.
func (r *run) ofacPerson(line int, f []string, m *ofacMore) *watch.Entry {
	e := &watch.Entry{ID: f[0]}
	if n, ok := r.ofacName(line, "SDN_Name", f[1]); ok {
		n.Quality = watch.Primary
		r.ofacAdd(line, e, n)
	}
	e.LegalBasis = r.text(line, "Program", f[3])
	remarks := f[11]
	if m != nil {
		for _, n := range m.names {
			r.ofacAdd(line, e, n)
		}
		e.Residences = addTo(e.Residences, m.countries...)
		remarks += m.remarks
	}
	r.ofacRemarks(line, e, remarks)
	return e
}

var (
	alternative = regexp.MustCompile(`^alt\. ?`)
	weakAlias   = regexp.MustCompile(`^(?:a|f|n)\.k\.a\. *'(.*)'$`)
	numbered    = regexp.MustCompile(`^([^()0-9]*?)((?:[A-Z]{1,3}-?[A-Z]? )?[^ ()]*[0-9][^()]*?)(?: *\(([^)]*)\))?((?: +(?:issued|expires|expired)\b.*)?)$`)
)

// ofacRemarks reads what stands in the remarks: dates of birth, nationality, sex, weak
// aliases, documents. Anything else is about sanctions, offices and money.
func (r *run) ofacRemarks(line int, e *watch.Entry, remarks string) {
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(remarks), "."), ";") {
		part = strings.TrimSuffix(strings.TrimSpace(part), ".")
		part = alternative.ReplaceAllString(part, "")
		head, rest, _ := strings.Cut(part, " ")
		switch head {
		case "DOB":
			d := written(rest)
			if d == "" {
				r.problem(line, BadDate, "DOB")
			}
			e.BirthDates = addTo(e.BirthDates, d)
			continue
		case "nationality", "citizen":
			r.countries(line, &e.Nationalities, head, rest)
			continue
		case "POB":
			// Most places name a town without its country; that is no fault.
			codes := placeCountry(rest)
			if len(codes) == 0 {
				r.leave(UnknownCountry)
			}
			e.BirthPlaces = addTo(e.BirthPlaces, codes...)
			continue
		case "Gender":
			switch rest {
			case "Male":
				e.Sex = "M"
			case "Female":
				e.Sex = "F"
			default:
				r.problem(line, UnknownWord, "Gender")
			}
			continue
		}
		if m := weakAlias.FindStringSubmatch(part); m != nil {
			if n, ok := r.ofacName(line, "a.k.a.", m[1]); ok {
				n.Quality = watch.Low
				r.ofacAdd(line, e, n)
			}
			continue
		}
		r.ofacDocument(line, e, part)
	}
}

// ofacDocument reads "Passport A123 (Country) issued …" and identity cards of many names.
func (r *run) ofacDocument(line int, e *watch.Entry, part string) {
	kind := paper(part)
	if kind == "" {
		return
	}
	part, _, _ = strings.Cut(part, " issued ")
	part, _, _ = strings.Cut(part, " expires ")
	if kind == "I" && !identity.MatchString(numbered.ReplaceAllString(part, "$1")) {
		return // words in a sentence
	}
	d := watch.Document{Type: kind, Number: numberIn(part)}
	if len(d.Number) < 3 || len(d.Number) > maxNumber {
		r.leave(BadDocument)
		return
	}
	if c := inBrackets(part); c != "" {
		if codes := country(c); len(codes) > 0 {
			d.Issuer = codes[0]
		} else {
			r.problem(line, UnknownCountry, "document")
		}
	}
	for _, d := range numbers(d) {
		r.addDocument(line, e, d)
	}
}
