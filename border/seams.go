package border

import (
	"context"
	"time"
)

// This file holds the interfaces through which rooms meet that may not import one
// another. cmd connects them; each has a conformance suite in bordertest.

// Extent is what a journal holds of one epoch: events 1 to Last, without gaps.
type Extent struct {
	Epoch  Epoch  `json:"epoch"`
	Last   uint64 `json:"last"`
	Parent Parent `json:"parent"`
}

// EventSource is a station's journal as the uplink sees it. Implemented by
// border/journal, used by sync/uplink.
type EventSource interface {
	// Extents lists all epochs the journal holds, in the order it got to know them.
	Extents(ctx context.Context) ([]Extent, error)
	// Read returns encoded durable events of one epoch with seq > after, ascending,
	// at most limit of them and about 1 MiB in all (but at least one if there is one).
	Read(ctx context.Context, epoch Epoch, after uint64, limit int) ([][]byte, error)
	// Head is the last durable event of the current epoch; it costs no I/O.
	Head() Position
	// Commits carries one signal after one or more commits. It has one reader.
	Commits() <-chan struct{}
	// Restore stores encoded events that the hub holds and this journal has lost: a
	// copied-back database. They must continue the chain of an epoch the journal holds,
	// or be an epoch's first events. Restoring what is held already does nothing.
	Restore(ctx context.Context, events [][]byte) error
	// Wraps lists the data keys wrapped for the hub, so that the hub can open parts.
	Wraps(ctx context.Context) ([]KeyWrap, error)
}

// KeyWrap is a data key wrapped for the hub. It travels beside the stream, never in it:
// destroying all wraps of a key is what erasure is (design, rule 6).
type KeyWrap struct {
	Station StationID `json:"station"`
	KeyID   string    `json:"key_id"`
	Part    string    `json:"part"`   // personal, protection or hub
	Bucket  string    `json:"bucket"` // retention bucket, "2026-11"
	Wrapped []byte    `json:"wrapped"`
}

// Received is one message of a station as it arrived at the hub.
type Received struct {
	Claimed Key      // the key its envelope claims; the zero Key if unreadable
	Event   []byte   // encoded event, byte for byte, whatever it is
	Head    Position // the last durable event that the station announced with it
	// Signature is the station's over [HeadMessage] of this event; nil: none came with it.
	Signature []byte
	At        time.Time
}

// Holding is what the hub holds durably of one epoch.
type Holding struct {
	Epoch     Epoch  `json:"epoch"`
	Held      uint64 `json:"held"`      // events 1 to Held are held without a gap: the watermark
	Highest   uint64 `json:"highest"`   // highest seq held, above a gap or not
	Announced uint64 `json:"announced"` // highest seq that the station ever announced as durable
}

// Hello is what a station says of itself on every connection and every few seconds.
type Hello struct {
	Station    StationID  `json:"station"`
	Post       PostID     `json:"post"`
	Zone       string     `json:"zone"` // IANA time zone of the post
	Software   string     `json:"software"`
	Now        time.Time  `json:"now"` // the station's clock
	Clock      ClockTrust `json:"clock"`
	Head       Position   `json:"head"`
	Backlog    uint64     `json:"backlog"`    // events not yet held by the hub
	Generation uint64     `json:"generation"` // last hub generation seen; 0: none
	Watermark  Position   `json:"watermark"`  // last watermark seen of the head's epoch in that generation
	// Lists says which releases of lists the station holds, and what it refused.
	Lists []ListReport `json:"lists,omitempty"`
	// Health says how disk and scanners are; nil: an older station, which does not say.
	Health *StationHealth `json:"health,omitempty"`
}

// StationHealth is what a station tells the hub of its machine: codes and numbers, nobody is in it.
type StationHealth struct {
	// Storage is ok, low, reserve, full or failed, see border/journal.
	Storage    string `json:"storage"`
	FreeBytes  int64  `json:"free_bytes"`
	TotalBytes int64  `json:"total_bytes"`
	// Scanners are those that the station knows, at most [MaxScannerReports].
	Scanners []ScannerReport `json:"scanners,omitempty"`
}

// MaxScannerReports bounds the scanners of a [StationHealth].
const MaxScannerReports = 32

// ScannerReport is the state of one scanner, see [ScannerStatus], without its words.
type ScannerReport struct {
	ID      string    `json:"id"`
	Counter CounterID `json:"counter,omitempty"`
	Kind    string    `json:"kind,omitempty"`
	State   string    `json:"state"`
	Since   time.Time `json:"since"`
}

// Welcome is the hub's answer to a Hello.
type Welcome struct {
	Generation uint64    `json:"generation"`
	Now        time.Time `json:"now"`    // the hub's clock
	Epochs     int       `json:"epochs"` // how many epochs of the station the hub knows
	Keys       []string  `json:"keys"`   // key ids of the station whose wraps the hub holds
}

