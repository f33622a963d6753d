// Package manifest reads a list of passengers or crew from CSV and finds the person of a
// document on it. The room is pure: no clock, no I/O of its own, no state.
package manifest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"garita/border/icao"
)

// Person is a listed person. What the list does not say is "".
type Person struct {
	Surname        string
	GivenNames     string
	BirthDate      string // EDTF (ISO 8601-2), parts may be X
	Sex            string // M, F or X
	Nationality    string // Doc 9303-3 section 5
	DocumentNumber string
	DocumentIssuer string // Doc 9303-3 section 5
	DocumentKind   string // a code, see border/form
	Role           string // driver, passenger or crew
	Seat           string
}

// List is a list as it was read, in its order. It is immutable.
type List struct {
	People []Person
}

// Document is what a person is looked for by: what was read or typed of a document.
type Document struct {
	IssuingState string
	Number       string
	Surname      string
	GivenNames   string
	BirthDate    string // EDTF; "" if unknown
}

// How says how a person was found on a list.
type How string

// The ways. A wrong match harms two people: in doubt nobody is found, and an officer looks.
const (
	ByDocument How = "by_document" // the same issuer and number
	ByName     How = "by_name"     // the same name, and a birth date that does not contradict
	Ambiguous  How = "ambiguous"   // several fit, or the one with the document is another by name and birth date
	None       How = "none"
)

// Match finds the person of a document: by issuer and number; if nobody has these, by name.
// Nobody is found by name against a birth date that contradicts, or against another
// document unless both birth dates are known in full. The index is -1 unless exactly one
// person fits. The order of the list does not matter. It takes about 1 µs for each person.
func (l *List) Match(d Document) (index int, how How) {
	who := newLooked(d)
	if who.number != "" && who.issuer != "" {
		switch i, n := l.only(who.hasDocument); {
		case n > 1, n == 1 && who.isAnother(&l.People[i]):
			return -1, Ambiguous
		case n == 1:
			return i, ByDocument
		}
	}
	switch i, n := l.only(who.hasName); {
	case n > 1:
		return -1, Ambiguous
	case n == 1:
		return i, ByName
	}
	return -1, None
}

// only returns the last person who fits, and how many do.
func (l *List) only(fits func(*Person) bool) (index, n int) {
	index = -1
	for i := range l.People {
		if fits(&l.People[i]) {
			index = i
			n++
		}
	}
	return index, n
}

// looked is a document made ready for comparing.
type looked struct {
	issuer, number, birth string
	name                  name
}

func newLooked(d Document) looked {
	return looked{state(d.IssuingState), plain(d.Number), d.BirthDate, newName(d.Surname, d.GivenNames)}
}

func (w looked) hasDocument(p *Person) bool {
	return plain(p.DocumentNumber) == w.number && state(p.DocumentIssuer) == w.issuer
}

// isAnother reports that name and birth date both speak against a person: the number was
// mistyped on the list, or the document is in wrong hands.
func (w looked) isAnother(p *Person) bool {
	return !compatible(p.BirthDate, w.birth) && !newName(p.Surname, p.GivenNames).same(w.name)
}

func (w looked) hasName(p *Person) bool {
	if !compatible(p.BirthDate, w.birth) || !newName(p.Surname, p.GivenNames).same(w.name) {
		return false
	}
	number, issuer := plain(p.DocumentNumber), state(p.DocumentIssuer)
	other := number != "" && w.number != "" && number != w.number || issuer != "" && w.issuer != "" && issuer != w.issuer
	return !other || full(p.BirthDate) && full(w.birth)
}

// name is a normalised name.
type name struct{ surname, given string }

// newName is the zero name if letters would be lost: what is left may be another's name.
func newName(surname, given string) name {
	if strings.ContainsFunc(surname+given, lost) {
		return name{}
	}
	return name{icao.NormaliseName(surname), icao.NormaliseName(given)}
}

// same compares part by part. A name of which one side holds all in one part is compared
// as a whole; an empty one is nobody's.
func (a name) same(b name) bool {
	if a.whole() == "" || b.whole() == "" {
		return false
	}
	if a.surname == "" || a.given == "" || b.surname == "" || b.given == "" {
		return a.whole() == b.whole()
	}
	return a == b
}

// lost reports a letter that has no Latin form.
func lost(r rune) bool {
	return r >= utf8.RuneSelf && unicode.IsLetter(r) && icao.NormaliseName(string(r)) == ""
}

func (a name) whole() string { return strings.TrimSpace(a.surname + " " + a.given) }

// plain keeps A–Z and 0–9, in upper case.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

// state is a code as documents print it: lists write DEU where they have D.
func state(s string) string {
	if s = plain(s); s == "DEU" {
		return "D"
	}
	return s
}

// compatible reports whether two EDTF dates can be the same day; one that is not known can.
func compatible(a, b string) bool {
	if a == "" || b == "" {
		return true
	}
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && a[i] != 'X' && b[i] != 'X' {
			return false
		}
	}
	return true
}

// full reports whether a date is known to the day.
func full(date string) bool { return date != "" && !strings.Contains(date, "X") }
