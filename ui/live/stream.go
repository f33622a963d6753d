package live

import (
	"bufio"
	"context"
	"fmt"
	"hash/maphash"
	"net"
	"reflect"
	"strconv"
	"time"

	"garita/border"
)

// topic is one feed of a stream.
type topic struct {
	name    string // "" on a stream of one screen
	feed    Feed
	changed <-chan struct{} // nil while the shortest gap lasts: later signals stay in the feed's channel
	rest    *time.Timer     // runs while it lasts
	has     uint64          // digest of what the browser has; 0: nothing
	no      border.Code     // why it shows nothing; "": it does
}

// stream is one open stream; it is used by one goroutine.
type stream struct {
	cfg    *Config
	seed   maphash.Seed
	topics []topic
	still  []func() bool
	w      *bufio.Writer
	conn   net.Conn
	down   <-chan struct{}
	sent   []byte // the last event, kept for its room
}

// close ends the subscriptions that are left.
func (s *stream) close() {
	for i := range s.topics {
		if t := &s.topics[i]; t.no == "" {
			t.feed.Close()
		}
		if s.topics[i].rest != nil {
			s.topics[i].rest.Stop()
		}
	}
}

// beatEvent says that a stream is alive.
var beatEvent = []byte("event: beat\ndata: {}\n\n")

// run sends until the browser leaves or the server stops, which is no error.
func (s *stream) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !s.flush(fmt.Appendf(nil, "retry: %d\n\n", retry.Milliseconds())) {
		return nil
	}
	for i := range s.topics {
		if t := &s.topics[i]; t.no != "" && !s.flush(refusal(t)) {
			return nil
		}
	}
	if there, err := s.look(ctx); !there {
		return err
	}
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	w := s.waiter(beat.C)
	for {
		i, rested := w.wait(s.topics)
		switch {
		case i == stopped:
			return nil
		case i == quiet:
			if s.over() {
				s.flush([]byte("event: ended\ndata: {}\n\n"))
				return nil
			}
			if there, err := s.look(ctx); !there {
				return err
			}
		case rested:
			s.topics[i].changed = s.topics[i].feed.Changed
		default:
			if _, there, err := s.show(ctx, &s.topics[i]); !there {
				return err
			}
		}
	}
}

// look shows whatever has changed, and beats if nothing has. It reports whether the browser is still there.
func (s *stream) look(ctx context.Context) (there bool, err error) {
	news := false
	for i := range s.topics {
		t := &s.topics[i]
		if t.no != "" {
			continue
		}
		sent, there, err := s.show(ctx, t)
		if !there {
			return false, err
		}
		news = news || sent
	}
	return news || s.flush(beatEvent), nil
}

// show sends a topic's newest frame, unless the browser has it.
func (s *stream) show(ctx context.Context, t *topic) (sent, there bool, err error) {
	frame, fresh, err := s.next(ctx, t)
	if err != nil {
		if t.name == "" {
			return false, false, err
		}
		// Its screen alone does without; the browser asks for it again.
		s.cfg.Log.Error("a topic of a live stream ended", "error", err)
		t.feed.Close()
		t.no, t.changed, t.has = border.CodeOf(err), nil, 0 // what it shows next is news
		return true, s.flush(refusal(t)), nil
	}
	if !fresh {
		return false, true, nil
	}
	if t.name == "" {
		s.sent = encode(s.sent[:0], strconv.AppendUint(nil, frame.Revision, 10), frame.Event, frame.Data)
	} else {
		has := maphash.Bytes(s.seed, frame.Data)
		if has == t.has {
			return false, true, nil
		}
		t.has = has
		s.sent = encode(s.sent[:0], s.position(), frame.Event+"@"+t.name, frame.Data)
	}
	if !s.flush(s.sent) {
		return false, false, nil
	}
	if t.feed.MinGap > 0 {
		t.changed = nil
		if t.rest == nil {
			t.rest = time.NewTimer(t.feed.MinGap)
		} else {
			t.rest.Reset(t.feed.MinGap)
		}
	}
	return true, true, nil
}

// next asks a feed. A fault of it is an error here.
func (s *stream) next(ctx context.Context, t *topic) (f Frame, fresh bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, nextTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = &border.Error{Code: border.Internal, Op: "show the newest state", Err: fmt.Errorf("panic of %T", p)}
		}
	}()
	return t.feed.Next(ctx)
}

// over reports whether who opened the stream may see it no more.
func (s *stream) over() bool {
	for _, still := range s.still {
		if !still() {
			return true
		}
	}
	return false
}

// position says what the browser has of each topic, as the id of an event. A browser that comes back
// says the last one; one whose content has not changed is not sent again.
func (s *stream) position() []byte {
	var b []byte
	for i := range s.topics {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendUint(b, s.topics[i].has, 36)
	}
	return b
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
func encode(b, id []byte, event string, data []byte) []byte {
	b = append(b, "id: "...)
	b = append(b, id...)
	b = append(b, "\nevent: "...)
	b = append(b, event...)
	b = append(b, "\ndata: "...)
	b = append(b, data...)
	return append(b, "\n\n"...)
}

// refusal is the event by which a topic is not shown. It moves no position.
func refusal(t *topic) []byte {
	return fmt.Appendf(nil, "event: refused@%s\ndata: {\"code\":%q}\n\n", t.name, t.no)
}

// What a stream waits for besides its topics.
const (
	stopped = -1
	quiet   = -2
)

// waiter waits for one of many channels: three of the stream, then two for each topic.
type waiter struct{ cases []reflect.SelectCase }

const ofStream = 3

func (s *stream) waiter(beat <-chan time.Time) *waiter {
	w := &waiter{cases: make([]reflect.SelectCase, ofStream+2*len(s.topics))}
	for i := range w.cases {
		w.cases[i].Dir = reflect.SelectRecv
	}
	w.cases[0].Chan, w.cases[1].Chan, w.cases[2].Chan = reflect.ValueOf(s.down), reflect.ValueOf(s.cfg.Stop), reflect.ValueOf(beat)
	return w
}

// wait returns the topic that has something to do, or [stopped] or [quiet]; rested says that its shortest
// gap is over.
func (w *waiter) wait(topics []topic) (i int, rested bool) {
	for i := range topics {
		t := &topics[i]
		changed, rest := t.changed, (<-chan time.Time)(nil)
		if t.rest != nil && t.no == "" {
			rest = t.rest.C
		}
		w.cases[ofStream+2*i].Chan, w.cases[ofStream+2*i+1].Chan = reflect.ValueOf(changed), reflect.ValueOf(rest)
	}
	switch at, _, _ := reflect.Select(w.cases); at {
	case 0, 1:
		return stopped, false
	case 2:
		return quiet, false
	default:
		return (at - ofStream) / 2, (at-ofStream)%2 == 1
	}
}
