// Package broker runs the NATS server that a hub embeds. It carries events; it is not
// the record: what a station counts as delivered is the hub's watermark only.
package broker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"garita/border"
)

// Config says where the server listens and how much it may store.
type Config struct {
	Host string // "" means 127.0.0.1
	// Port to listen on, 0 to 65535; 0 picks a free one, see [Server.ClientURL].
	Port int
	// StoreDir holds the stream's files. It may be deleted while the server is
	// stopped: stations then send again what the hub does not hold.
	StoreDir string
	// MaxStore bounds the bytes of all streams on disk; 0 means [DefaultMaxStore].
	MaxStore int64
	Log      *slog.Logger // nil: silent
	// Auth says who may connect. Nil: whoever is on this machine; Host must then be loopback.
	Auth *Auth
	// Refused is told of whoever was refused, in words that begin with credentials, certificate, pair,
	// permission, connections, size or subscriptions and a colon; at most ten a second, and not
	// every one when there are more. It may block for a moment. Nil: log only.
	Refused func(reason string)
}

// DefaultMaxStore is the bound on stream files if the configuration names none.
const DefaultMaxStore = 4 << 30

const (
	maxMemory     = 16 << 20 // JetStream in memory; we use file storage only
	maxPayload    = 1 << 20  // above wire.MaxEventList and border.MaxEvent with headers
	maxPending    = 32 << 20 // bytes waiting for one slow client before it is cut off
	maxConns      = 4096
	pingInterval  = 10 * time.Second
	startInterval = 10 * time.Millisecond
)

// Server is a running NATS server.
type Server struct {
	nats     *server.Server
	gate     *gate     // nil: everybody may connect
	refusals *refusals // nil: nobody wants to know
	pairs    *pairs    // nil: no certificates
	stopped  sync.Once
}

// Start starts the server and returns once it accepts connections and its stream store
// is open. It fails when ctx ends before, when the port is taken or the store cannot be
// opened. The caller ends the server with [Server.Stop].
func Start(ctx context.Context, c Config) (*Server, error) {
	const op = "start the broker"
	if c.StoreDir == "" || c.Port < 0 || c.Port > 65535 || c.MaxStore < 0 {
		return nil, &border.Error{Code: border.Invalid, Op: op, Err: errors.New("no store folder, or a number out of bounds")}
	}
	log := &logger{out: c.Log, fatal: make(chan string, 1)}
	if log.out == nil {
		log.out = slog.New(slog.DiscardHandler)
	}
	opts := &server.Options{
		ServerName:         "garita-hub",
		Host:               c.Host,
		Port:               c.Port,
		NoSigs:             true,
		MaxConn:            maxConns,
		MaxPayload:         maxPayload,
		MaxPending:         maxPending,
		PingInterval:       pingInterval,
		MaxPingsOut:        2,
		JetStream:          true,
		StoreDir:           c.StoreDir,
		JetStreamMaxStore:  c.MaxStore,
		JetStreamMaxMemory: maxMemory,
		// Acknowledge only what is on disk: the default syncs every two minutes and
		// loses acknowledged messages at a power cut.
		SyncAlways:             true,
		DisableJetStreamBanner: true,
	}
	if opts.Host == "" {
		opts.Host = "127.0.0.1"
	}
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	if opts.JetStreamMaxStore == 0 {
		opts.JetStreamMaxStore = DefaultMaxStore
	}
	gate, err := c.admit(opts)
	if err != nil {
		return nil, err
	}
	n, err := server.NewServer(opts)
	if err == nil {
		err = gate.introduce(n)
	}
	if err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: op, Err: err}
	}
	if c.Refused != nil {
		log.refusals = newRefusals(c.Refused)
	}
	n.SetLoggerV2(log, false, false, false)
	s := &Server{nats: n, gate: gate, refusals: log.refusals}
	started := make(chan struct{})
	go func() { // ends when the start is over; Stop waits for everything it began
		defer close(started)
		n.Start()
	}()
	fail := func(err error) (*Server, error) {
		<-started // the server cannot be shut down while it starts
		n.Shutdown()
		n.WaitForShutdown()
		s.endWatchers()
		return nil, &border.Error{Code: border.Unavailable, Op: op, Err: err}
	}
	for {
		select {
		case what := <-log.fatal:
			return fail(errors.New(what))
		case <-ctx.Done():
			return fail(ctx.Err())
		default:
		}
		if n.ReadyForConnections(startInterval) {
			break
		}
	}
	<-started
	if !n.JetStreamEnabled() {
		return fail(errors.New("the stream store is not open"))
	}
	if opts.TLSConfig != nil {
		s.pairs = watchPairs(n, log.refuse)
	}
	return s, nil
}

// ClientURL is where clients connect, "nats://host:port", or "tls://host:port" with certificates.
func (s *Server) ClientURL() string { return s.nats.ClientURL() }

// endWatchers ends what runs beside the server.
func (s *Server) endWatchers() {
	if s.pairs != nil {
		s.pairs.close()
	}
	if s.refusals != nil {
		s.refusals.close()
	}
}

// Stop ends the server and waits until its files are closed, or until ctx ends.
func (s *Server) Stop(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
		s.stopped.Do(s.endWatchers)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return &border.Error{Code: border.Unavailable, Op: "stop the broker", Err: ctx.Err()}
	}
}
