package access

import (
	"context"
	"time"

	"garita/border"
)

// Principal is who is signed in.
type Principal struct {
	Badge    string
	Name     string
	Roles    []Role
	Language string           // es, en, fr or ht; "" if the officer has none
	Session  string           // names the session in the audit; it opens nothing
	Counter  border.CounterID // where the session works; "" at the hub and in the workshop
	SignedIn time.Time
	// Overdue says that the roster by which the officer was known had expired: what is done is
	// reviewed later.
	Overdue bool
	// Demo says that the account is one of the demonstration.
	Demo bool
	// MustChange says that the PIN was given by somebody else: nothing but changing it is allowed.
	MustChange bool
}

// May reports whether the principal is allowed an action.
func (p *Principal) May(a Action) bool {
	if p == nil || p.MustChange && a != OwnPIN && a != SignOut {
		return a == Public
	}
	return a == Public || May(p.Roles, a)
}

type contextKey struct{}

// With gives a context that carries who is signed in.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns who is signed in; nil if nobody is.
func From(ctx context.Context) *Principal {
	p, _ := ctx.Value(contextKey{}).(*Principal)
	return p
}

// Sessions finds who a session's token belongs to. Implemented by border/signin, used by ui/gate.
type Sessions interface {
	// Session returns who is signed in by a token, and counts the request as activity.
	// [border.Unauthenticated]: by nobody, any more or yet.
	// Which client asks is in the context ([ClientFrom]): a token that was made for another one
	// opens nothing.
	Session(ctx context.Context, token string) (*Principal, error)
	// Still reports whether a token still opens the session that it opened before: it has not
	// ended, is not locked, and its officer's account and roles are as they were. It is no
	// activity; live streams ask it at every heartbeat.
	Still(ctx context.Context, token string) bool
}

// Client is who asks, as far as a session is bound to it.
type Client struct {
	Agent   [32]byte // SHA-256 of the User-Agent header
	Address string   // IP address, for limits; never recorded
	// Counter is the one that the request is about; "": about none. A session at a counter does not
	// reach another one.
	Counter border.CounterID
}

type clientKey struct{}

// WithClient gives a context that carries which client asks.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientFrom returns which client asks; zero for one within this program.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

type stillKey struct{}

// WithStill gives a context that can tell whether who is signed in still is.
func WithStill(ctx context.Context, still func() bool) context.Context {
	return context.WithValue(ctx, stillKey{}, still)
}

// Still returns what tells whether who is signed in still is, for work that outlives its request;
// nil if nobody was signed in.
func Still(ctx context.Context) func() bool {
	f, _ := ctx.Value(stillKey{}).(func() bool)
	return f
}

type passKey struct{}

// WithPass gives a context that can ask whether who is signed in may read another path as well.
func WithPass(ctx context.Context, pass func(path string) error) context.Context {
	return context.WithValue(ctx, passKey{}, pass)
}

// Pass asks whether who is signed in may read another path of the same program, which one answer is to
// hold the content of; a refusal is written down as if the path had been asked for by itself. Where no gate
// stands it is [border.Forbidden].
func Pass(ctx context.Context, path string) error {
	if pass, ok := ctx.Value(passKey{}).(func(string) error); ok {
		return pass(path)
	}
	return &border.Error{Code: border.Forbidden, Op: "read another path"}
}

// Seconds redeems the word of a second person. Implemented by border/signin.
type Seconds interface {
	// Redeem returns the badge of who has agreed, with a credential of their own, to this action
	// of this principal. A token counts once, for two minutes, and never for oneself.
	Redeem(ctx context.Context, p *Principal, a Action, token string) (badge string, err error)
}
