package enrol

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/enrolment"
)

func (r *rig) renew(id enrolment.Identity) (enrolment.Identity, error) {
	r.t.Helper()
	return Renew(r.t.Context(), &id, r.secure(r.clock, of(id)), "garita-post test")
}

func TestRenew(t *testing.T) {
	r := newRig(t)
	old := r.enrolled()
	r.clock.add(50 * day)
	id, err := r.renew(old)
	check(t, err)
	check(t, id.Validate())
	if !id.Grant.Expires.After(old.Grant.Expires) || id.SignPublic().Equal(old.SignPublic()) || string(id.NATSSeed) == string(old.NATSSeed) {
		t.Error("not new")
	}
	if len(id.Previous) != 1 || string(id.Previous[0]) != string(old.SignPublic()) {
		t.Error("the old signing key is forgotten")
	}
	// The answer was lost, or not kept: the old ones still renew.
	again, err := r.renew(old)
	check(t, err)
	// Once the new ones were seen the old ones do not.
	if _, err := hello(t.Context(), r.url, r.secure(r.clock, of(again))); err != nil {
		t.Fatal(err)
	}
	if _, err := r.renew(old); err == nil {
		t.Error("the old ones renew after the new ones were seen")
	}
	if _, err := r.renew(again); err != nil {
		t.Errorf("the new ones: %v", err)
	}
}

// Off for months: thirty days after its end a certificate still renews, and no longer.
func TestRenewLate(t *testing.T) {
	r := newRig(t)
	old := r.enrolled()
	r.clock.add(old.Grant.Expires.Sub(noon) + enrolment.LateFor*day)
	if _, err := r.renew(old); err != nil {
		t.Errorf("after thirty days: %v", err)
	}
	r.clock.add(time.Second)
	_, err := r.renew(old)
	wants(t, "later than that", err, border.Forbidden)
	if _, err := Time(t.Context(), r.url, r.secure(r.clock, of(old))); err != nil {
		t.Errorf("the time: %v", err)
	}
}

func TestRenewRefused(t *testing.T) {
	r := newRig(t)
	old := r.enrolled()
	other := newRig(t)
	stranger := other.enrolled() // of another hub, which calls it the same
	stranger.URL = r.url
	if _, err := Renew(t.Context(), &stranger, r.secure(r.clock, of(stranger)), ""); err == nil {
		t.Error("another hub's station renewed")
	}
	forged := old
	forged.SignSeed = make([]byte, 32)
	_, err := Renew(t.Context(), &forged, r.secure(r.clock, of(old)), "")
	wants(t, "another signing key", err, border.Forbidden)
	_, err = Renew(t.Context(), &old, r.secure(r.clock, nil), "")
	wants(t, "without its certificate", err, border.Unauthenticated)
	r.mu.Lock()
	r.revoked = true
	r.mu.Unlock()
	_, err = r.renew(old)
	wants(t, "a revoked station", err, border.Forbidden)
	if _, granted := r.counts(); granted != 1 {
		t.Errorf("%d grants", granted)
	}
}

// A signed request counts on its own connection alone.
func TestRenewReplayed(t *testing.T) {
	r := newRig(t)
	id := r.enrolled()
	q, _, err := enrolment.MakeKeys("", nil)
	check(t, err)
	body, err := json.Marshal(q)
	check(t, err)
	sum := sha256.Sum256(body)
	open := func() *tls.Conn {
		c, err := tls.Dial("tcp", r.addr, r.secure(r.clock, of(id)))
		check(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	first, second := open(), open()
	signed := map[string]string{headerSignature: spell(id.Sign(enrolment.RenewMessage(bound(t, first), sum[:])))}
	if status, answer := say(t, second, pathRenew, body, signed); status != http.StatusForbidden {
		t.Errorf("on another connection: %d %s", status, answer)
	}
	if status, answer := say(t, first, pathRenew, body, signed); status != http.StatusOK {
		t.Errorf("on its own: %d %s", status, answer)
	}
}

// trusted is a station's clock, and how far it is believed.
type trusted struct {
	*testClock
	state border.TrustState
}

func (c trusted) Trust() border.ClockTrust { return border.ClockTrust{State: c.state} }

// A clock that is wrong by years fetches the time, and renews when the hub's clock says so.
func TestWrongClock(t *testing.T) {
	for _, years := range []int{-10, 10} {
		r := newRig(t)
		id := r.enrolled()
		clock := trusted{&testClock{now: noon.AddDate(years, 0, 0)}, border.ClockUntrusted}
		var measured time.Duration
		kept := 0
		n, err := NewRenewer(RenewerConfig{Identity: func() enrolment.Identity { return id }, Clock: clock,
			Keep: func(i enrolment.Identity) error { id, kept = i, kept+1; return nil },
			TLS:  r.secure(clock, func() enrolment.Identity { return id }), Measured: func(d time.Duration) { measured = d }})
		check(t, err)
		if did, err := n.Look(t.Context()); did || err != nil {
			t.Fatalf("%d years: renewed %v, %v", years, did, err)
		}
		if want := noon.Sub(clock.Now()); measured != want {
			t.Errorf("%d years: measured %s, want %s", years, measured, want)
		}
		r.clock.add(46 * day)
		if did, err := n.Look(t.Context()); !did || err != nil || kept != 1 {
			t.Fatalf("%d years, 46 days later: renewed %v, kept %d, %v", years, did, kept, err)
		}
		if _, err := r.renew(id); err != nil {
			t.Errorf("what was kept does not count: %v", err)
		}
	}
}

// A new identity that could not be kept is not used: the old one counts until one is.
func TestKeepFails(t *testing.T) {
	r := newRig(t)
	id := r.enrolled()
	full := errors.New("disk full")
	n, err := NewRenewer(RenewerConfig{Identity: func() enrolment.Identity { return id }, Clock: r.clock,
		Keep: func(i enrolment.Identity) error {
			if full == nil {
				id = i
			}
			return full
		},
		TLS: r.secure(r.clock, func() enrolment.Identity { return id })})
	check(t, err)
	r.clock.add(60 * day)
	if did, err := n.Look(t.Context()); did || err == nil || n.Problem() == "" {
		t.Fatalf("renewed %v, %v, %q", did, err, n.Problem())
	}
	full = nil
	if did, err := n.Look(t.Context()); !did || err != nil || n.Problem() != "" {
		t.Errorf("then: renewed %v, %v, %q", did, err, n.Problem())
	}
	// The hub has seen the new one: it is the one that counts.
	r.mu.Lock()
	defer r.mu.Unlock()
	if string(r.keys.Sign) != string(id.SignPublic()) {
		t.Error("the hub has not seen the new keys")
	}
}

// The renewer goes on while the hub is away, renews when it is back, and ends when it is told to.
func TestRenewerRuns(t *testing.T) {
	r := newRig(t)
	id := r.enrolled()
	r.clock.add(60 * day)
	away := id
	away.URL = "https://127.0.0.1:1"
	var mu sync.Mutex
	current := away
	done := make(chan struct{})
	n, err := NewRenewer(RenewerConfig{Clock: r.clock, Every: 20 * time.Millisecond,
		Identity: func() enrolment.Identity { mu.Lock(); defer mu.Unlock(); return current },
		Keep: func(i enrolment.Identity) error {
			mu.Lock()
			defer mu.Unlock()
			current = i
			close(done)
			return nil
		},
		TLS: r.secure(r.clock, func() enrolment.Identity { mu.Lock(); defer mu.Unlock(); return current })})
	check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	for n.Problem() == "" {
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	current = id
	mu.Unlock()
	<-done
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
