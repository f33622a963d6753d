// Package demo runs hub and station as real processes on a data folder, with simulated
// readers and invented travellers: for trying Garita out, and for proving that nothing is
// lost or doubled on the way from the reader to the national register.
package demo

import (
	"strings"
)

// Specimen is a document of an invented traveller, of Utopia (Doc 9303's fictitious state)
// or of one of the neighbours that its form invents.
type Specimen struct {
	Label string // what it is, in plain words
	Note  string // what is special about it
	Lines []string
	// Answers is what the traveller says when asked, by the names of the form.
	Answers map[string]string

	surname, given, number, birth string // birth: YYMMDD
	state                         string // issuer
	born                          string // with its century, 1974-08-12
	// listed is how the sample list names it, number or name; or "national" and how its entry of
	// the national list is to be handled; "": not at all.
	listed string
}

// own is the country of the form that ships.
const own = "UTO"

// person is what a document is made from.
type person struct {
	surname, given string
	state          string // issuer: UTO or an invented neighbour
	nationality    string // as a rule that of the issuer
	number         string // 9 characters
	birth, expiry  string // YYMMDD
	born           string // the birth date with its century, 1974-08-12
	sex            string // M, F or <, which stands for X
	answers        map[string]string
}

// passport prints a TD3 (Doc 9303-4).
func (p person) passport() []string {
	names := pad("P<"+p.state+filled(p.surname)+"<<"+filled(p.given), 44)
	data := p.number + digit(p.number) + p.nationality + p.birth + digit(p.birth) + p.sex + p.expiry + digit(p.expiry) + strings.Repeat("<", 14) + "<"
	composite := data[0:10] + data[13:20] + data[21:43]
	return []string{names, data + digit(composite)}
}

// card prints a TD1 (Doc 9303-5).
func (p person) card() []string {
	one := pad("I<"+p.state+p.number+digit(p.number), 30)
	two := pad(p.birth+digit(p.birth)+p.sex+p.expiry+digit(p.expiry)+p.nationality, 29)
	composite := one[5:30] + two[0:7] + two[8:15] + two[18:29]
	return []string{one, two + digit(composite), pad(filled(p.surname)+"<<"+filled(p.given), 30)}
}

// visa prints an MRV-A (Doc 9303-7).
func (p person) visa() []string {
	return []string{pad("V<"+p.state+filled(p.surname)+"<<"+filled(p.given), 44),
		pad(p.number+digit(p.number)+p.nationality+p.birth+digit(p.birth)+p.sex+p.expiry+digit(p.expiry), 44)}
}

func filled(s string) string { return strings.ReplaceAll(s, " ", "<") }

func pad(s string, n int) string {
	if len(s) >= n {
		return s[:n]
	}
	return s + strings.Repeat("<", n-len(s))
}

// digit is the 7-3-1 check digit (Doc 9303-3 section 4.9). The demo's printer has its own,
// so that the parser is not proven against itself.
func digit(s string) string {
	sum := 0
	for i, c := range s {
		v := 0
		switch {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		sum += v * [3]int{7, 3, 1}[i%3]
	}
	return string(rune('0' + sum%10))
}

// spoil makes one printed check digit wrong.
func spoil(lines []string) []string {
	l := []byte(lines[1])
	l[9] = '0' + (l[9]-'0'+1)%10
	return []string{lines[0], string(l)}
}

func (p person) specimen(label, note string, lines []string) Specimen {
	return Specimen{Label: label, Note: note, Lines: lines, Answers: p.answers, surname: p.surname, given: p.given, number: p.number,
		birth: p.birth, born: p.born, state: p.state}
}
