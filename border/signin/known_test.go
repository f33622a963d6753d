package signin_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/access/roster"
	"garita/border/bordertest"
	"garita/border/signin"
)

func TestRosterSink(t *testing.T) {
	bordertest.RunRosterSinkSuite(t, func(t *testing.T) bordertest.RosterSinkFixture {
		r := newStation(t)
		forge := func(change func(*access.Roster), key ed25519.PrivateKey, to string) []byte {
			ro := access.Roster{Version: 9, Station: "PCA-1", Post: "PCA", IssuedAt: r.time.Now(), ExpiresAt: r.time.Now().Add(time.Hour), Officers: staff()}
			change(&ro)
			signed, err := roster.Sign(&ro, key)
			must(t, err)
			b, err := sealed{to}.Seal("roster", signed)
			must(t, err)
			return b
		}
		_, stranger, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		same := func(*access.Roster) {}
		return bordertest.RosterSinkFixture{Sink: r.s, Make: func(v uint64) []byte { return r.roster(v, staff()...) },
			Refused: map[string][]byte{
				"another signer":       forge(same, stranger, "PCA-1"),
				"sealed to another":    forge(same, r.key, "PCA-2"),
				"for another station":  forge(func(ro *access.Roster) { ro.Station = "PCA-2" }, r.key, "PCA-1"),
				"for another post":     forge(func(ro *access.Roster) { ro.Post = "BOC" }, r.key, "PCA-1"),
				"larger than may come": make([]byte, border.MaxRoster+1),
			},
			Reopen: func() border.RosterSink { r.restart(); return r.s }}
	})
}

// A revocation ends sessions at once; a renewal ends none.
func TestRevoked(t *testing.T) {
	r := newStation(t, staff()...)
	s, other := r.signIn("1001", "1"), r.signIn("1002", "2")
	changed := staff()
	changed[0].Revoked = r.time.Now()
	must(t, r.install(2, changed...))
	if r.audit.have(access.SignOut, "", "revoked") != 1 {
		t.Errorf("the audit is %+v", r.audit.all)
	}
	if r.s.Still(here, s.Token) || !r.s.Still(here, other.Token) {
		t.Error("the wrong sessions ended")
	}
	wantCode(t, "signing in again", r.try(here, "1001", goodPIN), border.Unauthenticated)
	if len(r.s.Officers()) != 3 || r.s.Now("1001") {
		t.Errorf("known are %+v", r.s.Officers())
	}
	for _, o := range r.s.Officers() {
		if o.PIN != "" || o.Passkeys != nil {
			t.Error("verifiers are given away")
		}
	}
}

// Past its expiry a roster still counts, with a supervisor's word where there is one.
func TestExpired(t *testing.T) {
	r := newStation(t, staff()...)
	if st := r.s.RosterState(); st.Version != 1 || st.Expired || st.Age != 0 {
		t.Errorf("the roster is %+v", st)
	}
	r.signIn("1001", "1")
	for range 71 {
		r.time.pass(time.Hour)
	}
	if st := r.s.RosterState(); st.Expired || st.Age != 71*time.Hour {
		t.Errorf("after 71 hours the roster is %+v", st)
	}
	mine := r.signIn("1001", "1")
	r.time.pass(61 * time.Minute)
	r.restart()
	if st := r.s.RosterState(); !st.Expired {
		t.Errorf("after 72 hours the roster is %+v", st)
	}
	_, err := r.s.SignIn(here, signin.In{Badge: "1001", PIN: goodPIN, Counter: "1"})
	wantCode(t, "without a supervisor", err, border.SecondNeeded)
	if _, err := r.s.Session(here, mine.Token); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("what was refused has ended another session: %v", err)
	}
	_, err = r.s.Approve(here, nil, access.SignIn, signin.In{Badge: "1002", PIN: goodPIN})
	wantCode(t, "an inspector's word", err, border.Forbidden)
	word, err := r.s.Approve(here, nil, access.SignIn, signin.In{Badge: "2001", PIN: goodPIN})
	must(t, err)
	s, err := r.s.SignIn(here, signin.In{Badge: "1001", PIN: goodPIN, Counter: "1", Approval: word})
	must(t, err)
	if !s.Principal.Overdue {
		t.Error("the session is not marked")
	}
	_, err = r.s.SignIn(here, signin.In{Badge: "1002", PIN: goodPIN, Counter: "2", Approval: word})
	wantCode(t, "the same word twice", err, border.SecondNeeded)
	s, err = r.s.SignIn(here, signin.In{Badge: "1002", PIN: goodPIN, Counter: "2", Awaiting: "The supervisor is on leave."})
	must(t, err)
	if !s.Principal.Overdue || r.audit.have(access.SignIn, border.ActAwaiting, "roster_expired") != 1 {
		t.Errorf("without anybody to reach: %+v", r.audit.all)
	}
	if s := r.signIn("2001", "3"); !s.Principal.Overdue {
		t.Error("the only supervisor is not marked")
	}
	must(t, r.install(2, staff()...))
	if p, err := r.s.Session(here, s.Token); err != nil || p.Overdue {
		t.Errorf("after a new roster: %+v, %v", p, err)
	}
}

