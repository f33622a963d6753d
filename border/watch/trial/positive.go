package trial

import (
	"cmp"
	"math"
	"slices"

	"garita/border/watch"
)

// The strata of listed persons.
const (
	Plain     = "plain"
	Swapped   = "swapped"
	Truncated = "truncated"
	OCR       = "ocr"
	Sanity    = "sanity" // a name that is still on the list, as it is
)

// shares of the strata in the development set, but for plain, which takes the rest.
var shares = map[string]float64{Swapped: 0.127, Truncated: 0.095, OCR: 0.125, Sanity: 0.06}

// positives asks for n of the persons.
func (m *maker) positives(persons []*person, n int) {
	left := make(map[string]int)
	rest := min(n, len(persons))
	for s, share := range shares {
		left[s] = int(math.Round(share * float64(min(n, len(persons)))))
		rest -= left[s]
	}
	left[Plain] = rest
	var others []*person
	for _, p := range persons {
		if n > 0 && m.positive(p, left) {
			n--
		} else {
			others = append(others, p)
		}
	}
	for _, p := range others { // for strata that too few names were fit for
		if left = map[string]int{Plain: n}; n > 0 && m.positive(p, left) {
			n--
		}
	}
}

// positive asks for one person in one of the strata of which some are left.
func (m *maker) positive(p *person, left map[string]int) bool {
	a := pick(m.r, p.aliases)
	name := a.name
	var stratum, form string
	size := name.length()
	switch {
	case size > td1 && left[Truncated] > 0:
		stratum = Truncated
		name, form = m.truncate(name)
	case size > td3:
		return false
	default:
		order := []string{Plain, Swapped, OCR, Sanity}
		counts := make([]float64, len(order))
		for i, s := range order {
			counts[i] = float64(left[s])
		}
		if slices.Max(counts) == 0 {
			return false
		}
		stratum = order[weigh(m.r, counts...)]
		switched, ok := swap(m.r, name)
		switch {
		case stratum == Swapped && !ok:
			return false
		case stratum == Swapped:
			name = switched
		case stratum == OCR:
			name = misread(m.r, name)
			if switched, ok := swap(m.r, name); ok && m.chance(0.15) {
				name = switched
			}
		}
		form = m.form(name)
	}
	left[stratum]--
	if stratum != Sanity {
		m.holdOut(p, a.key)
	}
	m.ask(p, a, name, stratum, form)
	return true
}

// truncate cuts a long name, or shortens its given names to initials.
func (m *maker) truncate(n zoneName) (zoneName, string) {
	form, size := "TD1", td1
	if n.length() > td3 && m.chance(0.8) {
		form, size = "TD3", td3
	}
	if short, ok := n.initials(size); ok && m.chance(0.12) {
		return short, form
	}
	return n.cut(size), form
}

// form chooses a document that the name fits.
func (m *maker) form(n zoneName) string {
	switch weigh(m.r, 0.67, 0.23, 0.1) {
	case 1:
		if n.length() <= td1 {
			return "TD1"
		}
	case 2:
		return "manual"
	}
	return "TD3"
}

// ask puts the question about a person.
func (m *maker) ask(p *person, a alias, name zoneName, stratum, form string) {
	var listed [][]string
	var dates, sexes, states []string
	t := Truth{Stratum: stratum, Name: a.raw}
	for _, i := range p.entries {
		e := m.s.Entries[i]
		t.Expect = append(t.Expect, Expected{Source: e.Source, Entry: e.ID})
		dates = append(dates, e.BirthDates...)
		if e.Sex == "M" || e.Sex == "F" {
			sexes = append(sexes, e.Sex)
		}
		states = append(states, e.Nationalities...)
		for _, n := range e.Names {
			if words := fold(n).words(); len(words) > 0 {
				listed = append(listed, words)
			}
		}
	}
	if len(states) == 0 {
		for _, i := range p.entries {
			states = append(states, m.s.Entries[i].BirthPlaces...)
		}
	}
	if first := m.s.Entries[p.entries[0]]; len(first.Names) > 0 {
		t.Primary = raw(first.Names[0])
	}
	birth, label := m.birth(dates, stratum != Sanity)
	t.Labels = map[string]string{"dob": label, "form": form, "variation": variation(a.name.words(), listed), "origin": origin(states)}
	if origin(states) == "spanish" && len(set(a.name.surname)) > 1 {
		t.Labels["double_surname"] = "yes"
	}
	b := bearer{birth: birth, sex: pick(m.r, cmpOr(sexes, []string{"M", "F"})), nationality: m.nationality(states)}
	m.add(m.question(b, name, form), t)
}

