package signin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/signin"
)

func TestSignInAndOut(t *testing.T) {
	r := newStation(t, staff()...)
	s := r.signIn("10-01", "1")
	if len(s.Token) != 43 || s.Principal.Badge != "1001" || s.Principal.Counter != "1" || !s.Principal.May(access.CounterWork) || s.Principal.Overdue {
		t.Errorf("signed in as %+v with a token of %d", s.Principal, len(s.Token))
	}
	p, err := r.s.Session(here, s.Token)
	must(t, err)
	if p.Badge != "1001" || p.Session != s.Principal.Session || !r.s.Still(here, s.Token) {
		t.Errorf("the session is %+v", p)
	}
	must(t, r.s.SignOut(here, s.Token))
	_, err = r.s.Session(here, s.Token)
	wantCode(t, "a session that has ended", err, border.Unauthenticated)
	r.restart()
	_, err = r.s.Session(here, s.Token)
	wantCode(t, "a session that has ended, after a restart", err, border.Unauthenticated)
	if r.audit.have(access.SignIn, "", "") != 1 || r.audit.have(access.SignOut, "", "") != 1 {
		t.Errorf("the audit is %+v", r.audit.all)
	}
}

func TestSwitch(t *testing.T) {
	r := newStation(t, staff()...)
	first, elsewhere := r.signIn("1001", "1"), r.signIn("1001", "2")
	second := r.signIn("1002", "1")
	_, err := r.s.Session(here, first.Token)
	wantCode(t, "who was at the counter before", err, border.Unauthenticated)
	for _, s := range []signin.Signed{elsewhere, second} {
		if _, err := r.s.Session(here, s.Token); err != nil {
			t.Error(err)
		}
	}
	if r.audit.have(access.SwitchUser, "", "") != 1 || r.audit.have(access.SignOut, "", "switched") != 1 {
		t.Errorf("the audit is %+v", r.audit.all)
	}
	_, err = r.s.SignIn(here, signin.In{Badge: "4001", PIN: goodPIN, Counter: "1"})
	wantCode(t, "a technician at a counter", err, border.Forbidden)
	if _, err := r.s.Session(here, second.Token); err != nil {
		t.Errorf("who may not work there has ended a session: %v", err)
	}
}

// A session goes on over a restart of the program, with its idle time.
func TestRestart(t *testing.T) {
	r := newStation(t, staff()...)
	s := r.signIn("1001", "1")
	r.time.pass(10 * time.Minute)
	r.restart()
	if !r.s.Still(here, s.Token) {
		t.Fatal("the session did not survive a restart")
	}
	r.time.pass(6 * time.Minute)
	_, err := r.s.Session(here, s.Token)
	if !errors.Is(err, signin.ErrLocked) {
		t.Errorf("idle for 16 minutes: %v", err)
	}
}

func TestIdle(t *testing.T) {
	r := newStation(t, staff()...)
	s, office := r.signIn("1001", "1"), r.signIn("2001", "")
	for range 5 {
		r.time.pass(14 * time.Minute)
		if _, err := r.s.Session(here, s.Token); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.s.Session(here, office.Token)
	if !errors.Is(err, signin.ErrNone) {
		t.Errorf("idle without a counter: %v", err)
	}
	r.time.pass(16 * time.Minute)
	if r.s.Still(here, s.Token) {
		t.Error("an idle session is still one")
	}
	_, err = r.s.Session(here, s.Token)
	if !errors.Is(err, signin.ErrLocked) || border.CodeOf(err) != border.Unauthenticated {
		t.Errorf("idle at a counter: %v", err)
	}
	r.restart()
	if _, err = r.s.Session(here, s.Token); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("a lock did not survive a restart: %v", err)
	}
	again := r.signIn("1001", "1")
	if again.Token == s.Token || r.audit.have(access.Unlock, "", "") != 1 {
		t.Errorf("the officer went on: %+v", r.audit.all)
	}
	if _, err = r.s.Session(here, s.Token); !errors.Is(err, signin.ErrNone) {
		t.Errorf("the old token: %v", err)
	}
}

