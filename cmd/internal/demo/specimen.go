// Package demo runs hub and station as real processes on a data folder, with simulated
// readers and invented travellers: for trying Garita out, and for proving that nothing is
// lost or doubled on the way from the reader to the national register.
package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Specimen is a document of an invented traveller of Utopia (Doc 9303's fictitious state).
type Specimen struct {
	Label string // what it is, in plain words
	Note  string // what is special about it
	Lines []string

	surname, given, number, birth string // birth: YYMMDD
	listed                        string // how the sample list names it: number, name or ""
}

// person is what a document is made from.
type person struct {
	surname, given string
	number         string // 9 characters
	birth, expiry  string // YYMMDD
	sex            string // M, F or <
}

// passport prints a TD3 (Doc 9303-4).
func (p person) passport() []string {
	names := pad("P<UTO"+filled(p.surname)+"<<"+filled(p.given), 44)
	data := p.number + digit(p.number) + "UTO" + p.birth + digit(p.birth) + p.sex + p.expiry + digit(p.expiry) + strings.Repeat("<", 14) + "<"
	composite := data[0:10] + data[13:20] + data[21:43]
	return []string{names, data + digit(composite)}
}

// card prints a TD1 (Doc 9303-5).
func (p person) card() []string {
	one := pad("I<UTO"+p.number+digit(p.number), 30)
	two := pad(p.birth+digit(p.birth)+p.sex+p.expiry+digit(p.expiry)+"UTO", 29)
	composite := one[5:30] + two[0:7] + two[8:15] + two[18:29]
	return []string{one, two + digit(composite), pad(filled(p.surname)+"<<"+filled(p.given), 30)}
}

// visa prints an MRV-A (Doc 9303-7).
func (p person) visa() []string {
	return []string{pad("V<UTO"+filled(p.surname)+"<<"+filled(p.given), 44),
		pad(p.number+digit(p.number)+"UTO"+p.birth+digit(p.birth)+p.sex+p.expiry+digit(p.expiry), 44)}
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

var syllables = strings.Fields("BA DO FER GIN HAL JOR KEM LU MAR NEV ORT PIL QUE RAS SOL TIR UMB VEX WIN YOR ZAN BRI CLO DRA EST FLO GRU")

// people makes invented people from a seed: names of random syllables, never twice.
type people struct {
	rng   *rand.Rand
	seen  map[string]bool
	today time.Time
}

func newPeople(seed uint64, today time.Time) *people {
	return &people{rng: rand.New(rand.NewPCG(seed, 0x6761726974610001)), seen: make(map[string]bool), today: today}
}

func (f *people) word(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(syllables[f.rng.IntN(len(syllables))])
	}
	return b.String()
}

func (f *people) next() person {
	for {
		p := person{surname: f.word(3 + f.rng.IntN(2)), given: f.word(2) + " " + f.word(2+f.rng.IntN(2)),
			number: fmt.Sprintf("U%c%07d", 'A'+f.rng.IntN(26), f.rng.IntN(10_000_000)),
			birth:  f.today.AddDate(-18-f.rng.IntN(60), -f.rng.IntN(12), -f.rng.IntN(28)).Format("060102"),
			expiry: f.today.AddDate(1+f.rng.IntN(8), f.rng.IntN(12), 0).Format("060102"),
			sex:    []string{"M", "F", "F", "M", "<"}[f.rng.IntN(5)]}
		if !f.seen[p.surname] && !f.seen[p.number] {
			f.seen[p.surname], f.seen[p.number] = true, true
			return p
		}
	}
}

func (p person) specimen(label, note string, lines []string) Specimen {
	return Specimen{Label: label, Note: note, Lines: lines, surname: p.surname, given: p.given, number: p.number, birth: p.birth}
}

// Shelf returns the specimens that the counter page offers.
func Shelf(seed uint64, today time.Time) []Specimen {
	f := newPeople(seed, today)
	var s []Specimen
	add := func(label, note string, make func(*person) []string) *Specimen {
		p := f.next()
		lines := make(&p)
		s = append(s, p.specimen(label, note, lines))
		return &s[len(s)-1]
	}
	plain := func(p *person) []string { return p.passport() }
	add("Passport of Utopia", "in order", plain)
	add("Identity card of Utopia", "in order, three lines", func(p *person) []string { return p.card() })
	add("Visa of Utopia", "in order", func(p *person) []string { return p.visa() })
	add("Passport of Utopia", "expired last year", func(p *person) []string {
		p.expiry = today.AddDate(-1, 0, 0).Format("060102")
		return p.passport()
	})
	add("Passport of Utopia", "a check digit is wrong", func(p *person) []string { return spoil(p.passport()) })
	add("Passport of Utopia", "its number is on the sample list", plain).listed = "number"
	add("Passport of Utopia", "the name is on the sample list", plain).listed = "name"
	add("Passport of Utopia", "birth date partly unknown", func(p *person) []string {
		p.birth = p.birth[:2] + "<<<<"
		return p.passport()
	})
	add("Passport of Utopia", "sex not stated", func(p *person) []string { p.sex = "<"; return p.passport() })
	add("Passport of Utopia", "in order", plain)
	return s
}

// Queue returns n travellers: most in order, some expired, some with a wrong digit, some
// on the sample list.
func Queue(n int, seed uint64, today time.Time) []Specimen {
	f := newPeople(seed+1, today)
	out := make([]Specimen, n)
	for i := range out {
		p := f.next()
		s := p.specimen("Passport of Utopia", "in order", nil)
		switch {
		case i%10 == 3:
			p.expiry = today.AddDate(0, -1-i%20, 0).Format("060102")
			s.Note = "expired"
			s.Lines = p.passport()
		case i%17 == 5:
			s.Note = "a check digit is wrong"
			s.Lines = spoil(p.passport())
		case i%25 == 7:
			s.listed = "number"
			s.Lines = p.passport()
		case i%40 == 9:
			s.listed = "name"
			s.Lines = p.passport()
		case i%6 == 1:
			s.Lines = p.card()
		default:
			s.Lines = p.passport()
		}
		out[i] = s
	}
	return out
}
