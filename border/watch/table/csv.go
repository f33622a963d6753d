package table

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"garita/border"
)

// Limits of a list file.
const (
	maxFile    = 64 << 20 // bytes
	maxEntries = 200_000
	maxField   = 500 // bytes
)

// columns is the header line of a list file; the order is fixed.
var columns = []string{"entry", "surname", "given_names", "birth_date", "nationality",
	"document_number", "document_issuer", "handling"}

var edtf = regexp.MustCompile(`^[0-9X]{4}-[0-9X]{2}-[0-9X]{2}$`)

// ReadCSV reads a list in Garita's open format, UTF-8 CSV (RFC 4180):
//
//	# list=sample
//	# version=1
//	# issued=2026-11-01T00:00:00Z
//	# max_age_hours=720
//	entry,surname,given_names,birth_date,nationality,document_number,document_issuer,handling
//	1,DOE,JANE,1974-08-12,UTO,D23145890,UTO,open
//
// birth_date is EDTF with X for unknown digits, or empty; handling is open, refer or
// silent. A row needs a name or a document number. A bad row is an error with its line.
func ReadCSV(r io.Reader) (*List, error) {
	limit := &io.LimitedReader{R: r, N: maxFile + 1}
	br := bufio.NewReader(limit)
	l := &List{}
	line, err := l.readHead(br)
	if err != nil {
		return nil, err
	}
	cr := csv.NewReader(br)
	cr.FieldsPerRecord = len(columns)
	cr.ReuseRecord = true
	seen := make(map[string]bool)
	header := false
	for {
		rec, err := cr.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if limit.N == 0 { // before anything else: the last row is cut
			return nil, bad(0, "the file is larger than %d MiB", maxFile>>20)
		}
		if err != nil {
			var p *csv.ParseError
			if errors.As(err, &p) {
				return nil, bad(line+p.Line, "%w", p.Err)
			}
			return nil, bad(line+1, "%w", err)
		}
		at, _ := cr.FieldPos(0)
		if !header {
			if strings.Join(rec, ",") != strings.Join(columns, ",") {
				return nil, bad(line+at, "the header must read %s", strings.Join(columns, ","))
			}
			header = true
			continue
		}
		if len(l.entries) == maxEntries {
			return nil, bad(line+at, "more than %d entries", maxEntries)
		}
		e, err := readEntry(rec, seen)
		if err != nil {
			return nil, bad(line+at, "%w", err)
		}
		l.entries = append(l.entries, e)
	}
	switch {
	case limit.N == 0:
		return nil, bad(0, "the file is larger than %d MiB", maxFile>>20)
	case !header: // a list without entries is a list; a file that breaks off is none
		return nil, bad(line+1, "the header must read %s", strings.Join(columns, ","))
	}
	l.index()
	return l, nil
}

// readHead reads the lines that begin with # and returns how many there were.
func (l *List) readHead(br *bufio.Reader) (lines int, err error) {
	for {
		c, err := br.Peek(1)
		if err != nil || c[0] != '#' {
			break
		}
		s, err := br.ReadSlice('\n') // no further than its buffer
		if lines++; err != nil || len(s) > maxField {
			return 0, bad(lines, "the head is cut off or too long")
		}
		key, value, ok := strings.Cut(strings.TrimSpace(string(s[1:])), "=")
		if !ok {
			return 0, bad(lines, "a head line reads # key=value")
		}
		if err := l.set(key, value); err != nil {
			return 0, bad(lines, "%w", err)
		}
	}
	if l.Title == "" || l.Version == "" || l.Issued.IsZero() {
		return 0, bad(lines+1, "the head must name list, version and issued")
	}
	return lines, nil
}

var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (l *List) set(key, value string) (err error) {
	switch key {
	case "list", "version":
		if !word.MatchString(value) {
			return fmt.Errorf("%s is not 1 to 64 letters, digits, '.', '_' or '-'", key)
		}
		if key == "list" {
			l.Title = value
		} else {
			l.Version = value
		}
	case "issued":
		if l.Issued, err = time.Parse(time.RFC3339, value); err != nil {
			return errors.New("issued is no RFC 3339 time")
		}
	case "max_age_hours":
		h, err := strconv.Atoi(value)
		if err != nil || h < 0 || h > 24*3660 {
			return errors.New("max_age_hours is no number of hours up to ten years")
		}
		l.MaxAge = time.Duration(h) * time.Hour
	default:
		return errors.New("unknown key; known: list, version, issued, max_age_hours")
	}
	return nil
}

// readEntry never repeats a field in an error: a list holds people.
func readEntry(rec []string, seen map[string]bool) (Entry, error) {
	for i, f := range rec {
		if len(f) > maxField {
			return Entry{}, fmt.Errorf("%s is longer than %d bytes", columns[i], maxField)
		}
		if !utf8.ValidString(f) {
			return Entry{}, fmt.Errorf("%s is no UTF-8", columns[i])
		}
		rec[i] = strings.Clone(f)
	}
	e := Entry{ID: rec[0], Surname: rec[1], GivenNames: rec[2], BirthDate: rec[3], Nationality: rec[4],
		DocumentNumber: rec[5], DocumentIssuer: rec[6], Handling: Handling(rec[7])}
	switch {
	case !word.MatchString(e.ID):
		return Entry{}, errors.New("entry is not 1 to 64 letters, digits, '.', '_' or '-'")
	case seen[e.ID]:
		return Entry{}, errors.New("entry is there twice")
	case e.BirthDate != "" && !isDate(e.BirthDate):
		return Entry{}, errors.New("birth_date is no EDTF date like 1974-08-12 or 1974-XX-XX")
	case e.Handling != Open && e.Handling != Refer && e.Handling != Silent:
		return Entry{}, errors.New("handling is none of open, refer, silent")
	case plain(e.DocumentNumber) == "" && nameKey(e.Surname, e.GivenNames) == "  ":
		return Entry{}, errors.New("neither a name nor a document number")
	}
	seen[e.ID] = true
	return e, nil
}

// isDate reports whether an EDTF date with unknown digits can be a day: one that cannot
// would never match anybody.
func isDate(s string) bool {
	if !edtf.MatchString(s) {
		return false
	}
	month, day := s[5:7], s[8:10]
	for m := 1; m <= 12; m++ {
		for d := 1; d <= 31; d++ {
			if !compatible(fmt.Sprintf("%02d", m), month) || !compatible(fmt.Sprintf("%02d", d), day) {
				continue
			}
			year, err := strconv.Atoi(s[:4])
			if err != nil {
				year = 2000 // unknown digits: it may be a leap year
			}
			if time.Date(year, time.Month(m), d, 0, 0, 0, 0, time.UTC).Day() == d {
				return true
			}
		}
	}
	return false
}

func bad(line int, format string, args ...any) error {
	return &border.Error{Code: border.Invalid, Op: "read list", Err: fmt.Errorf("line %d: "+format, append([]any{line}, args...)...)}
}
