package border

import (
	"context"
	"time"
)

// Learning is how a reader that nobody has described comes to a profile of the station's own:
// one person teaches it and hands it on, another puts it in force, and it can be undone.
// Implemented by devices/workshop, used by border/api and ui/workshop.
type Learning interface {
	// Learning says what is being done, and which profiles were learned here.
	Learning() LearningView
	// Subscribe gives a channel that carries one signal after one or more changes of
	// it, or of the scanners. stop gives it back.
	Subscribe() (changes <-chan struct{}, stop func())
	// Teach listens to a reader until a document whose lines are known was presented, and
	// keeps the profile that reads it as a draft of who taught it.
	Teach(ctx context.Context, r LearnRequest, by string) (LearnedProfile, error)
	// Try opens the reader with a draft until three documents in a row were read well.
	Try(ctx context.Context, id, by string) (LearnedProfile, error)
	// StopTeaching ends what Teach or Try is doing; nothing is no error.
	StopTeaching()
	// Propose hands a draft that passed on to a second person.
	Propose(ctx context.Context, id, by string) (LearnedProfile, error)
	// Decide puts a proposed profile in force at this station, or turns it down. Whoever
	// taught, tried or proposed it cannot: the error has code [SecondNeeded]. hash is that of
	// the profile that was looked at.
	Decide(ctx context.Context, id, hash, by string, accept bool) (LearnedProfile, error)
	// Withdraw takes a profile out of force, or a proposal back. What is neither is deleted.
	Withdraw(ctx context.Context, id, by string) error
}

// Phases of a [LearningRun].
const (
	LearnListening = "listening" // for the known document
	LearnTrying    = "trying"    // the draft, with documents
	LearnDone      = "done"
	LearnFailed    = "failed"
	LearnTimedOut  = "timed_out"
	LearnStopped   = "stopped"
)

// States of a [LearnedProfile].
const (
	ProfileDraft     = "draft"     // was taught
	ProfileTried     = "tried"     // read three documents in a row
	ProfileProposed  = "proposed"  // waits for a second person
	ProfileInForce   = "in_force"  // at this station
	ProfileRefused   = "refused"   // by the second person
	ProfileWithdrawn = "withdrawn" // was proposed or in force
)

// LearningView is what there is of learning at a station.
type LearningView struct {
	Run      *LearningRun     `json:"run,omitempty"` // what is done, or was done last; nil: nothing since the start
	Nodes    []LearnNode      `json:"nodes"`         // that no scanner of this station has
	Profiles []LearnedProfile `json:"profiles"`      // the youngest first
}

// LearnNode is a serial port or a keyboard that may be an unknown reader's.
type LearnNode struct {
	Path string `json:"path"`
	Kind string `json:"kind"` // serial or wedge
}

// LearningRun is what Teach or Try is doing. It holds nothing of a document but shapes.
type LearningRun struct {
	Phase   string    `json:"phase"`
	Profile string    `json:"profile"` // id
	Path    string    `json:"path"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"` // it is given up then
	// The line's speed in bits a second, or a keyboard's layout, as they are tried: the
	// Attempt-th of Attempts.
	Baud     int    `json:"baud,omitempty"`
	Layout   string `json:"layout,omitempty"`
	Attempt  int    `json:"attempt"`
	Attempts int    `json:"attempts"`
	// What came with the last presentation: bytes, how many of 100 can stand in a document,
	// and their shapes (letters are A, digits 0), at most 160 characters.
	Bytes    int    `json:"bytes"`
	Readable int    `json:"readable"`
	Shapes   string `json:"shapes,omitempty"`
	// Message says what came of it, in plain words; "": nothing yet.
	Message   string         `json:"message,omitempty"`
	Documents []TriedReading `json:"documents,omitempty"` // of a try
}

// TriedReading is one reading while a profile is tried.
type TriedReading struct {
	Lines  []int  `json:"lines,omitempty"` // how many characters each line has
	OK     bool   `json:"ok"`
	Again  bool   `json:"again"`            // the same document as before
	Reason string `json:"reason,omitempty"` // plain words: why it does not count
}

// LearnedProfile is a profile that was learned at this station.
type LearnedProfile struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Path     string `json:"path"` // node of the reader
	State    string `json:"state"`
	TOML     string `json:"toml"`
	Hash     string `json:"hash"` // SHA-256 of the TOML, hexadecimal
	Evidence string `json:"evidence"`
	// What was understood.
	Transport string   `json:"transport"` // serial or wedge
	Speed     string   `json:"speed"`     // "9600 8N1", or a keyboard's layout
	Framing   string   `json:"framing"`   // stx-etx, line-cr, raw-len, raw-idle
	Marks     string   `json:"marks"`     // "02 03": start and end, or how a document ends
	Remarks   []string `json:"remarks,omitempty"`

	Documents []TriedReading `json:"documents,omitempty"` // of the try that it passed

	// Who did what and when; badges.
	TaughtBy    string    `json:"taught_by"`
	TaughtAt    time.Time `json:"taught_at"`
	TriedBy     string    `json:"tried_by,omitempty"`
	TriedAt     time.Time `json:"tried_at,omitzero"`
	ProposedBy  string    `json:"proposed_by,omitempty"`
	ProposedAt  time.Time `json:"proposed_at,omitzero"`
	DecidedBy   string    `json:"decided_by,omitempty"`
	DecidedAt   time.Time `json:"decided_at,omitzero"`
	WithdrawnBy string    `json:"withdrawn_by,omitempty"`
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
}
