// Package counter is a station's service: it turns scans into encounters, puts the local
// checks to them, lets the hub's answer improve the verdict, and records decisions in the
// journal. Nothing in it waits for the network.
package counter

import (
	"time"

	"garita/border"
	"garita/border/journal"
	"garita/border/verdict"
)

// View is what one counter's screen shows, whole: a screen that missed a change is right
// again with the next view. Values are copies.
type View struct {
	Counter   border.CounterID `json:"counter"`
	Revision  uint64           `json:"revision"` // grows with every change of the view
	Direction string           `json:"direction"`
	// Encounter is the open encounter; nil while the counter waits for a document.
	Encounter *EncounterView `json:"encounter"`
	// Queue holds encounters that wait to be called up: scanned while another was open,
	// or restored after a restart.
	Queue []QueueItem `json:"queue"`
	// Last is what this counter recorded last; after a restart it is shown first.
	Last *LastRecorded `json:"last"`
	// Notice says why the last scan opened nothing, in plain words; "" if none.
	Notice string `json:"notice,omitempty"`
	Status Status `json:"status"`
}

// EncounterView is an open encounter.
type EncounterView struct {
	ID       border.ID         `json:"id"` // also the id of the crossing it will end in
	OpenedAt time.Time         `json:"opened_at"`
	Source   border.ScanSource `json:"source"`
	Restored bool              `json:"restored"` // from a draft, after a restart
	// Durable is false while the draft could not be written: a power cut would lose it.
	Durable  bool            `json:"durable"`
	Document DocumentView    `json:"document"`
	Verdict  verdict.Verdict `json:"verdict"`
}

// DocumentView is a document as it was read.
type DocumentView struct {
	Format         string `json:"format"` // TD1, TD2, TD3, MRV-A, MRV-B, FRA-ID; "" if no MRZ
	DocumentCode   string `json:"document_code"`
	IssuingState   string `json:"issuing_state"`
	DocumentNumber string `json:"document_number"`
	Surname        string `json:"surname"`
	GivenNames     string `json:"given_names"`
	NamesTruncated bool   `json:"names_truncated"`
	Nationality    string `json:"nationality"`
	BirthDate      string `json:"birth_date"` // EDTF
	Sex            string `json:"sex"`
	ExpiryDate     string `json:"expiry_date"` // EDTF
	OptionalData   string `json:"optional_data"`
	// Wrong names the fields whose check digit does not fit.
	Wrong []string `json:"wrong,omitempty"`
	// Warnings are those of the parser, "code field".
	Warnings []string `json:"warnings,omitempty"`
	// Proposals are repairs that would make check digits fit: shown, never applied.
	Proposals []Proposal `json:"proposals,omitempty"`
	Lines     []string   `json:"lines"` // as read
}

// Proposal is a repair of a misread field, shown beside the original.
type Proposal struct {
	Field    string `json:"field"`
	Original string `json:"original"`
	Proposed string `json:"proposed"`
}

// QueueItem is an encounter that waits to be called up, with the name to call.
type QueueItem struct {
	ID         border.ID     `json:"id"`
	Surname    string        `json:"surname"`
	GivenNames string        `json:"given_names"`
	Level      verdict.Level `json:"level"`
	Restored   bool          `json:"restored"`
}

// LastRecorded is a crossing that is durable.
type LastRecorded struct {
	Crossing   border.ID      `json:"crossing"`
	Surname    string         `json:"surname"` // "" if the data key is gone
	GivenNames string         `json:"given_names"`
	Outcome    border.Outcome `json:"outcome"`
	Direction  string         `json:"direction"`
	RecordedAt time.Time      `json:"recorded_at"`
	// AfterRestart is true until the counter records again after the station was restarted.
	AfterRestart bool `json:"after_restart"`
}

// Status is the state of everything a verdict leans on, for the banner.
type Status struct {
	Hub      border.HubStatus       `json:"hub"`
	Clock    border.ClockTrust      `json:"clock"`
	Lists    []ListStatus           `json:"lists"`
	Storage  journal.Storage        `json:"storage"`
	Scanners []border.ScannerStatus `json:"scanners"` // of this counter, and unassigned ones
	Today    Today                  `json:"today"`
	SoftKeys bool                   `json:"soft_keys"` // keys are in files: whoever has the disk can read it
	Now      time.Time              `json:"now"`       // the station's clock
	Zone     string                 `json:"zone"`      // IANA zone of the post
	Demo     bool                   `json:"demo"`      // specimen documents can be presented
}

// ListStatus is a watchlist in force.
type ListStatus struct {
	List    string    `json:"list"`
	Version string    `json:"version"`
	Issued  time.Time `json:"issued"`
	AgeS    int64     `json:"age_s"`
	Entries int       `json:"entries"`
	Stale   bool      `json:"stale"` // older than its maximum age
}

// Today counts the crossings of this counter on the post's calendar day.
type Today struct {
	Entries int64 `json:"entries"`
	Exits   int64 `json:"exits"`
	Other   int64 `json:"other"` // refused, withdrawn, handed over, prevented
}

// Officer is who decides. Until the access room exists it is a row of a file, chosen
// without a secret, and the page says so.
type Officer struct {
	Badge string   `json:"badge" toml:"badge"`
	Name  string   `json:"name" toml:"name"`
	Roles []string `json:"roles" toml:"roles"` // inspector, supervisor, technician
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
	// StatedDate is the day that the officer entered while the clock cannot be trusted,
	// "2026-11-22"; "" if none. It decides nothing and is recorded beside the clock's time.
	StatedDate string
}

// Recorded is the answer to a decision: the crossing is durable.
type Recorded struct {
	Crossing   border.ID      `json:"crossing"`
	Key        border.Key     `json:"key"`
	Outcome    border.Outcome `json:"outcome"`
	RecordedAt time.Time      `json:"recorded_at"`
	Replayed   bool           `json:"replayed"` // it was recorded before; this is that record
}
