// Package send is a station's end of the way of attached files to the hub. The hub says which files it
// wants and how much of each it holds; the courier sends what is missing, piece by piece, behind the
// events: while any event waits for the hub it sends nothing, and never more than so many bytes a second.
//
// It keeps nothing of its own. After a restart on either side it asks again and goes on where the hub's
// copy ends; what counts as delivered is a whole file under its right name on the hub's disk.
package send

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/ask"
	"garita/sync/link"
	"garita/sync/wire"
)

// Config describes a station to its courier. Durations and numbers of 0 mean the defaults named with them.
type Config struct {
	URL     string      // of the hub's broker; several are separated by commas
	Access  link.Access // its Inbox is set here
	Station border.StationID
	Files   border.FileSource
	// EventsWait says that events wait for the hub: they go first. It must not block.
	EventsWait func() bool
	Clock      border.Clock
	Log        *slog.Logger // nil: silent
	ask.Trust

	Rate           int           // bytes a second at most; 256 KiB
	Piece          int           // bytes of a piece, at most border.MaxFileChunk; 32 KiB
	Check          time.Duration // between questions what is wanted when nothing is heard; 30 s
	Yield          time.Duration // between looks whether events still wait; 200 ms
	Settle         time.Duration // how long the hub has to put a file together before it is sent again; 1 min
	RequestTimeout time.Duration // longest wait for an answer of hub or broker; 10 s
	PieceTimeout   time.Duration // longest wait until the broker has a piece; 1 min
	RetryMax       time.Duration // longest pause between tries; 1 min
	Ping           time.Duration // see link.Config; 10 s, because a piece takes long on a slow line
}

// Courier is a station's end of the way of files. Make it with [New], then call Run once.
type Courier struct {
	c       Config
	link    chan struct{} // the connection came or went
	woke    chan struct{} // the hub wants something
	pending atomic.Int64  // files that the hub wanted when it was asked last

	// These belong to Run's goroutine.
	js   jetstream.JetStream
	sent map[border.Digest]time.Time // when each file was sent to its end
	lost []border.Digest             // to be said with the next question
	next time.Time                   // when the line may be used again
}

// New checks the configuration.
func New(c Config) (*Courier, error) {
	if c.URL == "" || c.Station.Validate() != nil || c.Files == nil || c.EventsWait == nil || c.Clock == nil || c.Piece > border.MaxFileChunk || c.Rate < 0 || c.Piece < 0 {
		return nil, &border.Error{Code: border.Invalid, Op: "set up the courier", Err: errors.New("incomplete configuration")}
	}
	c.Access.Inbox = wire.Inbox(c.Station)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rate == 0 {
		c.Rate = 256 << 10
	}
	if c.Piece == 0 {
		c.Piece = 32 << 10
	}
	for d, v := range map[*time.Duration]time.Duration{
		&c.Check: 30 * time.Second, &c.Yield: 200 * time.Millisecond, &c.Settle: time.Minute, &c.RequestTimeout: 10 * time.Second,
		&c.PieceTimeout: time.Minute, &c.RetryMax: time.Minute, &c.Ping: 10 * time.Second,
	} {
		if *d <= 0 {
			*d = v
		}
	}
	return &Courier{c: c, link: make(chan struct{}, 1), woke: make(chan struct{}, 1), sent: map[border.Digest]time.Time{}}, nil
}

// Pending is how many files of this station the hub wanted when it was asked last.
func (c *Courier) Pending() int { return int(c.pending.Load()) }

