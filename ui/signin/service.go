package signin

import (
	"context"
	"time"

	"garita/border"
	"garita/border/access"
)

// Service is border/signin as these pages use it. It is an interface here because the pages'
// tests show states that a real service reaches only after days or faults.
type Service interface {
	access.Sessions

	// SignIn checks a badge and a PIN and begins a session. [border.Unauthenticated]: wrong badge or
	// PIN, which of them is not said, or revoked; [border.TooMany]: locked for a while;
	// [border.SecondNeeded]: the roster has expired and a supervisor must approve.
	SignIn(ctx context.Context, in In) (Signed, error)
	SignOut(ctx context.Context, token string) error
	// Approve checks the credentials of a second person and gives the token that vouches for it.
	Approve(ctx context.Context, p *access.Principal, a access.Action, in In) (token string, err error)
	// ChangePIN is the hub's; [border.Unavailable] at a station.
	ChangePIN(ctx context.Context, p *access.Principal, before, after string) error
	RosterState() RosterState

	// The ceremonies of passkeys (W3C Web Authentication Level 3, section 5): Begin gives the
	// options as JSON and a name of the ceremony, which Finish takes with the browser's answer.
	BeginSignIn(ctx context.Context) (ceremony string, options []byte, err error)
	FinishSignIn(ctx context.Context, ceremony string, answer []byte, counter border.CounterID) (Signed, error)
	BeginApprove(ctx context.Context, p *access.Principal, a access.Action) (ceremony string, options []byte, err error)
	FinishApprove(ctx context.Context, p *access.Principal, a access.Action, ceremony string, answer []byte) (token string, err error)
}

// In is what somebody signs in with.
type In struct {
	Badge, PIN string
	Counter    border.CounterID // where; "": at none
	Approval   string           // token of a supervisor who approves signing in on an expired roster
}

// Signed is a session that has begun.
type Signed struct {
	Token     string // what the browser keeps in its cookie
	Principal *access.Principal
	Expires   time.Time
}

// RosterState says how old the knowledge is of who may sign in.
type RosterState struct {
	Version             uint64
	IssuedAt, ExpiresAt time.Time
	Expired             bool
	Age                 time.Duration
}