// The wall clock neither ends nor prolongs a session.
func TestClocks(t *testing.T) {
	for _, jump := range []time.Duration{-10 * 365 * 24 * time.Hour, 10 * 365 * 24 * time.Hour} {
		r := newStation(t)
		r.expiry = 59 * 24 * time.Hour
		must(t, r.install(1, staff()...))
		s := r.signIn("1001", "1")
		r.time.set(jump)
		if !r.s.Still(here, s.Token) {
			t.Errorf("a clock moved by %v ended the session", jump)
		}
		for range 60 {
			r.time.pass(12*time.Minute + time.Second)
			_, err := r.s.Session(here, s.Token)
			if over := r.time.mono() >= 40*time.Minute+12*time.Hour; over != (err != nil) {
				t.Errorf("clock moved by %v, up %v: %v", jump, r.time.mono(), err)
			}
		}
	}
}

// After a night without power nobody is signed in as if nothing had been.
func TestBoot(t *testing.T) {
	r := newStation(t, staff()...)
	s, office := r.signIn("1001", "1"), r.signIn("2001", "")
	must(t, r.s.Close())
	r.time.boot(10 * time.Hour)
	r.open()
	if _, err := r.s.Session(here, s.Token); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("at a counter: %v", err)
	}
	if _, err := r.s.Session(here, office.Token); !errors.Is(err, signin.ErrNone) {
		t.Errorf("without a counter: %v", err)
	}
}

// A token moved to another browser ends the session; to another counter it opens nothing.
func TestTheft(t *testing.T) {
	r := newStation(t, staff()...)
	s := r.signIn("1001", "1")
	counter := func(c string) context.Context {
		return access.WithClient(here, access.Client{Address: "10.0.0.1", Agent: [32]byte{1}, Counter: at(c)})
	}
	if _, err := r.s.Session(counter("1"), s.Token); err != nil {
		t.Error(err)
	}
	_, err := r.s.Session(counter("2"), s.Token)
	if !errors.Is(err, signin.ErrMoved) || r.audit.have(access.SignIn, border.ActRefused, "other_counter") != 1 {
		t.Errorf("at another counter: %v; %+v", err, r.audit.all)
	}
	if _, err := r.s.Session(counter("1"), s.Token); err != nil {
		t.Errorf("at its own counter: %v", err)
	}
	thief := access.WithClient(here, access.Client{Address: "10.0.0.1", Agent: [32]byte{2}})
	_, err = r.s.Session(thief, s.Token)
	if !errors.Is(err, signin.ErrMoved) || r.audit.have(access.SignIn, border.ActRefused, "other_client") != 1 {
		t.Errorf("in another browser: %v; %+v", err, r.audit.all)
	}
	if r.s.Still(counter("1"), s.Token) {
		t.Error("a stolen session goes on")
	}
}

// A token that a client brings along is never taken for its session.
func TestFixation(t *testing.T) {
	r := newStation(t, staff()...)
	planted := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	before := r.signIn("1002", "")
	for _, brought := range []string{planted, before.Token, "", "x"} {
		s, err := r.s.SignIn(here, signin.In{Badge: "1001", PIN: goodPIN, Replaces: brought})
		must(t, err)
		if s.Token == brought {
			t.Errorf("the token %q was taken over", brought)
		}
	}
	if r.s.Still(here, planted) || r.s.Still(here, before.Token) {
		t.Error("what the client brought along opens a session")
	}
}

func TestManySessions(t *testing.T) {
	r := newStation(t, staff()...)
	first := r.signIn("1001", "")
	for range 5 {
		r.time.pass(time.Second)
		r.signIn("1001", "")
	}
	if r.s.Still(here, first.Token) || r.audit.have(access.SignOut, "", "too_many") != 1 {
		t.Errorf("six sessions of one officer: %+v", r.audit.all)
	}
}

// Who cannot be recorded is not let in.
func TestAuditFails(t *testing.T) {
	r := newStation(t, staff()...)
	r.audit.failWith(&border.Error{Code: border.StorageFull})
	s, err := r.s.SignIn(here, signin.In{Badge: "1001", PIN: goodPIN})
	wantCode(t, "signing in unrecorded", err, border.StorageFull)
	if s.Token != "" {
		t.Error("a token was given")
	}
	r.audit.failWith(nil)
	r.signIn("1001", "1")
}

func TestLock(t *testing.T) {
	r := newStation(t, staff()...)
	s := r.signIn("1001", "1")
	must(t, r.s.Lock(here, s.Token))
	if _, err := r.s.Session(here, s.Token); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("a locked session: %v", err)
	}
	r.time.pass(13 * time.Hour)
	must(t, r.s.Sweep(t.Context()))
	if _, err := r.s.Session(here, s.Token); !errors.Is(err, signin.ErrNone) {
		t.Errorf("a lock of 13 hours: %v", err)
	}
}