// EventSink is the national register as the intake sees it. Implemented by
// border/register, used by sync/intake.
type EventSink interface {
	// Store keeps messages durably before it returns nil: events byte for byte, under
	// their key; the same key with another hash in quarantine, with an alarm; malformed
	// ones held, with an alarm. It drops nothing and never fails because of content.
	// It returns the holdings of every epoch touched.
	Store(ctx context.Context, received []Received) ([]StationHolding, error)
	// Greet notes a station's state and returns the hub's. A hello that remembers more
	// than the hub holds means that the hub was restored: it raises its generation first.
	Greet(ctx context.Context, hello Hello) (Welcome, error)
	// Holdings lists the epochs of a station in the order the hub got to know them,
	// from offset, at most limit.
	Holdings(ctx context.Context, station StationID, offset, limit int) ([]Holding, error)
	// Events returns encoded events of one epoch with seq > after, ascending, stopping
	// at a gap, at limit or at about 512 KiB (but at least one if there is one).
	Events(ctx context.Context, station StationID, epoch Epoch, after uint64, limit int) ([][]byte, error)
	// StoreWraps keeps key wraps durably before it returns nil.
	StoreWraps(ctx context.Context, wraps []KeyWrap) error
}

// StationHolding is a Holding with its station.
type StationHolding struct {
	Station StationID `json:"station"`
	Holding
}

// HubAsker answers a station's questions about a document. At the hub it is
// border/register; at a station sync/uplink carries the question there.
type HubAsker interface {
	// AskDocument returns the last crossings of a document, newest first. It fails with
	// [Unavailable] when the hub cannot be reached before ctx ends.
	AskDocument(ctx context.Context, q DocumentQuestion) (DocumentAnswer, error)
}

// DocumentQuestion names a document by its blind index only.
type DocumentQuestion struct {
	Station StationID  `json:"station"` // who asks; its own crossings are left out of the answer
	Blind   BlindIndex `json:"blind"`
	Limit   int        `json:"limit"` // at most 20
	// Person is the blind index of name and full birth date, if both are known: the answer
	// then names the person's crossings on other documents too.
	Person *BlindIndex `json:"person,omitempty"`
	// Listed are documents that the station's filter takes for listed, by their digests
	// (border/watch/document): the hub's exact store knows. At most 16.
	Listed []BlindIndex `json:"listed,omitempty"`
	// Inquiry is a sealed [Inquiry]; the answer then holds lookups and nothing else, and may take
	// seconds.
	Inquiry []byte `json:"inquiry,omitempty"`
}

// DocumentAnswer is what the national register knows of a document.
type DocumentAnswer struct {
	Crossings []PastCrossing `json:"crossings"` // newest first
	// SamePerson are crossings on other documents by somebody of the same name and birth
	// date, newest first. They are a proposal: an officer confirms or not.
	SamePerson []PastCrossing `json:"same_person,omitempty"`
	// Listed says of each digest asked about whether it is in the exact store; one that could not
	// be looked up is left out.
	Listed map[BlindIndex]bool `json:"listed,omitempty"`
	// Lookups says how each service that the hub asks came out; none if it asks none.
	Lookups []LookupAnswer `json:"lookups,omitempty"`
	// AsOf is the hub's time of the answer.
	AsOf time.Time `json:"as_of"`
}

// PastCrossing is one earlier crossing, from open headers only.
type PastCrossing struct {
	Crossing   ID        `json:"crossing"`
	Station    StationID `json:"station"`
	Post       PostID    `json:"post"`
	OccurredAt time.Time `json:"occurred_at"`
	Direction  string    `json:"direction"`
	Outcome    string    `json:"outcome"`
	ClockState string    `json:"clock_state"`

	// As the crossing stands after corrections and extensions; "" or 0 where not known.
	LocalDate      string `json:"local_date,omitempty"`
	Category       string `json:"category,omitempty"`
	Purpose        string `json:"purpose,omitempty"`
	Residence      string `json:"residence,omitempty"`
	Ground         string `json:"ground,omitempty"`
	DaysGranted    int    `json:"days_granted,omitempty"`
	PermittedUntil string `json:"permitted_until,omitempty"`
}

// BlindIndex is a keyed hash of a normalised document number and issuer: equal for the
// same document in the whole country, telling nothing without the national key.
type BlindIndex [16]byte

// MarshalText gives 32 hexadecimal digits.
func (b BlindIndex) MarshalText() ([]byte, error) { return Epoch(b).MarshalText() }

// UnmarshalText reads 32 hexadecimal digits.
func (b *BlindIndex) UnmarshalText(t []byte) error {
	if (*Epoch)(b).UnmarshalText(t) != nil {
		return &Error{Code: Invalid, Op: "read a blind index", Message: "A blind index has 32 hexadecimal digits."}
	}
	return nil
}

// HubStatus is what a station knows of its link to the hub.
type HubStatus struct {
	Connected  bool      `json:"connected"`
	Since      time.Time `json:"since"`             // of the present state
	LastHeard  time.Time `json:"last_heard"`        // zero: never
	Backlog    uint64    `json:"backlog"`           // events the hub does not hold yet
	Generation uint64    `json:"generation"`        // of the hub; 0: never met
	Problem    string    `json:"problem,omitempty"` // plain words
}
