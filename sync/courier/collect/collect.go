// Package collect is the hub's end of the way of attached files: it says which files are wanted of
// each station, takes their pieces off the stream, and acknowledges what the archive has on its disk.
package collect

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/answer"
	"garita/sync/link"
	"garita/sync/wire"
)

// Config connects a collector. Durations and numbers of 0 mean the defaults named with them.
type Config struct {
	URL    string      // of the broker
	Access link.Access // its Inbox is set here
	Files  border.FileSink
	Clock  border.Clock
	Log    *slog.Logger // nil: silent
	answer.Trust

	// StreamBytes bounds the stream; 0: 256 MiB. The broker must allow at least as much beside the others.
	StreamBytes int64
	// StationPieces bounds the pieces of one station in the stream, so that none fills it for the others; 64.
	StationPieces int64
	// Replicas of a new stream, 1 to 5; 0: 1. An existing stream keeps its number.
	Replicas int
	// Alarm is told what somebody at the hub should look into. It must not block. Nil: log only.
	Alarm func(station border.StationID, text string)

	RequestTimeout time.Duration // longest work on one request, and wait for the broker; 10 s
	StoreTimeout   time.Duration // longest try to store one batch; 30 s
}

// Collector is the hub's end of the way of files. Make it with [New], then call Run once.
type Collector struct {
	c    Config
	js   jetstream.JetStream
	conn atomic.Pointer[nats.Conn] // nil until Run has it
}

const (
	batchMost = 64 // pieces in one call of the archive, each at most border.MaxFileChunk
	ackWait   = 2 * time.Minute
	pull      = 5 * time.Second
)

// New checks the configuration.
func New(c Config) (*Collector, error) {
	if c.URL == "" || c.Files == nil || c.Clock == nil || c.StreamBytes < 0 || c.StationPieces < 0 || c.Replicas < 0 || c.Replicas > 5 {
		return nil, &border.Error{Code: border.Invalid, Op: "set up the way of files", Err: errors.New("incomplete configuration")}
	}
	c.Access.Inbox = wire.HubInbox
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.StreamBytes == 0 {
		c.StreamBytes = 256 << 20
	}
	if c.StationPieces == 0 {
		c.StationPieces = 64
	}
	c.Replicas = max(1, c.Replicas)
	for d, v := range map[*time.Duration]time.Duration{&c.RequestTimeout: 10 * time.Second, &c.StoreTimeout: 30 * time.Second} {
		if *d <= 0 {
			*d = v
		}
	}
	return &Collector{c: c}, nil
}

// Run works until ctx ends, whatever happens to the broker or the archive, and then returns nil. It
// fails only when the URL cannot be read or a subscription is refused.
func (c *Collector) Run(ctx context.Context) error {
	up := make(chan struct{}, 1)
	nc, err := link.Open(link.Config{URL: c.c.URL, Name: "garita files", Log: c.c.Log, Access: c.c.Access, Changed: func(isUp bool) {
		if isUp {
			signal(up)
		}
	}})
	if err != nil {
		return err
	}
	defer nc.Close()
	if c.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(c.c.RequestTimeout)); err != nil {
		return &border.Error{Code: border.Internal, Op: "open the stream of files", Err: err}
	}
	c.conn.Store(nc)
	defer c.conn.Store(nil)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	desk := &answer.Desk{Conn: nc, Log: c.c.Log, Clock: c.c.Clock, Longest: c.c.RequestTimeout, Trust: c.c.Trust}
	if err := desk.Serve(ctx, &wg, answer.Kind{Name: wire.KindFiles, Answer: c.files}); err != nil {
		return err
	}
	wait := link.Backoff{Min: 200 * time.Millisecond, Max: 10 * time.Second}
	for ctx.Err() == nil {
		if !nc.IsConnected() {
			select {
			case <-up:
			case <-ctx.Done():
			}
			continue
		}
		if err := c.drain(ctx, nc, wait.Reset); err != nil && ctx.Err() == nil {
			c.c.Log.Warn("the stream of files was interrupted", "err", err)
			sleep(ctx, wait.Next())
		}
	}
	return nil
}

// Wake tells a station that files of its are wanted. It may be called at any time and does not block.
func (c *Collector) Wake(station border.StationID) {
	nc := c.conn.Load()
	if nc == nil {
		return
	}
	m := &nats.Msg{Subject: wire.DownSubject(station, wire.KindFiles), Data: []byte("{}"), Header: nats.Header{wire.HeaderVersion: {wire.Version}}}
	if c.c.SignReply != nil {
		wire.SignDown(m, c.c.SignReply)
	}
	if err := nc.PublishMsg(m); err != nil { // the station asks from time to time
		c.c.Log.Debug("a station was not woken", "station", station, "err", err)
	}
}

// files answers which files are wanted of a station.
func (c *Collector) files(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	r, err := wire.DecodeFilesRequest(body)
	if err != nil {
		return nil, err
	}
	if len(r.Lost) > 0 {
		if err := c.c.Files.Lost(ctx, station, r.Lost); err != nil {
			return nil, err
		}
	}
	files, pending, err := c.c.Files.Wanted(ctx, station, r.Limit)
	if err != nil {
		return nil, err
	}
	return wire.Encode(wire.FilesReply{Files: files, Pending: pending})
}

