package border

import "time"

// Personal is the plaintext of the personal part of crossing.recorded.v1: all that
// identifies somebody. It exists in memory and under seal, nowhere else.
type Personal struct {
	DocumentCode   string   `json:"document_code,omitempty"`
	DocumentNumber string   `json:"document_number,omitempty"`
	IssuingState   string   `json:"issuing_state,omitempty"` // Doc 9303-3 section 5 code
	Surname        string   `json:"surname,omitempty"`
	GivenNames     string   `json:"given_names,omitempty"`
	Nationality    string   `json:"nationality,omitempty"`
	BirthDate      string   `json:"birth_date,omitempty"`  // EDTF (ISO 8601-2), parts may be X
	ExpiryDate     string   `json:"expiry_date,omitempty"` // EDTF
	Sex            string   `json:"sex,omitempty"`
	OptionalData   string   `json:"optional_data,omitempty"`
	Lines          []string `json:"lines,omitempty"`   // the MRZ as it was read
	Officer        string   `json:"officer,omitempty"` // badge number of who decided
	Note           string   `json:"note,omitempty"`    // free text of the officer, at most 500 bytes
	Hits           []string `json:"hits,omitempty"`    // ids of the list entries shown, "list/entry"

	DocumentKind string `json:"document_kind,omitempty"` // of the form's list; "" if only read
	// Documents are further documents of the same person.
	Documents []PersonalDocument `json:"documents,omitempty"`
	// Answers are the form's fields that the header does not hold, by their names.
	Answers map[string]string `json:"answers,omitempty"`
	// Responsible is the encounter of the adult who answers for this minor.
	Responsible *ID    `json:"responsible,omitempty"`
	HandedTo    string `json:"handed_to,omitempty"` // whom the person was handed over to, of the form's list
	Receipt     string `json:"receipt,omitempty"`   // who signed for it, and its number
	Reason      string `json:"reason,omitempty"`    // of a correction, a referral or an abandoned encounter
	Second      string `json:"second,omitempty"`    // badge of who countersigned: supervisor or second officer
	// Awaiting is why no second person could be reached, in words.
	Awaiting string `json:"awaiting,omitempty"`
	// NoShows are the listed people of a group who did not come.
	NoShows []PersonalDocument `json:"no_shows,omitempty"`
	// Attachments are the sealed files that belong to the record.
	Attachments []Attachment `json:"attachments,omitempty"`
	// FingersNotTaken are the fingers that were asked for in vain.
	FingersNotTaken []FingerNotTaken `json:"fingers_not_taken,omitempty"`
}

// The kinds of attachments.
const (
	KindFinger   = "finger"    // a finger image, a PNG of 8-bit grey
	KindPortrait = "portrait"  // the traveller's face as the counter's camera saw it, a JPEG; one at most
	KindDataPage = "data_page" // a picture of the document's data page, a JPEG; one at most
	KindPaper    = "paper"     // a supporting paper: a visa letter, a permission for a minor
)

// Attachment is a sealed file of a record: what it is, and how it is found and opened. It is
// bound to the encounter and to Kind, see border/seal.
type Attachment struct {
	Kind  string `json:"kind"`
	Hash  Digest `json:"hash"`  // SHA-256 of the sealed file, which is its name
	Bytes int    `json:"bytes"` // of the sealed file

	// Label says which paper it is, in the officer's words or as a code; Media is the media type of the
	// plaintext, "" for a finger; Pages counts those of a paper, 0: not counted.
	Label string `json:"label,omitempty"`
	Media string `json:"media,omitempty"`
	Pages int    `json:"pages,omitempty"`

	Position FingerPosition `json:"position,omitempty"`
	Width    int            `json:"width,omitempty"`  // pixels
	Height   int            `json:"height,omitempty"` // pixels
	DPI      int            `json:"dpi,omitempty"`
	Finq     int            `json:"finq,omitempty"` // quality, 0 to 100, see border/fingerprint; not NFIQ
	Scanner  string         `json:"scanner,omitempty"`
	Profile  string         `json:"profile,omitempty"`  // SHA-256 (hex) of the firmware profile
	Liveness string         `json:"liveness,omitempty"` // the sensor's own flag: live; attack, if it said so of any image of this finger; "" if it has none
	Attempts int            `json:"attempts,omitempty"` // images that were looked at; the best is kept
	Reason   string         `json:"reason,omitempty"`   // why the finger was asked for, of the form's list
	TakenAt  time.Time      `json:"taken_at,omitzero"`  // UTC
}

// FingerNotTaken is a finger that was asked for in vain. It is no fault of the person's and
// changes nothing else.
type FingerNotTaken struct {
	Position FingerPosition `json:"position"`
	// Code says why it cannot be taken, of the form's list; "" if the images were not good
	// enough and nobody said more.
	Code     string `json:"code,omitempty"`
	Reason   string `json:"reason"` // why it was asked for, of the form's list
	Attempts int    `json:"attempts,omitempty"`
	Liveness string `json:"liveness,omitempty"` // attack if the sensor said so of an image of it
}

// PersonalDocument is a further document, or a listed person with the document they were
// announced with.
type PersonalDocument struct {
	Kind           string   `json:"kind,omitempty"`
	DocumentCode   string   `json:"document_code,omitempty"`
	DocumentNumber string   `json:"document_number,omitempty"`
	IssuingState   string   `json:"issuing_state,omitempty"`
	Surname        string   `json:"surname,omitempty"`
	GivenNames     string   `json:"given_names,omitempty"`
	Nationality    string   `json:"nationality,omitempty"`
	BirthDate      string   `json:"birth_date,omitempty"` // EDTF
	ExpiryDate     string   `json:"expiry_date,omitempty"`
	Sex            string   `json:"sex,omitempty"`
	Lines          []string `json:"lines,omitempty"`
}

// Protection is the plaintext of the protection part: why somebody needs protection, and who
// took care of it. It is sealed under a key of its own and padded, is in no projection, and
// no enforcement role may ever read it.
type Protection struct {
	Needs []Need `json:"needs,omitempty"`
	// HandedTo and Receipt stand here, and not in Personal, when a need was open.
	HandedTo string `json:"handed_to,omitempty"`
	Receipt  string `json:"receipt,omitempty"`
}

// Need is one reason for protection.
type Need struct {
	Kind     string `json:"kind"`             // asks_protection, child_alone or needs_help
	Reason   string `json:"reason,omitempty"` // the officer's words
	By       string `json:"by"`               // badge
	LiftedBy string `json:"lifted_by,omitempty"`
	Lifted   string `json:"lifted,omitempty"` // why it was lifted
	// Awaiting is why no supervisor could be reached to agree.
	Awaiting string `json:"awaiting,omitempty"`
}

// The kinds of need.
const (
	AsksProtection = "asks_protection"
	ChildAlone     = "child_alone"
	NeedsHelp      = "needs_help"
)

// ProtectionStep is the step in bytes to which the plaintext of the protection part is
// padded, so that its length says little.
const ProtectionStep = 512

// HubOnly is the plaintext of the hub part: always present and of one size on the wire,
// so that a silent outcome cannot be told from none (design, rules 7 and 8).
type HubOnly struct {
	SilentHits []string `json:"silent_hits,omitempty"` // "list/entry"
	More       int      `json:"more,omitempty"`        // silent hits for which there was no room
}

// HubOnlySize is the fixed size in bytes of the padded plaintext of the hub part.
const HubOnlySize = 256
