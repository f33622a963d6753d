package border

import "context"

// TypeAudit is the type of the event that says what somebody did or tried: signing in, searching,
// reading about a person, exporting, changing a configuration or a device. What is an event of its
// own (a crossing, a correction) is not told twice.
const TypeAudit = "audit.recorded.v1"

// ActResult says what came of an act.
type ActResult string

// The results.
const (
	ActDone     ActResult = "done"
	ActRefused  ActResult = "refused" // not allowed
	ActFailed   ActResult = "failed"  // allowed, and went wrong
	ActAwaiting ActResult = "awaiting_second"
)

// Act is one thing that somebody did or tried.
type Act struct {
	Action  string    // of border/access
	Result  ActResult // "" means done
	Officer string    // badge; "": nobody was signed in
	Second  string    // badge of the second person
	Counter CounterID
	Session string // names the session
	Object  string // what it was about: a crossing, case, scanner, route; never personal data; at most 128 bytes
	Purpose string // code of why people were searched or read about
	Reason  string // code of why it was refused: locked, wrong_pin, revoked, role; at most 64 bytes
	// Text goes into the sealed part only: what was searched for, a stated reason in words; at most
	// 4 KiB.
	Text string
}

// ActHeader is the open part of an act. Officer and second stand in the header as pseudonyms.
type ActHeader struct {
	Action  string    `json:"action"`
	Result  ActResult `json:"result"`
	Session string    `json:"session,omitempty"`
	Object  string    `json:"object,omitempty"`
	Purpose string    `json:"purpose,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// Auditor records acts. Implemented by border/audit.
type Auditor interface {
	// Audit returns when the act is recorded durably. Who reads or exports is given nothing when
	// it fails.
	Audit(ctx context.Context, a Act) error
}
