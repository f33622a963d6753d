// Package live keeps a browser's screens up to date over server-sent events (WHATWG HTML,
// section 9.2), on which only the newest state is ever sent: one stream for all windows of a browser
// ([Mux]), or one for one screen ([Streams.Serve]), as programs take it.
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
	"hash/maphash"
	"log/slog"
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
	Revision uint64 // sent as the event's id on a stream of one screen
	Data     []byte // one line, JSON; it holds until the feed is asked again
}

// Feed is what one screen shows.
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
	// Still reports whether who opened the stream may still see it; it is asked at each heartbeat,
	// beside whether the session of the request still is ([access.Still]). When one of them says no the
	// stream ends with an event "ended". nil: only the session is asked.
	Still func() bool
}

// Streams is the set of open streams of one server. Safe for concurrent use.
type Streams struct {
	cfg  Config
	open atomic.Int64
	seed maphash.Seed // of the digests by which a browser says what it has
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
	return &Streams{cfg: cfg, seed: maphash.MakeSeed()}
}

// Open says how many streams there are now.
func (s *Streams) Open() int { return int(s.open.Load()) }

// Serve answers a request with a stream of the feed that subscribe opens. It returns once
// the stream is set up; the stream itself then lives until the browser leaves or the
// server stops, and holds nothing of the Fiber context.
//
// The errors are [border.Unavailable] beyond the bound, and those of subscribe.
func (s *Streams) Serve(c *fiber.Ctx, subscribe func() (Feed, error)) error {
	return s.serve(c, func() ([]topic, error) {
		feed, err := subscribe()
		return []topic{{feed: feed, changed: feed.Changed}}, err
	})
}

// serve answers a request with a stream of what subscribe opens.
func (s *Streams) serve(c *fiber.Ctx, subscribe func() ([]topic, error)) error {
	if s.open.Add(1) > int64(s.cfg.MaxStreams) {
		s.open.Add(-1)
		return &border.Error{Code: border.Unavailable, Op: "open a live stream",
			Message: "Too many screens are open on this machine. Close one and try again."}
	}
	topics, err := subscribe()
	if err != nil {
		s.open.Add(-1)
		return err
	}
	st := &stream{cfg: &s.cfg, seed: s.seed, topics: topics, conn: c.Context().Conn(), down: c.Context().Done()}
	if still := access.Still(c.UserContext()); still != nil {
		st.still = append(st.still, still)
	}
	for i := range topics {
		if still := topics[i].feed.Still; still != nil {
			st.still = append(st.still, still)
		}
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no") // a proxy in front must not collect events
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer s.open.Add(-1)
		defer st.close()
		defer func() {
			// This goroutine belongs to fasthttp, which does not survive its panics.
			if p := recover(); p != nil {
				s.cfg.Log.Error("a live stream failed", "panic", fmt.Sprintf("%T", p))
			}
		}()
		st.w = w
		if err := st.run(); err != nil {
			s.cfg.Log.Error("a live stream ended", "error", err)
		}
	})
	return nil
}
