// Package table asks local lists about a document and a name. In this first form a list
// is a small table in memory with exact keys: document number, and normalised name with
// birth date. The engine proper takes its place behind the same questions.
package table

import (
	"time"

	"garita/border/icao"
)

// Handling says who may learn of a hit.
type Handling string

// The handling codes. A silent hit must not be told from no hit at the station.
const (
	Open   Handling = "open"
	Refer  Handling = "refer"
	Silent Handling = "silent"
)

// Entry is one listed person or document.
type Entry struct {
	ID             string // unique within its list
	Surname        string
	GivenNames     string
	BirthDate      string // EDTF, parts may be X; "" if unknown
	Nationality    string
	DocumentNumber string
	DocumentIssuer string
	Handling       Handling
}

// Hit is a possible match.
type Hit struct {
	Entry    string // "list/entry"
	Handling Handling
}

// List is a loaded list. It is immutable.
type List struct {
	Title   string // name of the list
	Version string
	Issued  time.Time
	MaxAge  time.Duration // beyond it a clear answer is stale; 0: never

	entries   []Entry
	documents map[document][]int
	names     map[string][]int
}

type document struct{ issuer, number string }

// Entries are the list's rows.
func (l *List) Entries() []Entry { return l.entries }

// Len returns the number of entries.
func (l *List) Len() int { return len(l.entries) }

// Document returns the entries with this document. An entry without an issuer matches
// the number of any issuer.
func (l *List) Document(issuer, number string) []Hit {
	n := plain(number)
	if n == "" {
		return nil
	}
	hits := l.append(nil, l.documents[document{"", n}])
	if i := plain(issuer); i != "" {
		hits = l.append(hits, l.documents[document{i, n}])
	}
	return hits
}

// Name returns the entries with this normalised name whose birth date does not contradict
// birth (EDTF; unknown parts contradict nothing).
func (l *List) Name(surname, given, birth string) []Hit {
	key := nameKey(surname, given)
	if key == "  " {
		return nil
	}
	var fit []int
	for _, i := range l.names[key] {
		if compatible(l.entries[i].BirthDate, birth) {
			fit = append(fit, i)
		}
	}
	return l.append(nil, fit)
}

func (l *List) append(hits []Hit, entries []int) []Hit {
	for _, i := range entries {
		hits = append(hits, Hit{Entry: l.Title + "/" + l.entries[i].ID, Handling: l.entries[i].Handling})
	}
	return hits
}

func (l *List) index() {
	l.documents = make(map[document][]int)
	l.names = make(map[string][]int)
	for i, e := range l.entries {
		if n := plain(e.DocumentNumber); n != "" {
			k := document{plain(e.DocumentIssuer), n}
			l.documents[k] = append(l.documents[k], i)
		}
		if k := nameKey(e.Surname, e.GivenNames); k != "  " {
			l.names[k] = append(l.names[k], i)
		}
	}
}

// nameKey joins the normalised names by two spaces, which neither part can hold.
func nameKey(surname, given string) string {
	return icao.NormaliseName(surname) + "  " + icao.NormaliseName(given)
}

// plain keeps A–Z and 0–9, in upper case.
func plain(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b = append(b, c)
		}
	}
	return string(b)
}

// compatible reports whether two EDTF dates can be the same day.
func compatible(a, b string) bool {
	if len(a) != len(b) {
		return a == "" || b == ""
	}
	for i := range len(a) {
		if a[i] != b[i] && a[i] != 'X' && b[i] != 'X' {
			return false
		}
	}
	return true
}
