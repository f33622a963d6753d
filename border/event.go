package border

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Epoch is the random name of one opening of a journal for writing. Each opening has
// its own, so a database that was copied back can be found out (design, rule 3).
type Epoch [16]byte

// String gives 32 hexadecimal digits.
func (e Epoch) String() string { return hex.EncodeToString(e[:]) }

// IsZero reports whether e names no epoch.
func (e Epoch) IsZero() bool { return e == Epoch{} }

// MarshalText gives the text form.
func (e Epoch) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads the text form.
func (e *Epoch) UnmarshalText(b []byte) error {
	if len(b) != 32 {
		return errBadEpoch
	}
	if _, err := hex.Decode(e[:], b); err != nil {
		return errBadEpoch
	}
	return nil
}

var errBadEpoch = &Error{Code: Invalid, Op: "read an epoch", Message: "An epoch has 32 hexadecimal digits."}

// Digest is a SHA-256 value; its text form is 64 hexadecimal digits.
type Digest [sha256.Size]byte

// String gives 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText gives the text form.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the text form.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) == 2*len(d) {
		if _, err := hex.Decode(d[:], b); err == nil {
			return nil
		}
	}
	return &Error{Code: Invalid, Op: "read a digest", Message: "A digest has 64 hexadecimal digits."}
}

// Key identifies an event in the whole country. Seq counts from 1 within its epoch,
// without gaps.
type Key struct {
	Station StationID `json:"station"`
	Epoch   Epoch     `json:"epoch"`
	Seq     uint64    `json:"seq"`
}

// String gives "STATION/epoch/seq".
func (k Key) String() string {
	return string(k.Station) + "/" + k.Epoch.String() + "/" + strconv.FormatUint(k.Seq, 10)
}

// ParseKey reads the text form of a key.
func ParseKey(s string) (Key, error) {
	bad := &Error{Code: Invalid, Op: "read an event key", Message: "An event key reads STATION/epoch/seq."}
	f := strings.Split(s, "/")
	if len(f) != 3 {
		return Key{}, bad
	}
	k := Key{Station: StationID(f[0])}
	if k.Station.Validate() != nil || k.Epoch.UnmarshalText([]byte(f[1])) != nil {
		return Key{}, bad
	}
	n, err := strconv.ParseUint(f[2], 10, 63)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != f[2] {
		return Key{}, bad
	}
	k.Seq = n
	return k, nil
}

