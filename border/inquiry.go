package border

import "time"

// Inquiry is what a station asks the hub to look up with other people's services: stolen
// documents, nominals, notices. It names the traveller, so it travels sealed to the hub.
type Inquiry struct {
	Station     StationID `json:"station"`
	Purpose     string    `json:"purpose"` // entry or exit: what the services are told
	By          string    `json:"by"`      // pseudonym of the officer, for the audit; "" if nobody holds the counter
	Issuer      string    `json:"issuer,omitempty"`
	Type        string    `json:"type,omitempty"` // of the document, as printed
	Number      string    `json:"number,omitempty"`
	Surname     string    `json:"surname,omitempty"`
	GivenNames  string    `json:"given_names,omitempty"`
	BirthDate   string    `json:"birth_date,omitempty"` // EDTF
	Sex         string    `json:"sex,omitempty"`
	Nationality string    `json:"nationality,omitempty"`
}

// LookupAnswer is how a lookup with one service came out. Never a guess: what did not answer in
// full is not_checked, with a reason.
type LookupAnswer struct {
	Service string    `json:"service"`
	Outcome string    `json:"outcome"`          // clear, hit or not_checked
	Reason  string    `json:"reason,omitempty"` // of not_checked: timeout, refused, malformed, unavailable, limited, incomplete, not_asked
	Hits    []string  `json:"hits,omitempty"`   // references of the service, for the record and the telephone
	AsOf    time.Time `json:"as_of"`
}

// MaxInquiry bounds a sealed inquiry in bytes.
const MaxInquiry = 4096
