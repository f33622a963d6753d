package signin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/signin"
)

func (r *station) try(ctx context.Context, badge, pin string) error {
	_, err := r.s.SignIn(ctx, signin.In{Badge: badge, PIN: pin})
	return err
}

// Every wrong thing gets the same answer.
func TestWrong(t *testing.T) {
	gone := officer("1009", access.Inspector)
	gone.Revoked = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	demo := officer("1008", access.Inspector)
	demo.Demo = true
	elsewhere := officer("1007", access.Inspector)
	elsewhere.Posts = []border.PostID{"BOC"}
	noPIN := officer("1006", access.Inspector)
	noPIN.PIN = ""
	r := newStation(t, append(staff(), gone, demo, elsewhere, noPIN)...)
	said := map[string]bool{}
	for what, in := range map[string][2]string{
		"wrong PIN": {"1001", otherPIN}, "unknown": {"7777", goodPIN}, "empty": {"", ""}, "no PIN": {"1002", ""}, "revoked": {"1009", goodPIN},
		"demo": {"1008", goodPIN}, "other post": {"1007", goodPIN}, "without PIN": {"1006", goodPIN}, "letters": {"2001", "abcdef"},
		"long": {strings.Repeat("9", 500), strings.Repeat("1", 500)}, "decoy": {"1003", "\x00"},
	} {
		err := r.try(here, in[0], in[1])
		wantCode(t, what, err, border.Unauthenticated)
		if err != nil {
			said[err.Error()] = true
		}
	}
	if len(said) != 1 {
		t.Errorf("the answers differ: %v", said)
	}
	for _, a := range r.audit.all {
		if a.Action == string(access.SignIn) && (a.Officer == "7777" || strings.Contains(a.Object+a.Text, "7777")) {
			t.Errorf("what nobody has was told: %+v", a)
		}
	}
	for _, reason := range []string{"wrong_pin", "unknown_badge", "revoked", "demo", "other_post"} {
		if r.audit.have(access.SignIn, border.ActRefused, reason) == 0 {
			t.Errorf("the audit has no %s", reason)
		}
	}
	must(t, r.try(here, "1001", goodPIN))
}

func TestDelay(t *testing.T) {
	r := newStation(t, staff()...)
	for i := range 5 {
		wantCode(t, fmt.Sprint("wrong try ", i+1), r.try(here, "1001", otherPIN), border.Unauthenticated)
	}
	wait := time.Minute
	for i := 5; i < 10; i++ {
		wantCode(t, "the right PIN, too early", r.try(here, "1001", goodPIN), border.TooMany)
		r.time.set(1000 * time.Hour) // a clock set forward opens nothing
		wantCode(t, "with the clock set forward", r.try(here, "1001", goodPIN), border.TooMany)
		r.time.set(-1000 * time.Hour)
		r.restart()
		r.time.pass(wait - 2*time.Second)
		wantCode(t, "after a restart, two seconds too early", r.try(here, "1001", goodPIN), border.TooMany)
		r.time.pass(3 * time.Second)
		wantCode(t, fmt.Sprint("wrong try ", i+1), r.try(here, "1001", otherPIN), border.Unauthenticated)
		wait *= 2
	}
	r.time.pass(30 * 24 * time.Hour)
	r.at = r.time.Now()
	must(t, r.install(2, staff()...))
	wantCode(t, "locked for good", r.try(here, "1001", goodPIN), border.TooMany)
	must(t, r.try(here, "1002", goodPIN)) // nobody else is

	wantCode(t, "an inspector opens it", r.s.Unlock(here, "1001", signin.In{Badge: "1002", PIN: goodPIN}), border.Forbidden)
	wantCode(t, "a wrong PIN opens it", r.s.Unlock(here, "1001", signin.In{Badge: "2001", PIN: otherPIN}), border.Unauthenticated)
	wantCode(t, "nobody opens it", r.s.Unlock(here, "1001", signin.In{}), border.Unauthenticated)
	must(t, r.s.Unlock(here, "1001", signin.In{Badge: "2001", PIN: goodPIN}))
	must(t, r.try(here, "1001", goodPIN))
	wantCode(t, "what is not locked", r.s.Unlock(here, "1001", signin.In{Badge: "2001", PIN: goodPIN}), border.NotFound)
	if r.audit.have(access.LockSession, "", "wrong_pin") == 0 || r.audit.have(access.Unlock, "", "") != 1 {
		t.Errorf("the audit is %+v", r.audit.all)
	}
}

// A right PIN takes the wrong ones back.
func TestForgiven(t *testing.T) {
	r := newStation(t, staff()...)
	for range 6 {
		for range 4 {
			wantCode(t, "wrong", r.try(here, "1001", otherPIN), border.Unauthenticated)
		}
		must(t, r.try(here, "1001", goodPIN))
		r.time.pass(90 * time.Second)
	}
}

