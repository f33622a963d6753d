package watch

import (
	"time"

	"garita/border"
)

// Handling says who may learn of a hit.
type Handling string

// The handling codes. A silent hit must not be told from no hit at the station.
const (
	Open   Handling = "open"   // the officer sees the entry and why
	Refer  Handling = "refer"  // the officer sees "to secondary" and the instruction, not why
	Silent Handling = "silent" // only the hub learns
)

// Applies says for which direction of travel an entry counts.
type Applies string

// The directions. The zero value is both.
const (
	AppliesBoth  Applies = ""
	AppliesEntry Applies = "entry" // a re-entry ban
	AppliesExit  Applies = "exit"  // a court's no-exit order, a child alert
)

// Distribution says where an entry may be held.
type Distribution string

// The distributions. The zero value is posts.
const (
	ToPosts Distribution = ""
	HubOnly Distribution = "hub"
)

// Quality says how far a name identifies its bearer (the UN list's Good and Low, OFAC's weak
// aliases).
type Quality string

// The qualities of a name.
const (
	Primary Quality = "primary" // the name of the entry
	Good    Quality = "good"
	Low     Quality = "low" // a nickname, a nom de guerre, an uncertain spelling: supports, hardly identifies
)

// Name is one name of an entry, as the source writes it (UTF-8, any script). Where the source
// does not tell surname from given names, all of it is in Full and the others are empty.
type Name struct {
	Surname    string  `json:"surname,omitempty"`
	GivenNames string  `json:"given_names,omitempty"`
	Full       string  `json:"full,omitempty"`
	Quality    Quality `json:"quality,omitempty"` // "": good
}

// Document is a travel or identity document of a listed person.
type Document struct {
	Issuer string `json:"issuer,omitempty"` // Doc 9303-3 section 5 code; "" if not known
	Type   string `json:"type,omitempty"`   // P passport, V visa, I identity card, "" if not known
	Number string `json:"number"`
}

// Entry is one listed person, neutral of the source's format. Source and ID together name it.
//
// Dates of birth are EDTF (ISO 8601-2): 1970-03-12, 1970-03-XX, 1970-XX-XX, 1970-XX-XX~ (circa),
// and the interval 1960/1962. Validity days are calendar days of the post, ISO 8601.
type Entry struct {
	Source string `json:"source"` // name of the source: un, ofac, national
	ID     string `json:"id"`     // unique in its source: DATAID, ent_num

	Names         []Name     `json:"names,omitempty"` // the primary first
	BirthDates    []string   `json:"birth_dates,omitempty"`
	Sex           string     `json:"sex,omitempty"`           // M, F, X; "" if not known
	Nationalities []string   `json:"nationalities,omitempty"` // Doc 9303-3 codes
	BirthPlaces   []string   `json:"birth_places,omitempty"`  // countries, Doc 9303-3 codes
	Residences    []string   `json:"residences,omitempty"`    // countries, Doc 9303-3 codes
	Documents     []Document `json:"documents,omitempty"`
	Photo         string     `json:"photo,omitempty"` // reference, never an image

	Handling     Handling     `json:"handling"`
	Applies      Applies      `json:"applies_to,omitempty"`
	Distribution Distribution `json:"distribution,omitempty"`
	HighRisk     bool         `json:"high_risk,omitempty"` // "not this person" needs a second person
	Urgent       bool         `json:"urgent,omitempty"`    // each post acknowledges it, and is chased

	// Action is what is asked of the officer: refer, refuse, detain, hand_over, inform.
	Action string `json:"action,omitempty"`
	// Instruction is the plain instruction by language: es, en, fr, ht.
	Instruction map[string]string `json:"instruction,omitempty"`
	LegalBasis  string            `json:"legal_basis,omitempty"`
	Purpose     string            `json:"purpose,omitempty"`
	Owner       string            `json:"owner,omitempty"` // whom to contact
	ValidFrom   string            `json:"valid_from,omitempty"`
	Expires     string            `json:"expires,omitempty"` // last day on which it holds
	Updated     string            `json:"updated,omitempty"` // by the source
}

// Key names an entry within a list.
type Key struct{ Source, ID string }

// Key names the entry.
func (e *Entry) Key() Key { return Key{e.Source, e.ID} }

// String gives "source/id", as crossings and cases name it.
func (k Key) String() string { return k.Source + "/" + k.ID }

// NonMatch is the memory of a case closed as "not this person": the holder of this document
// does not hit that entry again until the entry's identifying fields change.
type NonMatch struct {
	Document border.BlindIndex `json:"document"`
	Source   string            `json:"source"`
	ID       string            `json:"id"`
	Fields   Fingerprint       `json:"fields"` // of the entry when it was judged
}

// Fingerprint is a digest of an entry's identifying fields: names, birth dates, sex,
// nationalities and documents. Anything else may change without it.
type Fingerprint [8]byte

// Source says of one source of a list what posts and screens must know of it.
type Source struct {
	Name    string        `json:"name"`
	Version string        `json:"version"` // as the source or the import names it
	Issued  time.Time     `json:"issued"`
	MaxAge  time.Duration `json:"max_age,omitempty"` // beyond it a clear answer is stale; 0: never
	Entries int           `json:"entries"`
}

// Change is one step from a version of a list to the next: exactly one field is set.
type Change struct {
	Put      *Entry    `json:"put,omitempty"`      // add or replace
	Remove   *Key      `json:"remove,omitempty"`   // of an entry that is there
	Remember *NonMatch `json:"remember,omitempty"` // add
	Forget   *NonMatch `json:"forget,omitempty"`   // of one that is there
	Describe *Source   `json:"describe,omitempty"` // add or replace a source's description
}
