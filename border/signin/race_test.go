package signin_test

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/access/pin"
	"garita/border/signin"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// Tries at once gain nothing: no more are checked than one after the other.
func TestAtOnce(t *testing.T) {
	r := newStation(t, staff()...)
	var group sync.WaitGroup
	var checked atomic.Int64
	for range 40 {
		group.Go(func() {
			if err := r.try(here, "1001", otherPIN); border.CodeOf(err) == border.Unauthenticated {
				checked.Add(1)
			}
		})
	}
	group.Wait()
	if n := checked.Load(); n != 5 {
		t.Errorf("of 40 tries at once %d were checked, want 5", n)
	}
}

// Everything at once: sessions, switches, rosters, sweeps, second persons.
func TestTogether(t *testing.T) {
	r := newStation(t, staff()...)
	var group sync.WaitGroup
	each := func(n int, f func(i int)) {
		group.Go(func() {
			for i := range n {
				f(i)
			}
		})
	}
	var mu sync.Mutex
	tokens := []signin.Signed{}
	for _, badge := range []string{"1001", "1002", "2001"} {
		each(15, func(i int) {
			s, err := r.s.SignIn(here, signin.In{Badge: badge, PIN: goodPIN, Counter: at(fmt.Sprint(i % 3))})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			tokens = append(tokens, s)
			mu.Unlock()
		})
	}
	each(200, func(i int) {
		mu.Lock()
		defer mu.Unlock()
		if len(tokens) > 0 {
			s := tokens[i%len(tokens)]
			_, _ = r.s.Session(here, s.Token)
			_ = r.s.Still(here, s.Token)
		}
	})
	each(20, func(i int) {
		must(t, r.install(uint64(i+2), staff()...))
		must(t, r.s.Sweep(t.Context()))
		r.time.pass(time.Second)
	})
	each(10, func(int) {
		p := &access.Principal{Badge: "1001", Session: "x"}
		word, err := r.s.Approve(here, p, access.RefuseEntry, signin.In{Badge: "2001", PIN: goodPIN})
		if err == nil {
			_, err = r.s.Redeem(here, p, access.RefuseEntry, word)
		}
		if err != nil {
			t.Error(err)
		}
	})
	group.Wait()
	live := map[border.CounterID]int{}
	for _, s := range tokens {
		if r.s.Still(here, s.Token) {
			live[s.Principal.Counter]++
		}
	}
	for c, n := range live {
		if n != 1 {
			t.Errorf("counter %s has %d sessions", c, n)
		}
	}
	if len(live) != 3 {
		t.Errorf("%d counters have a session, want 3", len(live))
	}
}

// BenchmarkSignIn is what an officer waits for: the PIN at its real cost, and what is written
// before the answer.
func BenchmarkSignIn(b *testing.B) {
	people := staff()
	v, err := pin.New(1, time.Minute).Make(b.Context(), goodPIN)
	must(b, err)
	people[0].PIN = v
	r := newStation(b, people...)
	for b.Loop() {
		r.signIn("1001", "1")
	}
}

// BenchmarkSignInWithoutPIN is the same with a verifier that costs nothing: what is written.
func BenchmarkSignInWithoutPIN(b *testing.B) {
	r := newStation(b, staff()...)
	for b.Loop() {
		r.signIn("1001", "1")
	}
}

// BenchmarkSession is what every request pays.
func BenchmarkSession(b *testing.B) {
	r := newStation(b, staff()...)
	s := r.signIn("1001", "1")
	for b.Loop() {
		_, err := r.s.Session(here, s.Token)
		must(b, err)
	}
}
