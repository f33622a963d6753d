// Package live keeps a browser's screen up to date over server-sent events (WHATWG HTML,
// section 9.2): one stream per screen, on which only the newest state is ever sent.
//
// A stream is bounded in every direction. A slow browser gets fewer events, never older
// ones: nothing is queued for it, the state is asked for when there is room to send it. A
// stuck browser is cut off. All streams end within a moment when the server shuts down,
// which Fiber alone does not do.
package live

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
)

// The defaults of a [Config].
const (
	DefaultHeartbeat    = 2 * time.Second
	DefaultWriteTimeout = 15 * time.Second
	DefaultMaxStreams   = 128
)

// retry is how soon a browser comes back after its stream ended.
const retry = 400 * time.Millisecond

// nextTimeout bounds how long a feed may take to say what to show.
const nextTimeout = 5 * time.Second

// Config says how streams behave. Zero fields take the defaults.
type Config struct {
	// Stop ends all streams when it is closed; nil: only the server's own shutdown does.
	Stop <-chan struct{}
	// Heartbeat is the longest silence on a stream. A browser that has left is noticed
	// after two or three of them, because fasthttp does not say so itself.
	Heartbeat time.Duration
	// WriteTimeout is how long a browser may leave data unread before it is cut off.
	WriteTimeout time.Duration
	// MaxStreams bounds the open streams; one more is refused with [border.Unavailable].
	MaxStreams int
	Log        *slog.Logger // nil: no log
}

// Frame is one event as the browser gets it.
type Frame struct {
	Event    string // event name
	Revision uint64 // sent as the event's id
	Data     []byte // one line, JSON; it holds until the feed is asked again
}

// Feed is what one stream shows.
type Feed struct {
	// Changed carries a signal after one or more changes.
	Changed <-chan struct{}
	// Next returns the newest frame, and false if the last one it returned still holds.
	// It is called at the start, after changes and at each heartbeat, by one goroutine.
	Next func(ctx context.Context) (Frame, bool, error)
	// Close ends the subscription. It is called once, also when the stream never began.
	Close func()
	// MinGap is the shortest time between two frames; 0: none.
	MinGap time.Duration
	// Still reports whether who opened the stream may still see it; it is asked at each heartbeat.
	// When it says no the stream ends with an event "ended". nil: whether the session of the
	// request still is ([access.Still]); if there was none, nobody asks.
	Still func() bool
}

// Streams is the set of open streams of one server. Safe for concurrent use.
type Streams struct {
	cfg  Config
	open atomic.Int64
}

// New returns an empty set.
func New(cfg Config) *Streams {
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = DefaultHeartbeat
	}
	if cfg.WriteTimeout <= 0 {
		cfg.WriteTimeout = DefaultWriteTimeout
	}
	if cfg.MaxStreams <= 0 {
		cfg.MaxStreams = DefaultMaxStreams
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Streams{cfg: cfg}
}

// Open says how many streams there are now.
func (s *Streams) Open() int { return int(s.open.Load()) }

// Serve answers a request with a stream of the feed that subscribe opens. It returns once
// the stream is set up; the stream itself then lives until the browser leaves or the
// server stops, and holds nothing of the Fiber context.
//
// The errors are [border.Unavailable] beyond the bound, and those of subscribe.
func (s *Streams) Serve(c *fiber.Ctx, subscribe func() (Feed, error)) error {
	if s.open.Add(1) > int64(s.cfg.MaxStreams) {
		s.open.Add(-1)
		return &border.Error{Code: border.Unavailable, Op: "open a live stream",
			Message: "Too many screens are open on this machine. Close one and try again."}
	}
	feed, err := subscribe()
	if err != nil {
		s.open.Add(-1)
		return err
	}
	if feed.Still == nil {
		feed.Still = access.Still(c.UserContext())
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no") // a proxy in front must not collect events
	down, conn := c.Context().Done(), c.Context().Conn()
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer s.open.Add(-1)
		defer feed.Close()
		defer func() {
			// This goroutine belongs to fasthttp, which does not survive its panics.
			if p := recover(); p != nil {
				s.cfg.Log.Error("a live stream failed", "panic", fmt.Sprintf("%T", p))
			}
		}()
		st := stream{cfg: &s.cfg, feed: feed, w: w, conn: conn, down: down}
		if err := st.run(); err != nil {
			s.cfg.Log.Error("a live stream ended", "error", err)
		}
	})
	return nil
}

// stream is one open stream; it is used by one goroutine.
type stream struct {
	cfg  *Config
	feed Feed
	w    *bufio.Writer
	conn net.Conn
	down <-chan struct{}
	sent []byte // the last event, kept for its room
}

// run sends until the browser leaves or the server stops, which is no error.
func (s *stream) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !s.flush(fmt.Appendf(nil, "retry: %d\n\n", retry.Milliseconds())) {
		return nil
	}
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	changed := s.feed.Changed
	var rest *time.Timer // runs while the shortest gap lasts
	var rested <-chan time.Time
	for first := true; ; first = false {
		quiet := false
		if !first {
			select {
			case <-s.down:
				return nil
			case <-s.cfg.Stop:
				return nil
			case <-changed:
			case <-rested:
				changed, rested = s.feed.Changed, nil
				continue
			case <-beat.C:
				quiet = true
			}
		}
		if quiet && s.feed.Still != nil && !s.feed.Still() {
			s.flush([]byte("event: ended\ndata: {}\n\n"))
			return nil
		}
		frame, fresh, err := s.next(ctx)
		if err != nil {
			return err
		}
		switch {
		case fresh:
			s.sent = encode(s.sent[:0], frame)
			if !s.flush(s.sent) {
				return nil
			}
		case quiet:
			if !s.flush([]byte("event: beat\ndata: {}\n\n")) {
				return nil
			}
		}
		if fresh && s.feed.MinGap > 0 {
			changed = nil // later signals stay in the channel: the newest state is not lost
			if rest == nil {
				rest = time.NewTimer(s.feed.MinGap)
				defer rest.Stop()
			} else {
				rest.Reset(s.feed.MinGap)
			}
			rested = rest.C
		}
	}
}

func (s *stream) next(ctx context.Context) (Frame, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, nextTimeout)
	defer cancel()
	return s.feed.Next(ctx)
}

// flush sends bytes and reports whether the browser is still there. A browser that does
// not read is cut off: with no write timeout on the server it would hold its goroutine.
func (s *stream) flush(b []byte) bool {
	if s.conn != nil {
		cut := time.AfterFunc(s.cfg.WriteTimeout, func() { _ = s.conn.Close() })
		defer cut.Stop()
	}
	if _, err := s.w.Write(b); err != nil {
		return false
	}
	return s.w.Flush() == nil
}

// encode appends an event as the browser reads it.
func encode(b []byte, f Frame) []byte {
	b = append(b, "id: "...)
	b = strconv.AppendUint(b, f.Revision, 10)
	b = append(b, "\nevent: "...)
	b = append(b, f.Event...)
	b = append(b, "\ndata: "...)
	b = append(b, f.Data...)
	return append(b, "\n\n"...)
}
