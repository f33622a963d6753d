// Package watch is the watchlist engine, one and the same at hub and post: an immutable list
// that is asked who a traveller could be, and answers with entries, a probability and
// reasons. It is pure: no clock, no I/O, no state but the list.
package watch

// Query is what is known of a traveller. Any field may be empty but the name, or a document.
type Query struct {
	// Surname and GivenNames as the document or an officer gives them: as a machine readable
	// zone prints them (A to Z, cut at 39, 31 or 30 characters) or in any script.
	Surname    string
	GivenNames string
	// Alternatives are further spellings of the whole name: the visual zone, the chip's DG11.
	Alternatives []Name
	// Truncated says that the zone's name field is full: last tokens may be cut, names missing.
	Truncated bool

	BirthDate   string // EDTF; "" if not known
	Sex         string // M, F; anything else is no evidence
	Nationality string // Doc 9303-3 code; XXX and "" are no evidence

	Documents []QueryDocument

	Direction string // border.Entry or border.Exit; "": entries for both and either count
	Day       string // ISO 8601 calendar day at the post, for validity; "": validity is not looked at
}

// QueryDocument is a document that the traveller holds.
type QueryDocument struct {
	Issuer, Type, Number string
	// DigitWrong says that the number's check digit does not fit: look-alikes that make it fit
	// are asked for too.
	DigitWrong bool
	// CheckDigit is the printed digit, '0' to '9' or '<'; 0 if there is none.
	CheckDigit byte
}

// Basis says what a hit rests on.
type Basis uint8

// The bases.
const (
	ByName     Basis = iota // name, with what else agrees
	ByDocument              // a document of the entry
)

// Hit is an entry that the traveller could be. Score is the calibrated probability that the
// traveller is the listed person, 0 to 1; it is comparable between queries, with and without
// a date of birth.
type Hit struct {
	Entry    Key
	Score    float64
	Basis    Basis
	Handling Handling
	Applies  Applies // of the entry; with Query.Direction empty the caller looks at it
	Name     int     // index of the entry's name that fits best, -1 for a document alone
	Repaired bool    // the document fits only with look-alike characters put right
}

// MaxHits bounds the hits of one check.
const MaxHits = 32

// Explanation says of one hit, field by field, what speaks for and against it.
type Explanation struct {
	Hit    Hit
	Prior  float64 // log-odds, natural, before any field
	Fields []Evidence
}

// Evidence is what one field says. Weight is a natural log-likelihood ratio: above 0 it
// speaks for the listed person, below 0 against.
type Evidence struct {
	Field  string  `json:"field"`  // name, birth_date, sex, nationality, document
	Level  string  `json:"level"`  // how it compares: exact, spelling, part_missing, swapped_day_month, year_only, ... (append-only)
	Weight float64 `json:"weight"` // natural logarithm
	Asked  string  `json:"asked"`  // what the traveller has
	Listed string  `json:"listed"` // what the entry has
}
