package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"garita/border/watch"
)

// people makes invented persons. Only figures are taken from real lists: how many names an
// entry has, how many tokens a name, how many and how exact its dates are, and how often
// the sex, a nationality or a document is given.
type people struct {
	rng     *rand.Rand
	given   []*register
	surname []*register
}

func newPeople(rng *rand.Rand) *people {
	p := &people{rng: rng}
	for i := range cultures {
		c := &cultures[i]
		syllables := 2
		if len(c.codas) == 1 { // one-syllable names
			syllables = 1
		}
		p.given = append(p.given, newRegister(rng, c, c.given, givenKinds, syllables))
		p.surname = append(p.surname, newRegister(rng, c, c.surnames, surnameKinds, syllables))
	}
	return p
}

// person is somebody before any list or document has written of them.
type person struct {
	culture          int
	surname, given   []string
	year, month, day int
	sex              string
	state            string
}

func (p *people) person() person {
	x, k := p.rng.Float64(), 0
	for k < len(cultures)-1 && x >= cultures[k].share {
		x -= cultures[k].share
		k++
	}
	c := &cultures[k]
	h := person{culture: k, sex: "M", state: pick(p.rng, c.states), month: 1 + p.rng.IntN(12), day: 1 + p.rng.IntN(28)}
	h.year = min(2008, max(1925, int(1966+p.rng.NormFloat64()*13)))
	if p.rng.IntN(10) == 0 {
		h.sex = "F"
	}
	if len(c.particle) > 0 && p.rng.IntN(4) == 0 {
		h.surname = append(h.surname, pick(p.rng, c.particle))
	}
	for range 1 + p.rng.IntN(c.surname) {
		h.surname = append(h.surname, p.surname[k].draw(p.rng))
	}
	for range 1 + p.rng.IntN(c.names) {
		h.given = append(h.given, p.given[k].draw(p.rng))
	}
	return h
}

// alias is another way to write a person's name.
func (p *people) alias(h *person) watch.Name {
	s, g := slices.Clone(h.surname), slices.Clone(h.given)
	for range 1 + p.rng.IntN(3) {
		switch r := p.rng.IntN(10); {
		case r < 6: // another spelling
			t := s
			if p.rng.IntN(2) == 0 {
				t = g
			}
			i := p.rng.IntN(len(t))
			t[i] = respell(p.rng, t[i])
		case r < 7 && len(g) > 1:
			g = slices.Delete(g, 1, 2)
		case r < 8:
			g = append(g, p.given[h.culture].draw(p.rng))
		case r < 9 && len(s) > 1: // joined
			s = []string{strings.Join(s, "")}
		default:
			s[len(s)-1] = p.surname[h.culture].draw(p.rng) // another name altogether
		}
	}
	n := watch.Name{Surname: strings.Join(s, " "), GivenNames: strings.Join(g, " "), Quality: watch.Good}
	if p.rng.IntN(8) == 0 {
		n.Quality = watch.Low
	}
	return n
}

// entry is a person as a list has them.
func (p *people) entry(h *person, i int) *watch.Entry {
	e := &watch.Entry{Source: "synthetic", ID: fmt.Sprint(100_000 + i), Handling: watch.Refer, Action: "refer", LegalBasis: "invented programme " + fmt.Sprint(i%40)}
	e.Names = append(e.Names, watch.Name{Surname: strings.Join(h.surname, " "), GivenNames: strings.Join(h.given, " "), Quality: watch.Primary})
	for len(e.Names) < 24 && p.rng.Float64() < 0.657 { // 2.9 names on average
		e.Names = append(e.Names, p.alias(h))
	}
	exact := fmt.Sprintf("%04d-%02d-%02d", h.year, h.month, h.day)
	switch x := p.rng.Float64(); {
	case x < 0.04:
	case x < 0.20:
		e.BirthDates = []string{exact[:4] + "-XX-XX"}
	case x < 0.23:
		e.BirthDates = []string{exact[:7] + "-XX"}
	case x < 0.24:
		e.BirthDates = []string{fmt.Sprintf("%d/%d", h.year-1, h.year+2)}
	default:
		e.BirthDates = []string{exact}
	}
	for len(e.BirthDates) > 0 && p.rng.Float64() < 0.11 {
		e.BirthDates = append(e.BirthDates, fmt.Sprintf("%04d-%02d-%02d", h.year-2+p.rng.IntN(5), 1+p.rng.IntN(12), 1+p.rng.IntN(28)))
	}
	if p.rng.IntN(3) == 0 {
		e.Sex = h.sex
	}
	if p.rng.Float64() < 0.45 {
		e.Nationalities = []string{h.state}
	}
	if p.rng.IntN(3) == 0 {
		e.Documents = []watch.Document{{Issuer: h.state, Type: "P", Number: number(p.rng)}}
	}
	return e
}

// number invents a document number.
func number(rng *rand.Rand) string {
	return fmt.Sprintf("%c%08d", 'A'+rng.IntN(26), rng.IntN(100_000_000))
}

// traveller is a person as a machine readable zone has them: cut, and now and then in the
// wrong order, with a letter misread or a date that is a little wrong.
func (p *people) traveller(h *person) watch.Query {
	s, g := slices.Clone(h.surname), slices.Clone(h.given)
	y, m, d := h.year, h.month, h.day
	switch x := p.rng.Float64(); {
	case x < 0.12:
		s, g = g, s
	case x < 0.24:
		i := p.rng.IntN(len(s))
		s[i] = misread(p.rng, s[i])
	case x < 0.5:
		i := p.rng.IntN(len(g))
		g[i] = respell(p.rng, g[i])
	}
	switch x := p.rng.Float64(); {
	case x < 0.05 && d <= 12:
		m, d = d, m
	case x < 0.10:
		y++
	}
	q := watch.Query{Surname: strings.Join(s, " "), GivenNames: strings.Join(g, " "), Sex: h.sex, Nationality: h.state,
		BirthDate: fmt.Sprintf("%04d-%02d-%02d", y, m, d), Day: "2026-11-22", Direction: "entry"}
	const width = 39
	if len(q.Surname)+2+len(q.GivenNames) >= width {
		q.Truncated = true
		q.GivenNames = q.GivenNames[:max(1, min(len(q.GivenNames), width-2-len(q.Surname)))]
	}
	q.Documents = []watch.QueryDocument{{Issuer: h.state, Type: "P", Number: number(p.rng)}}
	if p.rng.IntN(20) == 0 { // nothing but a name was given
		q.BirthDate = ""
	}
	return q
}