// A machine started anew has not waited.
func TestDelayOverBoot(t *testing.T) {
	r := newStation(t, staff()...)
	for range 5 {
		_ = r.try(here, "1001", otherPIN)
	}
	must(t, r.s.Close())
	r.time.boot(5 * time.Hour)
	r.open()
	wantCode(t, "after five hours without power", r.try(here, "1001", goodPIN), border.TooMany)
	r.time.pass(time.Minute)
	must(t, r.try(here, "1001", goodPIN))
}

// With nobody who could open it the lock lasts a day.
func TestAlone(t *testing.T) {
	r := newStation(t)
	r.expiry = 50 * 24 * time.Hour
	must(t, r.install(1, officer("1001", access.Inspector)))
	for i := range 10 {
		wantCode(t, fmt.Sprint("try ", i+1), r.try(here, "1001", otherPIN), border.Unauthenticated)
		r.time.pass(time.Hour)
	}
	r.time.pass(22 * time.Hour)
	wantCode(t, "after 23 hours", r.try(here, "1001", goodPIN), border.TooMany)
	r.restart()
	r.time.pass(time.Hour + time.Second)
	must(t, r.try(here, "1001", goodPIN))
}

// A new PIN from the hub opens the lock.
func TestResetOpens(t *testing.T) {
	r := newStation(t, staff()...)
	for range 10 {
		_ = r.try(here, "1001", otherPIN)
		r.time.pass(time.Hour)
	}
	wantCode(t, "locked", r.try(here, "1001", goodPIN), border.TooMany)
	changed := staff()
	changed[0].PIN = cheap[newPIN]
	must(t, r.install(2, changed...))
	wantCode(t, "the old PIN", r.try(here, "1001", goodPIN), border.Unauthenticated)
	must(t, r.try(here, "1001", newPIN))
}

// A thousand tries, with restarts, of a thief who waits as little as possible: few are checked.
func TestBruteForce(t *testing.T) {
	r := newStation(t, staff()...)
	checked := 0
	for i := range 1000 {
		guess := fmt.Sprintf("%06d", 100_000+i*37)
		switch err := r.try(here, "1001", guess); border.CodeOf(err) {
		case border.Unauthenticated:
			checked++
		case border.TooMany:
		default:
			t.Fatalf("try %d: %v", i, err)
		}
		r.time.pass(time.Minute)
		if i%100 == 0 {
			r.restart()
		}
	}
	if checked != 10 {
		t.Errorf("of 1000 tries %d were checked, want 10", checked)
	}
	if n := len(r.audit.all); n > 1100 {
		t.Errorf("1000 tries made %d acts", n)
	}
}

// One client that goes from badge to badge is held as well.
func TestClient(t *testing.T) {
	r := newStation(t, staff()...)
	checked := 0
	for i := range 100 {
		if err := r.try(from("2001:db8::"+fmt.Sprint(i)), fmt.Sprint(5000+i), goodPIN); border.CodeOf(err) == border.Unauthenticated {
			checked++
		}
		if i == 50 {
			r.restart()
		}
	}
	if checked != 30 {
		t.Errorf("%d badges were tried from one client, want 30", checked)
	}
	wantCode(t, "the right PIN from there", r.try(from("2001:db8::1"), "1001", goodPIN), border.TooMany)
	must(t, r.try(from("10.0.0.2"), "1001", goodPIN))
	r.time.pass(20 * time.Second)
	must(t, r.try(from("2001:db8::1"), "1001", goodPIN))
}

// A badge that nobody has is answered like one that somebody has, try by try.
func TestStranger(t *testing.T) {
	r := newStation(t, staff()...)
	for i := range 14 {
		known, stranger := r.try(from("10.0.1.1"), "1001", otherPIN), r.try(from("10.0.1.2"), "7777", otherPIN)
		if known.Error() != stranger.Error() || border.CodeOf(known) != border.CodeOf(stranger) {
			t.Errorf("try %d: %v, and %v", i+1, known, stranger)
		}
		r.time.pass(10 * time.Minute)
	}
}

// What is remembered of strangers is bounded, and known badges keep their locks.
func TestManyStrangers(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of tries")
	}
	r := newStation(t, staff()...)
	for range 5 {
		_ = r.try(here, "1001", otherPIN)
	}
	for i := range 2100 {
		_ = r.try(from(fmt.Sprintf("10.%d.%d.1", i/250, i%250)), fmt.Sprint("X", i), otherPIN)
	}
	wantCode(t, "the lock of a known badge", r.try(here, "1001", goodPIN), border.TooMany)
	if a, c := r.s.Remembered(); a > 2005 || c > 2000 {
		t.Errorf("%d badges and %d clients are remembered", a, c)
	}
}

// Who was not checked because others were is not held for wrong.
func TestBusy(t *testing.T) {
	r := newStation(t, staff()...)
	r.s.Busy()
	for range 50 {
		wantCode(t, "nobody is checked", r.try(here, "1001", goodPIN), border.TooMany)
	}
	r.restart()
	must(t, r.try(here, "1001", goodPIN))
}
