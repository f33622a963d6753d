// Package link opens the NATS connections of uplink and intake in one and the same way:
// it tries for ever, with jitter, and buffers nothing while there is no connection.
package link

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
)

// Config says where and how to connect.
type Config struct {
	URL  string // one URL or several separated by commas
	Name string // shown in the broker's list of clients
	Log  *slog.Logger
	// Ping is how often a silent connection is probed; two unanswered probes end it.
	// 0 means 5 s.
	Ping time.Duration
	// Changed is called after every gain (true) and loss (false) of the connection, a
	// little late. It must not block.
	Changed func(up bool)
}

const (
	dialTimeout  = 4 * time.Second
	reconnectMin = 100 * time.Millisecond
	reconnectMax = 2 * time.Second
)

// Open returns a connection that may not be there yet: it goes on trying until it is
// closed. It fails only when the URL cannot be read.
func Open(c Config) (*nats.Conn, error) {
	if c.Ping <= 0 {
		c.Ping = 5 * time.Second
	}
	up := func(*nats.Conn) { c.Changed(true) }
	nc, err := nats.Connect(c.URL,
		nats.Name(c.Name),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // what cannot be sent now is refused, and stays in the journal
		nats.CustomReconnectDelay(func(attempts int) time.Duration {
			b := Backoff{Min: reconnectMin, Max: reconnectMax, n: min(attempts, 30)}
			return b.Next()
		}),
		nats.IgnoreDiscoveredServers(),
		nats.Timeout(dialTimeout),
		nats.PingInterval(c.Ping),
		nats.MaxPingsOutstanding(2),
		nats.FlusherTimeout(dialTimeout),
		nats.ConnectHandler(up),
		nats.ReconnectHandler(up),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { c.Changed(false) }),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			subject := ""
			if s != nil {
				subject = s.Subject
			}
			c.Log.Warn("trouble on the connection", "subject", subject, "err", err)
		}),
	)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "connect to the broker", Err: err}
	}
	return nc, nil
}

// Backoff gives growing waits with jitter, so that many stations do not come back at
// one moment. Not safe for concurrent use.
type Backoff struct {
	Min, Max time.Duration
	n        int
}

// Next returns the next wait: between half and the whole of Min, doubled each time up to Max.
func (b *Backoff) Next() time.Duration {
	d := b.Max
	if b.n < 30 && b.Min<<b.n < b.Max {
		d = b.Min << b.n
	}
	b.n++
	return d/2 + rand.N(d/2+1) //nolint:gosec // jitter, not a secret
}

// Reset begins again with Min.
func (b *Backoff) Reset() { b.n = 0 }
