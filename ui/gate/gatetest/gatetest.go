// Package gatetest signs people in for the tests of pages, which have no border/signin: before them
// stands a real gate, whose sessions are what their tokens say.
package gatetest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/gate"
)

// Cookie is the cookie of these sessions.
var Cookie = gate.NewCookie("garita_test", false)

// New makes a gate before a program's routes. Nothing is limited.
func New(t testing.TB, routes *access.Routes, acts *Acts, change ...func(*gate.Config)) fiber.Handler {
	t.Helper()
	many := gate.Limit{Burst: 1e9}
	cfg := gate.Config{Sessions: &Sessions{}, Audit: acts, Routes: routes, Cookie: Cookie, Mono: func() time.Duration { return 0 },
		Limits: gate.Limits{Client: many, SignIn: many, Session: many, Refused: many}}
	for _, f := range change {
		f(&cfg)
	}
	h, err := gate.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Token makes the token of who is signed in at a counter, "" at none.
func Token(badge string, counter border.CounterID, roles ...access.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return badge + "/" + string(counter) + "/" + strings.Join(words, "+")
}

// MustChange makes a token one of somebody whose PIN was given by somebody else.
func MustChange(token string) string { return token + "/must-change" }

// Header is the Cookie header of a token.
func Header(token string) string { return Cookie.Name() + "=" + token }

// Sessions are what their tokens say, until they are ended.
type Sessions struct{ ended sync.Map }

// End ends the session of a token.
func (s *Sessions) End(token string) { s.ended.Store(token, true) }

// Session implements [access.Sessions].
func (s *Sessions) Session(ctx context.Context, token string) (*access.Principal, error) {
	part := strings.Split(token, "/")
	if len(part) < 3 || !s.Still(ctx, token) {
		return nil, access.Nobody("find a session")
	}
	p := &access.Principal{Badge: part[0], Name: "Officer " + part[0], Counter: border.CounterID(part[1]), Session: "session of " + part[0], MustChange: len(part) > 3}
	for r := range strings.SplitSeq(part[2], "+") {
		p.Roles = append(p.Roles, access.Role(r))
	}
	return p, nil
}

// Still implements [access.Sessions].
func (s *Sessions) Still(_ context.Context, token string) bool {
	_, ended := s.ended.Load(token)
	return !ended
}

// Seconds redeems each token to the badge that it is.
type Seconds struct{}

// Redeem implements [access.Seconds].
func (Seconds) Redeem(_ context.Context, p *access.Principal, _ access.Action, token string) (string, error) {
	if border.SameBadge(token) == border.SameBadge(p.Badge) {
		return "", &border.Error{Code: border.Forbidden, Op: "redeem", Message: "The second person must be another one."}
	}
	return token, nil
}

// Acts is an auditor that remembers.
type Acts struct {
	mu  sync.Mutex // guards what follows
	all []border.Act
	err error
}

// Audit implements [border.Auditor].
func (a *Acts) Audit(_ context.Context, act border.Act) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.all = append(a.all, act)
	}
	return a.err
}

// Fail makes acts fail from now on; nil: no more.
func (a *Acts) Fail(err error) { a.mu.Lock(); defer a.mu.Unlock(); a.err = err }

// Told takes what was audited since it was asked last.
func (a *Acts) Told() []border.Act {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.all
	a.all = nil
	return all
}

// As signs everybody in by a token, without a gate, unless they bring one of their own.
func As(token string) fiber.Handler {
	var s Sessions
	return func(c *fiber.Ctx) error {
		t := Cookie.Token(c)
		if t == "" {
			t = token
		}
		if p, err := s.Session(c.UserContext(), t); err == nil {
			c.SetUserContext(access.WithPass(access.With(c.UserContext(), p), func(string) error { return nil }))
		}
		return c.Next()
	}
}

// Always gives every request that brings no token this one; it stands before a gate.
func Always(token string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if Cookie.Token(c) == "" {
			c.Request().Header.SetCookie(Cookie.Name(), token)
		}
		return c.Next()
	}
}
