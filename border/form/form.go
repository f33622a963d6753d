// Package form holds what is recorded of a crossing besides the document: the fields, their
// codes, and when each is asked. All of it is data in one TOML file, so that a country
// adapts it without Go. The file itself, form.toml, explains how it is written. The room is
// pure: no clock, no I/O, no state.
package form

import (
	_ "embed"
	"fmt"
	"slices"

	"garita/border"
)

//go:embed form.toml
var defaultForm []byte

// Kind is what a field holds, and so how it is checked.
type Kind string

// The kinds of fields.
const (
	KindCode    Kind = "code"    // one of the field's codes
	KindCountry Kind = "country" // Doc 9303-3 section 5, or one of the form's own codes
	KindText    Kind = "text"    // one line, trimmed, at most Max characters
	KindNumber  Kind = "number"  // a whole number from Min to Max
	KindDate    Kind = "date"    // a calendar day, "2026-11-22"
	KindEDTF    Kind = "edtf"    // a calendar day with X for unknown digits, "1974-XX-XX" (ISO 8601-2)
	KindYesNo   Kind = "yesno"   // "yes" or "no"
)

// Facts are what is known of a person before the form is filled in; they decide what is
// asked. The zero value of a field is "not known".
type Facts struct {
	Direction   string // entry or exit
	Category    string // a code of the list categories; "": the form guesses, see [Form.Category]
	Nationality string // Doc 9303-3 section 5
	Age         int    // full years; -1 if unknown, for example because the clock is not believed
	Post        border.PostID
	Identity    string // read, keyed or declared
	Role        string // in the conveyance: driver, passenger or crew
	Group       string // a code of the list group_kinds; "": crosses alone
	// Responsible says that it is settled who answers for this minor: an adult is linked, or
	// the child is alone, which is recorded in the protection part and never in a form.
	Responsible bool
}

// Code is one choice of a list.
type Code struct {
	Code  string `toml:"code" json:"code"`
	Label string `toml:"label" json:"label"`
	Key   string `toml:"key" json:"key"` // one character of a–z and 0–9 typed to choose it; "" if none
}

// Field is a field that applies, as a screen shows it.
type Field struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Hint     string `json:"hint"`
	Kind     Kind   `json:"kind"`
	Codes    []Code `json:"codes,omitempty"` // of a code field
	Required bool   `json:"required"`
	Carry    bool   `json:"carry"`   // may be taken from the person's last crossing
	Default  string `json:"default"` // proposed; recorded only if it is sent back
	Min      int    `json:"min"`     // of a number
	Max      int    `json:"max"`     // of a number; of a text, in characters
}

// DocumentKind is a kind of document that an encounter may rest on.
type DocumentKind struct {
	Code  string `toml:"code"`
	Label string `toml:"label"`
	Key   string `toml:"key"` // as in [Code]
	MRZ   bool   `toml:"mrz"` // it usually has a machine readable zone
	// Identity is the basis when its particulars are typed: keyed, or declared for papers
	// that only hold the person's word.
	Identity string `toml:"identity"`
}

// Form is a form in force. It is immutable; what its methods return is shared and must not
// be changed.
type Form struct {
	version    string
	country    string
	minorAge   int
	supervisor bool

	countries map[string]bool     // codes beyond Doc 9303
	aliases   map[string]string   // other codes of a country, to the one that is recorded
	groups    map[string][]string // named lists of countries, for conditions
	lists     map[string][]Code
	documents []DocumentKind
	never     []string // categories that are not refused entry
	lasting   []string // categories that a person keeps
	guesses   []guess
	days      []grant
	fields    []field
	words     map[string]map[string]string // by language and by the word as it stands in the form
}

// guess is a row of the table that guesses the category.
type guess struct {
	when rule
	is   string
}

// grant is a row of the table of days.
type grant struct {
	when  rule
	days  int
	basis string
}

// Default returns the form of Utopia that ships with the program.
func Default() *Form {
	f, err := Parse(defaultForm)
	if err != nil {
		panic(fmt.Sprintf("the embedded form is broken: %v", err)) // a test reads it: cannot happen
	}
	return f
}

// Version names the form for Header.Form: "UTO 1 1f2e3d4c", its country, its number and the
// first digits of the SHA-256 of the file. At most 17 bytes.
func (f *Form) Version() string { return f.version }

// Country is the code of the own country.
func (f *Form) Country() string { return f.country }

// Category returns the category of facts, or the form's guess if they name none that the
// form knows.
func (f *Form) Category(facts Facts) string {
	if f.has("categories", facts.Category) {
		return facts.Category
	}
	return f.guess(f.facts(facts))
}

func (f *Form) guess(s setting) string {
	for _, g := range f.guesses {
		if g.when.holds(s) {
			return g.is
		}
	}
	return "" // the last row has no condition: cannot happen
}

// Days proposes how many calendar days are granted, the day of entry included, and on which
// legal basis: the first row of the form's table that fits. 0 days: none are proposed.
func (f *Form) Days(facts Facts, purpose string) (days int, basis string) {
	s := f.facts(facts)
	s.values["purpose"] = purpose
	return f.grant(s)
}

func (f *Form) grant(s setting) (days int, basis string) {
	for _, g := range f.days {
		if g.when.holds(s) {
			return g.days, g.basis
		}
	}
	return 0, ""
}

// Refusable reports whether a person may be refused entry: not the own nationals, nor the
// categories that the form names.
func (f *Form) Refusable(facts Facts) bool {
	return f.canonical(facts.Nationality) != f.country && !slices.Contains(f.never, f.Category(facts))
}

// Lasts reports whether a category stays with a person from one journey to the next, as that
// of a border worker does and that of somebody in transit does not.
func (f *Form) Lasts(category string) bool { return slices.Contains(f.lasting, category) }

// SupervisorRefuses reports whether a refusal needs a supervisor.
func (f *Form) SupervisorRefuses() bool { return f.supervisor }

// Minor reports whether somebody of this age, in full years, is a minor; false for -1.
func (f *Form) Minor(age int) bool { return age >= 0 && age < f.minorAge }

// Grounds lists the grounds of an outcome that must give one: refused and
// departure_prevented. nil for the others.
func (f *Form) Grounds(o border.Outcome) []Code {
	switch o {
	case border.Refused, border.DeparturePrevented:
		return f.lists[string(o)]
	default:
		return nil
	}
}

// Codes returns a named list of the form, nil if there is none. Every form has the lists
// recipients, referral_reasons, abandon_reasons, correction_reasons, extension_reasons,
// group_kinds, relations, permission_papers and needs, beside those of its fields; one that asks
// for fingerprints also has FingerReasons, FingerNotTaken and Degraded.
func (f *Form) Codes(list string) []Code { return f.lists[list] }

// DocumentKinds lists the kinds of documents in the order of the screen.
func (f *Form) DocumentKinds() []DocumentKind { return f.documents }

// Kind returns a kind of document by its code.
func (f *Form) Kind(code string) (DocumentKind, bool) {
	i := slices.IndexFunc(f.documents, func(d DocumentKind) bool { return d.Code == code })
	if i < 0 {
		return DocumentKind{}, false
	}
	return f.documents[i], true
}

// has reports whether a list has a code.
func (f *Form) has(list, code string) bool {
	return slices.ContainsFunc(f.lists[list], func(c Code) bool { return c.Code == code })
}
