package gate

import (
	"net/netip"
	"sync"
	"time"
)

// Limit is a token bucket's: so many at once, and then so many a second.
type Limit struct {
	Burst     float64
	PerSecond float64
}

// limiter keeps a bucket for each of a bounded number of names.
type limiter struct {
	limit Limit
	mono  func() time.Duration

	mu sync.Mutex
	// Two generations: when the younger is full it becomes the elder, and what nobody asked for
	// since is forgotten. A forgotten bucket is full again, so the bound is generous.
	young, old map[string]bucket
}

type bucket struct {
	left float64
	at   time.Duration
}

// maxNames bounds one generation.
const maxNames = 4096

func newLimiter(l Limit, mono func() time.Duration) *limiter {
	return &limiter{limit: l, mono: mono, young: map[string]bucket{}}
}

// take reports whether one more is allowed.
func (l *limiter) take(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.mono()
	b, ok := l.young[name]
	if !ok {
		if b, ok = l.old[name]; !ok {
			b = bucket{left: l.limit.Burst, at: now}
		}
		if len(l.young) >= maxNames {
			l.young, l.old = map[string]bucket{}, l.young
		}
	}
	b.left = min(l.limit.Burst, b.left+(now-b.at).Seconds()*l.limit.PerSecond)
	b.at = now
	allowed := b.left >= 1
	if allowed {
		b.left--
	}
	l.young[name] = b
	return allowed
}

// client names who stands behind an address: of IPv6 the network, for whoever has one address of
// it has them all.
func client(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
