package manifest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"garita/border"
)

// Limits of a list file.
const (
	maxFile     = 1 << 20 // bytes
	maxPeople   = 2000
	maxCell     = 200 // bytes
	maxColumns  = 50
	maxProblems = 100 // nobody repairs more at once
)

// columns are the columns that a list may have, in the order of the template.
var columns = []string{"surname", "given_names", "birth_date", "sex", "nationality",
	"document_number", "document_issuer", "document_kind", "role", "seat"}

// Problem is what is wrong with one place of a list. Its message never repeats what stands
// there.
type Problem struct {
	Line    int    `json:"line"`             // of the file, from 1
	Column  int    `json:"column,omitempty"` // cell of the line, from 1; 0: the whole line
	Message string `json:"message"`          // for a person, with what to do next
}

// Template gives an empty list to fill in: the header, and an example of an invented
// Utopian as a comment. kind is crew, or anything else for passengers.
func Template(kind string) []byte {
	example := "NONSENSO,RAPHAELA,1974-08-12,F,UTO,D23145890,UTO,passport,passenger,12A"
	if kind == "crew" {
		example = "NONSENSO,RAPHAELA,1974-08-12,F,UTO,S4711,UTO,seafarer_identity,crew,"
	}
	return []byte(strings.Join(columns, ",") + "\r\n# " + example + "\r\n")
}

// Parse reads a list: UTF-8 CSV (RFC 4180) with ',' or ';', whose first line names columns
// of the template, in any order; surname or given_names must be among them. A line whose
// first cell begins with "# " is a comment, and one of empty cells is nothing. A line with a
// problem is not in the list. After 100 problems it stops with one that says so.
//
// An error means that there is no list: [border.TooLarge] beyond 1 MiB, 2,000 people or 50
// columns, [border.Invalid] without a usable header, or what r failed with.
func Parse(r io.Reader) (*List, []Problem, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, nil, &border.Error{Code: border.CodeOf(err), Op: op, Err: err}
	}
	if len(b) > maxFile {
		return nil, nil, fail(border.TooLarge, "The list is larger than 1 MiB. Divide it.")
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	p := parser{list: &List{}}
	p.csv = csv.NewReader(bytes.NewReader(b))
	p.csv.Comma = separator(b)
	p.csv.FieldsPerRecord = -1
	p.csv.ReuseRecord = true
	if err := p.run(); err != nil {
		return nil, nil, err
	}
	return p.list, p.problems, nil
}

const op = "read a passenger list"

func fail(code border.Code, message string) error {
	return &border.Error{Code: code, Op: op, Message: message}
}

// separator is ';' if the header has more of them than of ','.
func separator(b []byte) rune {
	for line := range bytes.Lines(b) {
		if len(bytes.TrimSpace(line)) > 0 && !bytes.HasPrefix(line, []byte("# ")) {
			if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
				return ';'
			}
			break
		}
	}
	return ','
}

type parser struct {
	csv      *csv.Reader
	columns  []string // of the file; "" for one that is not known
	list     *List
	problems []Problem
	rows     int
}

func (p *parser) run() error {
	for len(p.problems) < maxProblems {
		cells, err := p.csv.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if p.columns == nil {
				return fail(border.Invalid, "The list has no header. Its first line names the columns, as in the template.")
			}
			return nil
		case errors.As(err, &broken):
			p.problem(broken.StartLine, 0, "A quotation mark is out of place. Save the list as CSV again.")
			p.rows++
		case err != nil:
			return &border.Error{Code: border.Invalid, Op: op, Err: errors.New("the CSV cannot be read")}
		case strings.HasPrefix(cells[0], "# ") || !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }):
			continue
		case p.columns == nil:
			if err := p.header(cells); err != nil {
				return err
			}
			continue
		default:
			p.rows++
			p.row(cells)
		}
		if p.rows > maxPeople {
			return fail(border.TooLarge, "The list has more than 2,000 people. Divide it.")
		}
	}
	p.problems = append(p.problems[:maxProblems], Problem{p.problems[maxProblems-1].Line, 0, "The rest was not read. Repair these problems first."})
	return nil
}

func (p *parser) problem(line, column int, message string) {
	p.problems = append(p.problems, Problem{line, column, message})
}

func (p *parser) header(cells []string) error {
	if len(cells) > maxColumns {
		return fail(border.TooLarge, "The list has more than 50 columns. Use those of the template.")
	}
	line, _ := p.csv.FieldPos(0)
	p.columns = make([]string, len(cells))
	for i, c := range cells {
		c = strings.ToLower(strings.TrimSpace(c))
		switch {
		case !slices.Contains(columns, c):
			p.problem(line, i+1, "This column is not known. Known are "+strings.Join(columns, ", ")+".")
		case slices.Contains(p.columns[:i], c):
			p.problem(line, i+1, "The column "+c+" is there twice. Remove one.")
		default:
			p.columns[i] = c
		}
	}
	if !slices.Contains(p.columns, "surname") && !slices.Contains(p.columns, "given_names") {
		return fail(border.Invalid, "The list has no names. Its first line must name the column surname or given_names, as in the template.")
	}
	return nil
}

