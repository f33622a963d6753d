package access

import (
	"context"
	"slices"
	"sync"
	"time"

	"garita/border"
)

// Agreements are the words of second people as handlers redeem them. A token counts once. A
// request that is sent again, because its answer was lost, is still the one that it was given for,
// and finds who agreed to it. Safe for concurrent use.
type Agreements struct {
	seconds Seconds
	clock   border.Clock

	mu   sync.Mutex
	kept []agreement // the youngest last
}

// agreement is a token that was redeemed, and for what.
type agreement struct {
	token, session, object, badge string
	action                        Action
	at                            time.Time
}

// How long, and how many, agreements are kept for a request that comes again.
const (
	agreedFor  = 2 * time.Minute
	agreedKept = 256
)

// MaxAwaiting bounds the reason why no second person could be reached, in bytes.
const MaxAwaiting = 500

// NewAgreements redeems with seconds.
func NewAgreements(seconds Seconds, clock border.Clock) *Agreements {
	return &Agreements{seconds: seconds, clock: clock}
}

// Second finds the second person of an action of who is signed in: the badge of who gave the
// token, or the reason for which the action takes effect without, where that is allowed. Neither
// is no error: whether the action needs a second person is for who does it to say. object names
// what it is about, for example the id of a crossing.
func (g *Agreements) Second(ctx context.Context, a Action, object, token, awaiting string) (badge, reason string, err error) {
	const op = "find the second person"
	if token == "" {
		switch {
		case awaiting == "":
			return "", "", nil
		case len(awaiting) > MaxAwaiting:
			return "", "", &border.Error{Code: border.TooLarge, Op: op, Message: "The reason has at most 500 bytes."}
		case !MayAwait(a):
			return "", "", &border.Error{Code: border.SecondNeeded, Op: op, Message: "This is never done without a second person. Wait until one can be reached."}
		}
		return "", awaiting, nil
	}
	p := From(ctx)
	if p == nil {
		return "", "", Nobody(op)
	}
	if g.seconds == nil || len(token) > 256 {
		return "", "", &border.Error{Code: border.SecondNeeded, Op: op}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	g.kept = slices.DeleteFunc(g.kept, func(k agreement) bool { return now.Sub(k.at).Abs() > agreedFor })
	for _, k := range g.kept {
		if k.token == token && k.session == p.Session && k.object == object && k.action == a {
			return k.badge, "", nil
		}
	}
	if badge, err = g.seconds.Redeem(ctx, p, a, token); err != nil {
		return "", "", err
	}
	if len(g.kept) >= agreedKept {
		g.kept = slices.Delete(g.kept, 0, 1)
	}
	g.kept = append(g.kept, agreement{token, p.Session, object, badge, a, now})
	return badge, "", nil
}

// Nobody is the error of what takes somebody who is signed in.
func Nobody(op string) error { return &border.Error{Code: border.Unauthenticated, Op: op} }

// Told audits an act of who is signed in, whose badge, session and counter it fills in. Whoever
// reads is given nothing when it fails.
func Told(ctx context.Context, to border.Auditor, act border.Act) error {
	p := From(ctx)
	if p == nil {
		return Nobody("audit an act")
	}
	act.Officer, act.Session, act.Counter = p.Badge, p.Session, p.Counter
	return to.Audit(ctx, act)
}

// Deciding is the action that the second person of a decision agrees to: that somebody is not let
// pass, or that somebody is beside a hit.
func Deciding(o border.Outcome) Action {
	switch o {
	case border.Refused, border.DeparturePrevented:
		return RefuseEntry
	case border.Admitted, border.Departed, border.Withdrawn, border.HandedOver:
	}
	return HitOverride
}

// A Purpose is why somebody is searched for, as the audit names it.
type Purpose struct{ Code, Text string }

// Purposes lists what a search may be for. Codes are append-only.
func Purposes() []Purpose {
	return []Purpose{
		{"case", "A case or a hit that is being worked on"},
		{"station", "A question of a station or a counter"},
		{"request", "A request of the person themselves"},
		{"court", "An order of a court or of another authority"},
		{"quality", "The quality of a list or of a match"},
	}
}

// Purposeful checks the purpose of a search.
func Purposeful(code string) error {
	if slices.ContainsFunc(Purposes(), func(p Purpose) bool { return p.Code == code }) {
		return nil
	}
	return &border.Error{Code: border.Invalid, Op: "search for a person", Message: "Say what the search is for: choose a purpose."}
}