// Run works until ctx ends, whatever happens to the network or the hub, and then returns nil. It fails
// only when the URL cannot be read or a subscription is refused.
func (c *Courier) Run(ctx context.Context) error {
	nc, err := link.Open(link.Config{URL: c.c.URL, Name: "courier of " + string(c.c.Station), Log: c.c.Log, Access: c.c.Access, Ping: c.c.Ping,
		Changed: func(bool) { signal(c.link) }})
	if err != nil {
		return err
	}
	defer nc.Close()
	if c.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(c.c.PieceTimeout)); err != nil {
		return &border.Error{Code: border.Internal, Op: "open the stream of files", Err: err}
	}
	if _, err := nc.Subscribe(wire.DownSubject(c.c.Station, wire.KindFiles), func(*nats.Msg) { signal(c.woke) }); err != nil { // it only wakes
		return &border.Error{Code: border.Internal, Op: "listen to the hub", Err: err}
	}
	back := link.Backoff{Min: time.Second, Max: c.c.RetryMax}
	for ctx.Err() == nil {
		var wait time.Duration
		switch {
		case !nc.IsConnected():
			back.Reset()
			wait = c.c.Check
		case c.c.EventsWait():
			wait = c.c.Yield
		default:
			more, err := c.round(ctx, nc)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				wait = back.Next()
				c.c.Log.Info("files wait; they stay here", "wait", wait.String(), "err", err)
			case more:
				back.Reset()
				continue
			default:
				back.Reset()
				wait = c.c.Check
				if c.Pending() > 0 { // the hub is putting them together
					wait = min(wait, max(c.c.Settle/30, c.c.Yield))
				}
			}
		}
		c.pause(ctx, wait)
	}
	return nil
}

// pause waits, unless something is to be done before.
func (c *Courier) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.link:
	case <-c.woke:
	case <-ctx.Done():
	}
}

// round asks what is wanted and sends it. More: ask again at once.
func (c *Courier) round(ctx context.Context, nc *nats.Conn) (more bool, err error) {
	asked := wire.FilesRequest{Limit: wire.MaxFiles, Lost: c.lost}
	body, err := wire.Encode(asked)
	if err != nil {
		return false, err
	}
	rctx, cancel := context.WithTimeout(ctx, c.c.RequestTimeout)
	defer cancel()
	answer, err := c.c.Request(rctx, nc, c.c.Station, wire.KindFiles, body, c.c.Clock.Now())
	if err != nil {
		return false, err
	}
	r, err := wire.DecodeFilesReply(answer, asked)
	if err != nil {
		return false, err
	}
	c.lost = nil
	c.pending.Store(int64(r.Pending))
	now := c.c.Clock.Now()
	for h, at := range c.sent {
		if age := now.Sub(at); age < 0 || age > c.c.Settle {
			delete(c.sent, h)
		}
	}
	for _, f := range r.Files {
		if _, under := c.sent[f.Hash]; under {
			continue
		}
		if err := c.send(ctx, nc, f); err != nil {
			return false, err
		}
		more = true
	}
	return more, nil
}

// send brings the hub what it lacks of a file.
func (c *Courier) send(ctx context.Context, nc *nats.Conn, f border.WantedFile) error {
	b, err := c.c.Files.Sealed(f.Hash)
	switch code := border.CodeOf(err); {
	case code == border.NotFound || code == border.Invalid || err == nil && len(b) != f.Bytes:
		c.c.Log.Warn("a file that the hub wants is not here, or not what it should be", "err", err)
		c.lost = append(c.lost, f.Hash)
		return nil
	case err != nil:
		return err
	}
	for at := f.Held; at < len(b); at += c.c.Piece {
		if err := c.turn(ctx, nc); err != nil {
			return err
		}
		piece := b[at:min(at+c.c.Piece, len(b))]
		pctx, cancel := context.WithTimeout(ctx, c.c.PieceTimeout)
		_, err := c.js.PublishMsg(pctx, wire.FileMessage(border.FilePiece{Station: c.c.Station, Hash: f.Hash, Offset: at, Data: piece}), jetstream.WithRetryAttempts(0))
		cancel()
		if err != nil {
			return &border.Error{Code: border.Unavailable, Op: "send a file", Err: err}
		}
		c.next = c.c.Clock.Now().Add(time.Duration(len(piece)) * time.Second / time.Duration(c.c.Rate))
	}
	c.sent[f.Hash] = c.c.Clock.Now()
	return nil
}

// turn waits until no event waits and the line may be used again.
func (c *Courier) turn(ctx context.Context, nc *nats.Conn) error {
	for {
		if !nc.IsConnected() {
			return &border.Error{Code: border.Unavailable, Op: "send a file", Err: errors.New("there is no connection to the hub")}
		}
		wait := c.next.Sub(c.c.Clock.Now())
		switch {
		case wait > time.Minute: // the clock was set back
			c.next = c.c.Clock.Now()
			continue
		case wait <= 0 && !c.c.EventsWait():
			return nil
		case wait <= 0:
			wait = c.c.Yield
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
