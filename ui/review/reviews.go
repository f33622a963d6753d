package review

import (
	"context"
	"time"

	"garita/border"
)

// Reviews is the register as this page uses it.
type Reviews interface {
	// Reviews lists what awaits a review, oldest first, or what was reviewed, newest first.
	Reviews(ctx context.Context, done bool, offset, limit int) (list []Review, total int, err error)
	// Decide notes what a reviewer found. The reviewer is the principal in the context and never
	// who did it: [border.Forbidden].
	Decide(ctx context.Context, id string, verdict Verdict, note string) error
}

// Verdict is what a reviewer found.
type Verdict string

// The verdicts.
const (
	Fine     Verdict = "fine"
	FollowUp Verdict = "follow_up"
)

// Review is an act that took effect without its second person, or by an officer whose roster had
// expired. It names no traveller.
type Review struct {
	ID       string
	Kind     string // awaiting: a second person could not be reached; overdue: signed in on an expired roster
	Action   string // of border/access, or the event's type
	Station  border.StationID
	Post     border.PostID
	Counter  border.CounterID
	At       time.Time
	Officer  string // pseudonym
	Crossing *border.ID
	Reason   string // in words, as it was given
	Alarmed  bool
	Verdict  Verdict // "": not yet
	By       string  // who reviewed it
	DoneAt   time.Time
	Note     string
}
