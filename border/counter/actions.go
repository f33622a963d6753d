package counter

import (
	"garita/border"
)

// At says where something is done and by whom.
type At struct {
	Counter border.CounterID
	Officer string // badge
}

// Particulars are what an officer keys of a document without a machine readable zone, or of
// a person who has none. Every field may be empty but for what the station insists on: a
// keyed document has a kind of the form's list.
type Particulars struct {
	Kind           string // of the form's list; "" for a declared person
	DocumentNumber string // at most 40 characters
	IssuingState   string // Doc 9303-3 section 5 code, or one of the form
	Surname        string // at most 100 characters, as written in the document
	GivenNames     string
	Nationality    string // Doc 9303-3 section 5 code, or one of the form
	BirthDate      string // EDTF: 1974-08-12, 1974-08-XX, 1974-XX-XX; "" unknown
	Sex            string // M, F, X or ""
	ExpiryDate     string // EDTF; "" none
}

// Opening opens an encounter without a scan.
type Opening struct {
	At
	Particulars Particulars
	// Identity is border.IdentityKeyed for a document, border.IdentityDeclared for none.
	Identity string
	// Paper is the sheet of a crossing that happened while nothing worked; nil for one that
	// happens now. Direction is then that of the sheet.
	Paper     *Paper
	Direction string
}

// Decision is what an officer decided about an open encounter.
type Decision struct {
	Counter   border.CounterID
	Encounter border.ID
	Revision  uint64 // of the verdict that was painted
	Outcome   border.Outcome
	Ground    string // coded ground, required for refused and departure_prevented
	Note      string // at most 500 bytes; sealed
	Officer   string // badge
	// Values are answers of the form that were on the screen; they join what was saved before.
	Values map[string]string
	// Agreement is needed to refuse, of a supervisor unless the officer is one, and to let somebody
	// pass in spite of a hit, of a second person one of whom is a supervisor.
	Agreement
	// HandedTo, of the form's list, and Receipt, at most 100 bytes, are required for handed_over.
	HandedTo, Receipt string
	// Continues is the entry, on another document, whose stay this exit ends; one of the
	// history's SamePerson.
	Continues *border.ID
	// StatedDate is the day that the officer entered while the clock cannot be trusted,
	// "2026-11-22"; "" if none. It decides nothing and is recorded beside the clock's time.
	StatedDate string
}

// Referral puts the open encounter on the post's list.
type Referral struct {
	At
	Encounter border.ID
	Reason    string // of the form's list
	Note      string // at most 500 bytes; sealed
}

// Correction says how a recorded crossing should have been recorded.
type Correction struct {
	At
	Change   border.ID // made by the caller: sent again, it is recorded once
	Crossing border.ID
	Reason   string // of the form's list
	Note     string // at most 500 bytes; sealed
	// Agreement of another officer is needed for a crossing of somebody else or of more than ten
	// minutes ago.
	Agreement

	// What changes; "" and nil leave it as it is. Withdrawn makes it no movement.
	Outcome     border.Outcome
	Ground      string
	Direction   string
	Particulars *Particulars
	Values      map[string]string // answers of the form; "" takes one away
	Continues   *border.ID
}

// Lifting lifts the notes of a need for protection.
type Lifting struct {
	At
	Encounter border.ID
	Reason    string // at most 500 bytes; sealed
	Agreement        // of a supervisor
}

// Extension grants more days to somebody who is inside.
type Extension struct {
	At
	Change   border.ID // made by the caller: sent again, it is recorded once
	Crossing border.ID // the entry; it may have been recorded at another post
	Until    string    // last calendar day, "2026-12-31"
	Reason   string    // of the form's list
	Note     string    // at most 500 bytes; sealed
}