// A clock set back keeps no roster young, one set ahead closes nothing.
func TestExpiryClocks(t *testing.T) {
	r := newStation(t, staff()...)
	r.time.set(-10 * 365 * 24 * time.Hour)
	r.time.pass(73 * time.Hour)
	if !r.s.RosterState().Expired {
		t.Error("a clock set back keeps a roster young")
	}
	r = newStation(t, officer("1001", access.Inspector))
	r.time.set(10 * 365 * 24 * time.Hour)
	if s := r.signIn("1001", "1"); !s.Principal.Overdue {
		t.Error("the session is not marked")
	}
}

// Without any roster nobody is known, and nothing breaks.
func TestNoRoster(t *testing.T) {
	r := newStation(t)
	wantCode(t, "without a roster", r.try(here, "1001", goodPIN), border.Unauthenticated)
	if st := r.s.RosterState(); st.Version != 0 || st.Expired {
		t.Errorf("the roster is %+v", st)
	}
	if len(r.s.Officers()) != 0 {
		t.Error("somebody is known")
	}
}

// A new PIN or another role locks the counter: the officer goes on with the new PIN, under a new
// token.
func TestPrivileges(t *testing.T) {
	for what, change := range map[string]func(o *access.Officer){
		"PIN":         func(o *access.Officer) { o.PIN = cheap[newPIN] },
		"role":        func(o *access.Officer) { o.Roles = []access.Role{access.Inspector, access.Supervisor} },
		"must change": func(o *access.Officer) { o.MustChange = true },
	} {
		r := newStation(t, staff()...)
		s := r.signIn("1001", "1")
		changed := staff()
		change(&changed[0])
		must(t, r.install(2, changed...))
		if _, err := r.s.Session(here, s.Token); !errors.Is(err, signin.ErrLocked) {
			t.Errorf("%s: %v", what, err)
		}
		if r.audit.have(access.LockSession, "", "account_changed") != 1 {
			t.Errorf("%s: the audit is %+v", what, r.audit.all)
		}
		p := goodPIN
		if what == "PIN" {
			p = newPIN
		}
		again, err := r.s.SignIn(here, signin.In{Badge: "1001", PIN: p, Counter: "1"})
		must(t, err)
		if again.Principal.May(access.CounterWork) == (what == "must change") {
			t.Errorf("%s: %+v", what, again.Principal)
		}
	}
}

// Accounts of the demonstration work in it.
func TestDemo(t *testing.T) {
	r := newStation(t)
	must(t, r.s.Close())
	r.cfg.Demo = true
	r.open()
	o := officer("1001", access.Inspector)
	o.Demo = true
	must(t, r.install(1, o))
	if s := r.signIn("1001", "1"); !s.Principal.Demo {
		t.Error("the session is not marked")
	}
}

// A passkey that was added at the hub works at a station that nothing connects.
func TestPasskeyAtStation(t *testing.T) {
	h := newHub(t)
	a := h.register("3001")
	r := newStation(t)
	must(t, r.s.Close())
	r.cfg.RPID, r.cfg.Origins = rpID, []string{"https://pca-1.garita.example"}
	r.open()
	var o access.Officer
	for _, known := range h.accounts.Known().Officers {
		if known.Badge == "3001" {
			o = known
		}
	}
	o.Roles = []access.Role{access.Inspector}
	must(t, r.install(1, o))
	sign := func() error {
		name, options, err := r.s.BeginSignIn(here)
		must(t, err)
		s, err := r.s.FinishSignIn(here, name, a.get(options), signin.In{Counter: "1"})
		if err == nil && (s.Principal.Badge != "3001" || s.Principal.Counter != "1") {
			t.Errorf("signed in as %+v", s.Principal)
		}
		return err
	}
	wantCode(t, "an answer for the hub's page", sign(), border.Unauthenticated)
	a.origin = "https://pca-1.garita.example"
	must(t, sign())
	r.restart()
	must(t, sign())
	a.count--
	wantCode(t, "a copied passkey", sign(), border.Unauthenticated)
}
