package border

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
}

// HubOnly is the plaintext of the hub part: always present and of one size on the wire,
// so that a silent outcome cannot be told from none (design, rules 7 and 8).
type HubOnly struct {
	SilentHits []string `json:"silent_hits,omitempty"` // "list/entry"
	More       int      `json:"more,omitempty"`        // silent hits for which there was no room
}

// HubOnlySize is the fixed size in bytes of the padded plaintext of the hub part.
const HubOnlySize = 256