// drain takes pieces off the stream until ctx ends or the connection is lost.
func (c *Collector) drain(ctx context.Context, nc *nats.Conn, settled func()) error {
	cons, err := c.ensure(ctx)
	if err != nil {
		return err
	}
	for nc.IsConnected() {
		fctx, cancel := context.WithTimeout(ctx, pull)
		batch, err := c.fetch(fctx, cons)
		cancel()
		if err != nil {
			return err
		}
		settled()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(batch) == 0 {
			continue
		}
		if err := c.take(ctx, batch); err != nil {
			return err
		}
	}
	return &border.Error{Code: border.Unavailable, Op: "read the stream of files", Err: errors.New("the connection to the broker was lost")}
}

// fetch waits for pieces and returns those that are there.
func (c *Collector) fetch(ctx context.Context, cons jetstream.Consumer) (batch []jetstream.Msg, err error) {
	fail := func(err error) error {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, nats.ErrTimeout) {
			return nil
		}
		return &border.Error{Code: border.Unavailable, Op: "read the stream of files", Err: err}
	}
	first, err := cons.Fetch(1, jetstream.FetchContext(ctx))
	if err != nil {
		return nil, fail(err)
	}
	for m := range first.Messages() {
		batch = append(batch, m)
	}
	if err := first.Error(); err != nil || len(batch) == 0 {
		return batch, fail(err)
	}
	if more, err := cons.FetchNoWait(batchMost - 1); err == nil { // else these first
		for m := range more.Messages() {
			batch = append(batch, m)
		}
	}
	return batch, nil
}

// take has a batch kept, trying again until the archive has it, and only then acknowledges it.
func (c *Collector) take(ctx context.Context, batch []jetstream.Msg) error {
	pieces := make([]border.FilePiece, 0, len(batch))
	for _, m := range batch {
		p, err := wire.ReadFilePiece(m.Subject(), m.Headers(), m.Data())
		if err != nil {
			c.alarm(p.Station, "A piece of a file cannot be read. It is refused.")
			continue
		}
		pieces = append(pieces, p)
	}
	wait := link.Backoff{Min: 200 * time.Millisecond, Max: 10 * time.Second}
	for len(pieces) > 0 {
		sctx, cancel := context.WithTimeout(ctx, c.c.StoreTimeout)
		err := c.c.Files.Write(sctx, pieces)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.c.Log.Error("the archive cannot store; trying again", "pieces", len(pieces), "err", err)
		sleep(ctx, wait.Next())
		for _, m := range batch {
			_ = m.InProgress() // else they would be delivered twice; harmless
		}
	}
	for _, m := range batch[:len(batch)-1] {
		if err := m.Ack(); err != nil {
			return err
		}
	}
	actx, cancel := context.WithTimeout(ctx, c.c.RequestTimeout)
	defer cancel()
	if err := batch[len(batch)-1].DoubleAck(actx); err != nil { // they come again, to no effect
		c.c.Log.Debug("not acknowledged", "err", err)
	}
	return nil
}

// ensure makes the stream and its consumer what they must be. A stream that is there keeps what an
// operator chose for it: replicas, placement, its bound.
func (c *Collector) ensure(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.c.RequestTimeout)
	defer cancel()
	fail := func(err error) (jetstream.Consumer, error) {
		return nil, &border.Error{Code: border.Unavailable, Op: "set up the stream of files", Err: err}
	}
	st, err := c.js.Stream(ctx, wire.FileStream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		st, err = c.js.CreateStream(ctx, c.required(jetstream.StreamConfig{Name: wire.FileStream, Storage: jetstream.FileStorage,
			Retention: jetstream.WorkQueuePolicy, Replicas: c.c.Replicas, MaxBytes: c.c.StreamBytes}))
	case err == nil:
		have := st.CachedInfo().Config
		if want := c.required(have); len(have.Subjects) != 1 || have.Subjects[0] != wire.FileStreamSubjects || have.Discard != want.Discard ||
			have.DiscardNewPerSubject != want.DiscardNewPerSubject || have.MaxMsgsPerSubject != want.MaxMsgsPerSubject || have.MaxMsgSize != want.MaxMsgSize {
			st, err = c.js.UpdateStream(ctx, want)
		}
	}
	if err != nil {
		return fail(err)
	}
	// Made anew, so that what a dead process had in its hands comes again at once.
	if err := st.DeleteConsumer(ctx, wire.FileConsumer); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fail(err)
	}
	cons, err := st.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: wire.FileConsumer, AckPolicy: jetstream.AckExplicitPolicy,
		DeliverPolicy: jetstream.DeliverAllPolicy, AckWait: ackWait, MaxDeliver: -1, MaxAckPending: 4 * batchMost})
	if err != nil {
		return fail(err)
	}
	return cons, nil
}

// required sets what the protocol relies on: a stream that is full refuses, for the files behind it can wait.
func (c *Collector) required(s jetstream.StreamConfig) jetstream.StreamConfig {
	s.Subjects = []string{wire.FileStreamSubjects}
	s.Discard, s.DiscardNewPerSubject, s.MaxMsgsPerSubject = jetstream.DiscardNew, true, c.c.StationPieces
	s.MaxMsgSize = border.MaxFileChunk + 8<<10 // piece and headers
	return s
}

func (c *Collector) alarm(station border.StationID, text string) {
	c.c.Log.Warn("files: alarm", "text", text, "station", station)
	if c.c.Alarm != nil {
		c.c.Alarm(station, text)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
