package border

import "time"

// ScanSource says how a document's text came in.
type ScanSource string

// The ways in. Keyed data are marked as such on every screen and in every record.
const (
	SourceReader ScanSource = "reader" // a document reader driven by devices
	SourceWedge  ScanSource = "wedge"  // a reader that types into the browser as a keyboard
	SourceKeyed  ScanSource = "keyed"  // typed by a person
)

// Scan is one document presented at one counter: the text as it was read, before any
// interpretation. It holds personal data and is never logged.
type Scan struct {
	Counter    CounterID
	Source     ScanSource
	Scanner    string    // the scanner's id in the station's configuration; "" for keyed
	Profile    string    // SHA-256 (hex) of the firmware profile in force; "" if none
	Lines      []string  // text lines without line ends; at most 16 of at most 256 bytes
	ReceivedAt time.Time // when the last byte was read, on the injected clock
}

// ScannerStatus is what a station knows of one scanner.
type ScannerStatus struct {
	ID      string    `json:"id"`
	Counter CounterID `json:"counter,omitempty"` // "" while unassigned
	Profile string    `json:"profile,omitempty"` // profile id
	Kind    string    `json:"kind,omitempty"`    // mrz or fingerprint
	// State is absent, matched, initialising, ready, degraded or failed; in the workshop
	// also unknown: plugged in, and no profile is for it.
	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"` // plain words: why, and what to do
	Since  time.Time `json:"since"`
}
