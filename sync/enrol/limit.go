package enrol

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// rate is a bucket's size and how long one use takes to come back.
type rate struct {
	size int
	each time.Duration
}

// maxAddresses bounds how many addresses are told apart; the rest share one bucket.
const maxAddresses = 4096

// sweepEvery is how often the addresses that have waited long enough are looked for.
const sweepEvery = time.Second

// limiter lets each address, and all together, do something at a rate. Safe for concurrent use.
type limiter struct {
	mono func() time.Duration
	one  rate
	all  rate

	mu      sync.Mutex // guards what follows
	buckets map[netip.Addr]*bucket
	rest    bucket
	total   bucket
	swept   time.Duration // when full buckets were last taken away; 0: never
}

// bucket is when it will be full again.
type bucket struct{ full time.Duration }

func newLimiter(mono func() time.Duration, one, all rate) *limiter {
	return &limiter{mono: mono, one: one, all: all, buckets: make(map[netip.Addr]*bucket)}
}

// allow takes one use for an address.
func (l *limiter) allow(address netip.Addr) bool {
	now := l.mono()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[address]
	if b == nil {
		if len(l.buckets) >= maxAddresses && (l.swept == 0 || now-l.swept >= sweepEvery) {
			l.swept = max(now, 1)
			for a, b := range l.buckets {
				if b.full <= now {
					delete(l.buckets, a)
				}
			}
		}
		if b = &l.rest; len(l.buckets) < maxAddresses {
			b = new(bucket)
			l.buckets[address] = b
		}
	}
	// One address that asks too often does not use up what is everybody's.
	return b.take(now, l.one) && l.total.take(now, l.all)
}

func (b *bucket) take(now time.Duration, r rate) bool {
	full := max(b.full, now)
	if full-now > time.Duration(r.size-1)*r.each {
		return false
	}
	b.full = full + r.each
	return true
}

// addressOf tells clients apart: an IPv6 client has 2^64 addresses.
func addressOf(remote string) netip.Addr {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	ip := a.Addr().Unmap().WithZone("")
	if ip.Is6() {
		p, _ := ip.Prefix(64) // 64 bits are valid of any IPv6 address
		return p.Addr()
	}
	return ip
}

// bounded is a listener with at most so many connections, of one address and in all. What is more is
// closed at once.
type bounded struct {
	net.Listener
	one, all int

	mu    sync.Mutex // guards what follows
	open  map[netip.Addr]int
	total int
}

func (l *bounded) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		a := addressOf(c.RemoteAddr().String())
		if l.take(a) {
			return &counted{Conn: c, done: sync.OnceFunc(func() { l.give(a) })}, nil
		}
		_ = c.Close() // nothing was said on it
	}
}

func (l *bounded) take(a netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total >= l.all || l.open[a] >= l.one {
		return false
	}
	l.total++
	l.open[a]++
	return true
}

func (l *bounded) give(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.open[a]--; l.open[a] == 0 {
		delete(l.open, a)
	}
}

type counted struct {
	net.Conn
	done func()
}

func (c *counted) Close() error {
	c.done()
	return c.Conn.Close()
}