// Position is a place in one epoch of a station's journal. Seq 0 is before its first event.
type Position struct {
	Epoch Epoch  `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// The event types of version 1. Within a version fields are only added (design, rule 4).
// Only crossing.recorded is a crossing; crossing.corrected and stay.extended change what is
// held of one; the others are traces of the work at a post.
const (
	TypeEpochOpened        = "epoch.opened.v1"
	TypeCrossingRecorded   = "crossing.recorded.v1"
	TypeCrossingCorrected  = "crossing.corrected.v1"  // the whole crossing as it should have been recorded
	TypeStayExtended       = "stay.extended.v1"       // days granted to somebody who is inside
	TypeEncounterReferred  = "encounter.referred.v1"  // put on the post's list, see Ground
	TypeEncounterTaken     = "encounter.taken.v1"     // taken from the post's list by an officer
	TypeEncounterAbandoned = "encounter.abandoned.v1" // ended without a crossing, see Ground
	TypeGroupClosed        = "group.closed.v1"        // a family, bus or crew is through
	TypeShiftOpened        = "shift.opened.v1"
	TypeShiftClosed        = "shift.closed.v1"  // with Counts
	TypeCounterTaken       = "counter.taken.v1" // an officer holds the counter from now on, or has turned it

	TypeBiometricsDegraded = "biometrics.degraded.v1" // no fingers are taken until Until, see Ground
	TypeBiometricsRestored = "biometrics.restored.v1" // fingers are taken again, before that time
)

// Parent names the event that an epoch continues: the last one its journal held when
// it was opened. The zero Parent is the beginning of a new journal.
type Parent struct {
	Epoch Epoch  `json:"epoch"`
	Seq   uint64 `json:"seq"`
	Hash  Digest `json:"hash"`
}

// Header is the open part of an event: enough for statistics after erasure, and nothing
// that identifies a person. It is written once as JSON and then kept byte for byte; a
// reader ignores fields it does not know.
type Header struct {
	// Station, epoch, seq and recorded_at are given by the journal's writer.
	Station    StationID `json:"station,omitzero"`
	Epoch      Epoch     `json:"epoch,omitzero"`
	Seq        uint64    `json:"seq,omitzero"`
	RecordedAt time.Time `json:"recorded_at,omitzero"` // UTC
	Type       string    `json:"type"`

	Post       PostID     `json:"post"`
	OccurredAt time.Time  `json:"occurred_at"` // UTC
	Clock      ClockTrust `json:"clock"`
	// LocalDate is the calendar day at the post of OccurredAt, "2026-11-22": stays are counted
	// in these days, wherever and whenever they are counted.
	LocalDate string `json:"local_date,omitempty"`
	// StatedDate is the calendar day at the post that the officer entered while the clock
	// could not be trusted, "2026-11-22"; "" otherwise.
	StatedDate string `json:"stated_date,omitempty"`
	Software   string `json:"software,omitempty"` // version that wrote the event

	Parent *Parent `json:"parent,omitempty"` // epoch.opened only

	Counter CounterID `json:"counter,omitempty"`
	Shift   string    `json:"shift,omitempty"`
	Officer string    `json:"officer,omitempty"` // pseudonym, see border/seal

	// Crossing is the id of a crossing and of its encounter: the one that the event records,
	// corrects, extends (the entry of the stay), refers, takes or abandons.
	Crossing *ID `json:"crossing,omitempty"`
	// Change is the id of a correction, an extension or the closing of a group itself: sent
	// again, it is recorded once.
	Change *ID `json:"change,omitempty"`
	// Previous is an earlier encounter of the same person that this one follows: a refusal at
	// ten before an admission at eleven.
	Previous *ID `json:"previous,omitempty"`
	// Continues is the entry whose stay this exit ends by the word of an officer, though the
	// documents differ.
	Continues *ID    `json:"continues,omitempty"`
	Group     *ID    `json:"group,omitempty"` // crossed together
	Form      string `json:"form,omitempty"`  // version of the form in force
	// Identity says what the person's particulars rest on: read, keyed or declared.
	Identity string `json:"identity,omitempty"`
	// Sheet is the number of the paper sheet that the crossing was first written on. Its
	// OccurredAt is what the paper says.
	Sheet string `json:"sheet,omitempty"`

	Direction      string `json:"direction,omitempty"` // entry or exit
	Outcome        string `json:"outcome,omitempty"`   // see Outcome
	Ground         string `json:"ground,omitempty"`    // coded ground of a refusal
	Category       string `json:"category,omitempty"`  // migratory category
	Purpose        string `json:"purpose,omitempty"`   // IRTS 2008 code
	Nationality    string `json:"nationality,omitempty"`
	Sex            string `json:"sex,omitempty"`        // M, F or X
	BirthYear      int    `json:"birth_year,omitempty"` // 0: unknown
	Residence      string `json:"residence,omitempty"`
	DocumentKind   string `json:"document_kind,omitempty"`
	DocumentIssuer string `json:"document_issuer,omitempty"`
	TransportMode  string `json:"transport_mode,omitempty"`
	BirthCountry   string `json:"birth_country,omitempty"`
	// PreviousCountry is where the journey comes from, NextCountry where it goes next,
	// Destination where it ends.
	PreviousCountry string `json:"previous_country,omitempty"`
	NextCountry     string `json:"next_country,omitempty"`
	Destination     string `json:"destination,omitempty"`
	IntendedDays    int    `json:"intended_days,omitempty"` // length of stay as stated, days
	DaysGranted     int    `json:"days_granted,omitempty"`  // calendar days, the day of entry included
	// PermittedUntil is the last calendar day of the permitted stay, at the post of entry.
	PermittedUntil string `json:"permitted_until,omitempty"`
	LegalBasis     string `json:"legal_basis,omitempty"`
	VisaType       string `json:"visa_type,omitempty"`
	VisaIssuer     string `json:"visa_issuer,omitempty"`
	Role           string `json:"role,omitempty"`   // in the conveyance: driver, passenger or crew
	Source         string `json:"source,omitempty"` // see ScanSource

	Verdict string `json:"verdict,omitempty"` // level that was on the screen
	// Checks holds each check as it stood when the officer decided, see CheckText. Which
	// entry a hit was about stands in the sealed parts only.
	Checks map[string]string `json:"checks,omitempty"`
	Lists  []ListVersion     `json:"lists,omitempty"`

	Second string `json:"second,omitempty"` // pseudonym of the officer who countersigned
	// Awaiting names the action that took effect though its second person could not be reached; the
	// hub reviews it. The reason stands in the personal part.
	Awaiting string `json:"awaiting_second,omitempty"`
	// Overdue says that the officer was signed in by a roster that had expired.
	Overdue bool `json:"overdue,omitempty"`
	// Act is what an audit event tells.
	Act  *ActHeader `json:"act,omitempty"`
	Late bool       `json:"late,omitempty"` // the checks were put after the crossing, from paper
	// From is the pseudonym of the officer whom another one relieves (counter.taken) or takes
	// a referral over from (encounter.taken).
	From string `json:"from,omitempty"`
	// Counts are those of a closed shift, or of a closed group.
	Counts []Count `json:"counts,omitempty"`
	// Open lists the referrals that a shift hands over or takes over.
	Open []ID `json:"open,omitempty"`

	// FingersTaken counts the fingers of which an image is attached, FingersNotTaken those that
	// were asked for in vain. Which, and why, stands in the personal part only.
	FingersTaken    int `json:"fingers_taken,omitempty"`
	FingersNotTaken int `json:"fingers_not_taken,omitempty"`
	// Attached counts all files that the personal part names, those of fingers too; see [Header.Files].
	Attached int `json:"attached,omitempty"`
	// Until is when biometrics.degraded ends by itself, UTC, at most 24 hours later.
	Until time.Time `json:"until,omitzero"`
}

// Files counts the files that the personal part names. Before other things than fingers were attached,
// headers counted the fingers alone.
func (h *Header) Files() int { return max(h.Attached, h.FingersTaken) }

// Count is one line of a shift's or a group's report.
type Count struct {
	Type      string    `json:"type"` // of the events counted; expected, appeared, no_show for a group
	Counter   CounterID `json:"counter,omitempty"`
	Direction string    `json:"direction,omitempty"`
	Category  string    `json:"category,omitempty"`
	Outcome   string    `json:"outcome,omitempty"`
	N         int64     `json:"n"`
}

// What a person's particulars rest on.
const (
	IdentityRead     = "read"     // a machine readable zone
	IdentityKeyed    = "keyed"    // a document whose particulars an officer typed
	IdentityDeclared = "declared" // the person's word
)

// CheckText writes a check's outcome as records hold it: "clear", "not_checked(hub)",
// "stale(93600)" with the age in seconds if there is no other reason.
func CheckText(outcome, reason string, ageS int64) string {
	switch {
	case reason != "":
		return outcome + "(" + reason + ")"
	case outcome == "stale":
		return outcome + "(" + strconv.FormatInt(ageS, 10) + ")"
	}
	return outcome
}

// ListVersion says which version of a list was asked and how old it was.
type ListVersion struct {
	List    string `json:"list"`
	Version string `json:"version"`
	AgeS    int64  `json:"age_s"`
}

// Outcome is how an encounter ended.
type Outcome string

// The outcomes. Referred is an open state, not an outcome.
const (
	Admitted           Outcome = "admitted"
	Departed           Outcome = "departed"
	Refused            Outcome = "refused"
	DeparturePrevented Outcome = "departure_prevented"
	Withdrawn          Outcome = "withdrawn"
	HandedOver         Outcome = "handed_over"
)

// Directions of a crossing.
const (
	Entry = "entry"
	Exit  = "exit"
)

// Names of the sealed parts (design, rule 7).
const (
	PartPersonal   = "personal"
	PartProtection = "protection"
	PartHub        = "hub"
)

// Part is one sealed part of an event, stored and hashed as it is.
type Part struct {
	Name       string // personal, protection or hub
	Alg        string // A256GCM
	KeyID      string // names the data key in keys.db; not secret
	Ciphertext []byte // nonce, ciphertext and tag; at most 64 KiB
}

// Event is one entry of a journal: key, open header, sealed parts, and its place in
// the hash chain. Station and hub hold the same bytes.
type Event struct {
	Key    Key
	Type   string
	Header []byte // JSON of Header, byte for byte as written
	Parts  []Part
	Prev   Digest // hash of the event before; of the parent for the first of an epoch
	Hash   Digest
}

// ReadHeader interprets the header bytes. Unknown fields are ignored.
func (e *Event) ReadHeader() (Header, error) {
	var h Header
	if err := json.Unmarshal(e.Header, &h); err != nil {
		return Header{}, &Error{Code: Invalid, Op: "read event header", Err: fmt.Errorf("%s: header is no JSON of the known shape", e.Key)}
	}
	return h, nil
}
