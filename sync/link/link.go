// Package link opens the NATS connections of uplink, downlink and intake in one and the same
// way: it tries for ever, with jitter, and buffers nothing while there is no connection.
package link

import (
	"crypto/tls"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
)

// Access is how a connection is protected, and how it proves whose it is. The zero Access does
// neither: it is for a broker on loopback.
type Access struct {
	// TLS makes the connection TLS 1.3, from its first byte on. Its certificate may come from
	// GetClientCertificate, so that a renewed one takes effect at the next connection.
	TLS *tls.Config
	// Credentials gives the token and what answers the broker's challenge with the key it was
	// issued for. It is asked at every connection, so that renewed ones take effect.
	Credentials func() (token string, sign func(nonce []byte) ([]byte, error))
	// Inbox is what the subjects of answers begin with, see wire.Inbox; "": the library's own.
	Inbox string
	// InProcess is a server in this process, reached without a network and without TLS. May be nil.
	InProcess interface{ InProcessConn() (net.Conn, error) }
}

// Config says where and how to connect.
type Config struct {
	URL  string // one URL or several separated by commas
	Name string // shown in the broker's list of clients
	Log  *slog.Logger
	Access
	// Ping is how often a silent connection is probed; two unanswered probes end it.
	// 0 means 5 s.
	Ping time.Duration
	// Changed is called after every gain (true) and loss (false) of the connection, a
	// little late. It must not block.
	Changed func(up bool)
	// Failed is called after a try that failed, with why in plain words. It must not block. May
	// be nil.
	Failed func(problem string)
}

const (
	dialTimeout  = 4 * time.Second
	reconnectMin = 100 * time.Millisecond
	reconnectMax = 2 * time.Second
	// refusedMin is the wait after a refusal: who was refused will be refused again, and every
	// refusal is an entry in the hub's log.
	refusedMin = 500 * time.Millisecond
	refusedMax = 10 * time.Second
)

// Open returns a connection that may not be there yet: it goes on trying until it is
// closed, whatever the broker says. It fails only when the URL cannot be read.
func Open(c Config) (*nats.Conn, error) {
	if c.Ping <= 0 {
		c.Ping = 5 * time.Second
	}
	t := &tries{c: &c}
	up := func(*nats.Conn) { c.Changed(true) }
	opts := []nats.Option{
		nats.Name(c.Name),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1), // what cannot be sent now is refused, and stays in the journal
		nats.CustomReconnectDelay(t.delay),
		nats.IgnoreDiscoveredServers(),
		nats.Timeout(dialTimeout),
		nats.PingInterval(c.Ping),
		nats.MaxPingsOutstanding(2),
		nats.FlusherTimeout(dialTimeout),
		nats.ConnectHandler(up),
		nats.ReconnectHandler(up),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { t.failed(err) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			t.failed(err)
			c.Changed(false)
		}),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			subject := ""
			if s != nil {
				subject = s.Subject
			}
			c.Log.Warn("trouble on the connection", "subject", subject, "err", err)
			t.failed(err)
		}),
	}
	if c.Inbox != "" {
		opts = append(opts, nats.CustomInboxPrefix(c.Inbox))
	}
	if c.TLS != nil && c.InProcess == nil {
		conf := c.TLS.Clone()
		conf.MinVersion = tls.VersionTLS13
		opts = append(opts, nats.Secure(conf), nats.TLSHandshakeFirst())
	}
	url := c.URL
	if c.InProcess != nil {
		url = "" // whose scheme would ask for TLS
		opts = append(opts, nats.InProcessServer(c.InProcess))
	}
	if c.Credentials != nil {
		opts = append(opts, nats.UserJWT(
			func() (string, error) { token, _ := c.Credentials(); return token, nil },
			func(nonce []byte) ([]byte, error) { _, sign := c.Credentials(); return sign(nonce) },
		))
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "connect to the broker", Err: err}
	}
	t.nc.Store(nc)
	return nc, nil
}

// tries keeps what the tries of one connection came to.
type tries struct {
	c       *Config
	nc      atomic.Pointer[nats.Conn] // nil until Open returns
	refused atomic.Bool               // by the last try
}

// failed is told of every error of the connection, on any goroutine.
func (t *tries) failed(err error) {
	problem, refused := Problem(err)
	if problem == "" {
		return
	}
	t.refused.Store(refused)
	if t.c.Failed != nil {
		t.c.Failed(problem)
	}
}

// delay is asked between tries. The library tells of errors after the dial nowhere else.
func (t *tries) delay(attempts int) time.Duration {
	if nc := t.nc.Load(); nc != nil {
		t.failed(nc.LastError())
	}
	b := Backoff{Min: reconnectMin, Max: reconnectMax, n: min(attempts, 30)}
	if t.refused.Load() {
		b.Min, b.Max = refusedMin, refusedMax
	}
	return b.Next()
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
