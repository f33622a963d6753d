package lookup

import (
	"sync"
	"time"

	"garita/border"
)

// breaker stops asking a service that fails again and again, and tries it with one question
// after a while.
type breaker struct {
	clock border.Clock
	after int           // failures in a row that open it
	pause time.Duration // that it stays open

	mu     sync.Mutex // guards the rest
	failed int
	until  time.Time // open until then; zero: closed
	trying bool      // the one question is under way
}

// allow reports whether the service may be asked, and whether that is the one question; then done
// must be called.
func (b *breaker) allow() (ok, trial bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return true, false
	}
	if left := b.until.Sub(b.clock.Now()); b.trying || left > 0 && left <= b.pause { // more: the clock was set back
		return false, false
	}
	b.trying = true
	return true, true
}

// done says how the question ended. A question that was given up by its asker says nothing of
// the service, and while it is left alone only the one question counts: others are from before.
func (b *breaker) done(ok, gaveUp, trial bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if trial {
		b.trying = false
	}
	switch {
	case !trial && !b.until.IsZero():
	case ok:
		b.failed, b.until = 0, time.Time{}
	case gaveUp:
	default:
		if b.failed++; b.failed >= b.after {
			b.until = b.clock.Now().Add(b.pause)
		}
	}
}

// bucket gives tokens at a steady rate, with a reserve: it limits questions, and retries to a
// share of them.
type bucket struct {
	clock border.Clock
	rate  float64 // tokens per second
	most  float64

	mu   sync.Mutex // guards the rest
	have float64
	at   time.Time
}

func newBucket(clock border.Clock, rate, most float64) *bucket {
	return &bucket{clock: clock, rate: rate, most: most, have: most, at: clock.Now()}
}

// take takes a token, if there is one.
func (b *bucket) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.have = min(b.most, b.have+passed*b.rate)
	}
	b.at = now
	if b.have < 1 {
		return false
	}
	b.have--
	return true
}

// put adds a part of a token.
func (b *bucket) put(part float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.have = min(b.most, b.have+part)
}