// row reads one person, or adds the problems of the line.
func (p *parser) row(cells []string) {
	line, _ := p.csv.FieldPos(0)
	if len(cells) != len(p.columns) {
		p.problem(line, 0, "The line has "+strconv.Itoa(len(cells))+" cells and the header "+strconv.Itoa(len(p.columns))+". Make them equal.")
		return
	}
	before := len(p.problems)
	var one Person
	for i, c := range cells {
		line, _ := p.csv.FieldPos(i)
		message := checkText(c)
		if message == "" && p.columns[i] != "" {
			message = one.set(p.columns[i], strings.Clone(strings.TrimSpace(c)))
		}
		if message != "" {
			p.problem(line, i+1, message)
		}
	}
	if len(p.problems) == before && newName(one.Surname, one.GivenNames).whole() == "" {
		p.problem(line, 0, "The person has no name that can be compared. Write surname or given_names in Latin letters, as the document does.")
	}
	if len(p.problems) == before {
		p.list.People = append(p.list.People, one)
	}
}

func checkText(cell string) string {
	switch {
	case len(cell) > maxCell:
		return "The cell is longer than 200 bytes. Shorten it."
	case !utf8.ValidString(cell):
		return "The letters are not UTF-8. Save the list as CSV UTF-8."
	case strings.ContainsFunc(strings.TrimSpace(cell), unseen):
		return "There are characters that cannot be shown. Type the cell again."
	}
	return ""
}

// unseen reports control characters, line and paragraph ends, and marks that turn the
// direction of writing.
func unseen(r rune) bool {
	return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Bidi_Control, r)
}

var word = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// set keeps a cell. The message, "" if the cell is in order, does not repeat it. Kinds of
// documents and roles are codes of the form, which this room does not know.
func (p *Person) set(column, cell string) (message string) {
	switch column {
	case "surname":
		p.Surname = cell
	case "given_names":
		p.GivenNames = cell
	case "birth_date":
		date, ok := partialDate(cell)
		if p.BirthDate = date; !ok {
			return "birth_date: write a day like 1974-08-12, with X for what is unknown: 1974-XX-XX."
		}
	case "sex":
		if p.Sex = strings.ToUpper(cell); !slices.Contains([]string{"", "F", "M", "X"}, p.Sex) {
			return "sex: write F, M or X, or leave it empty."
		}
	case "nationality":
		return country(&p.Nationality, column, cell)
	case "document_issuer":
		return country(&p.DocumentIssuer, column, cell)
	case "document_number":
		if p.DocumentNumber = cell; cell != "" && plain(cell) == "" {
			return "document_number: write letters A to Z and digits."
		}
	case "document_kind":
		return code(&p.DocumentKind, column, cell)
	case "role":
		return code(&p.Role, column, cell)
	case "seat":
		p.Seat = cell
	}
	return ""
}

// country keeps a code of three letters, or D. Whether it is a known one is the form's.
func country(to *string, column, cell string) string {
	if *to = state(cell); strings.EqualFold(cell, "D") || cell == "" {
		return ""
	}
	if len(cell) != 3 || strings.Trim(cell, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		return column + ": write the code of three letters that travel documents have."
	}
	return ""
}

func code(to *string, column, cell string) string {
	if *to = strings.ToLower(cell); *to != "" && !word.MatchString(*to) {
		return column + ": write a code as in the template, or leave it empty."
	}
	return ""
}

// partialDate reads a date with X for unknown digits; a year, or a year and a month, alone
// gets its unknown parts. It must be possible as a day. An empty one is not known.
func partialDate(s string) (string, bool) {
	s = strings.ToUpper(s)
	switch len(s) {
	case 0:
		return "", true
	case 4, 7:
		s += strings.Repeat("-XX", (10-len(s))/3)
	}
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || strings.Trim(s[:4]+s[5:7]+s[8:], "0123456789X") != "" {
		return "", false
	}
	year, err := strconv.Atoi(s[:4])
	if err != nil {
		year = 2000 // unknown digits: it may be a leap year
	}
	for m := 1; m <= 12; m++ {
		for d := 1; d <= 31; d++ {
			if covers(s[5:7], m) && covers(s[8:], d) && time.Date(year, time.Month(m), d, 0, 0, 0, 0, time.UTC).Day() == d {
				return s, true
			}
		}
	}
	return "", false
}

// covers reports whether two digits, either of them perhaps X, can be n.
func covers(digits string, n int) bool {
	return (digits[0] == 'X' || int(digits[0]-'0') == n/10) && (digits[1] == 'X' || int(digits[1]-'0') == n%10)
}