// cmpOr is the first that is not empty.
func cmpOr(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}

// nationality is a listed one, or any.
func (m *maker) nationality(listed []string) string {
	if len(listed) > 0 && m.chance(0.97) {
		return pick(m.r, listed)
	}
	return pick(m.r, pick(m.r, m.world).states)
}

// question writes down what a traveller shows.
func (m *maker) question(b bearer, n zoneName, form string) Question {
	q := Question{Surname: n.surname, GivenNames: n.given, BirthDate: b.birth, Sex: b.sex, Nationality: b.nationality}
	switch {
	case q.Surname == "":
		q.Surname, q.GivenNames = n.given, ""
	case form == "manual" && m.chance(0.38):
		q.Sex, q.Nationality = "", ""
	}
	if form == "manual" {
		return q
	}
	issuer := b.nationality
	if m.chance(0.05) {
		issuer = pick(m.r, pick(m.r, m.world).states)
	}
	kind := "P"
	if form == "TD1" {
		kind = "I"
	}
	b.document = Document{Issuer: issuer, Type: kind, Number: m.number()}
	b.expires = m.date(2027, 2034)
	q.Document = &b.document
	q.MRZ = b.lines(form, zoneName{q.Surname, q.GivenNames})
	return q
}

// number invents a document number.
func (m *maker) number() string {
	letters, digits := 0, 9
	switch weigh(m.r, 0.5, 0.185, 0.175, 0.14) {
	case 1:
		letters, digits = 1, 8
	case 2:
		letters, digits = 1, 7
	case 3:
		letters, digits = 2, 7
	}
	var s []byte
	for range letters {
		s = append(s, byte('A'+m.r.IntN(26)))
	}
	for range digits {
		s = append(s, byte('0'+m.r.IntN(10)))
	}
	return string(s)
}

func (m *maker) add(q Question, t Truth) {
	m.s.Questions = append(m.s.Questions, q)
	m.s.Truth = append(m.s.Truth, t)
}

// lookup is what negatives are recombined from.
type lookup struct {
	names   map[string]bool       // all listed names, without order
	having  map[string][][]string // the listed names that have a word
	bearers []listedName
	regions map[string][]listedName
	order   []string // of the regions, sorted
}

type listedName struct {
	zoneName
	states []string
}

func newLookup(entries []*watch.Entry) *lookup {
	l := &lookup{names: make(map[string]bool), having: make(map[string][][]string), regions: make(map[string][]listedName)}
	for _, e := range entries {
		for i, n := range e.Names {
			f := fold(n)
			words := f.words()
			l.names[key(words)] = true
			for _, w := range words {
				l.having[w] = append(l.having[w], words)
			}
			if i > 0 || f.surname == "" || f.given == "" || n.Full != "" {
				continue // primary names that tell surname from given names
			}
			states := cmpOr(e.Nationalities, e.BirthPlaces)
			b := listedName{f, states}
			l.bearers = append(l.bearers, b)
			o := origin(states)
			l.regions[o] = append(l.regions[o], b)
		}
	}
	for o := range l.regions {
		l.order = append(l.order, o)
	}
	slices.SortFunc(l.order, func(a, b string) int { return cmp.Compare(a, b) })
	return l
}

// within reports whether all words are those of one listed name.
func (l *lookup) within(words []string) bool {
	return slices.ContainsFunc(l.having[words[0]], func(listed []string) bool { return len(without(words, listed)) == 0 })
}
