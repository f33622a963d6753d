// Package publish is the hub's end of the downlink: it keeps the releases of lists that the
// hub names in a stream, from which stations fetch them at their own pace, and answers their
// requests for notices. It understands nothing of what it carries.
package publish

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/answer"
	"garita/sync/link"
	"garita/sync/wire"
)

// Config connects a publisher. Durations and numbers of 0 mean the defaults named with them.
type Config struct {
	URL     string              // of the broker
	Access  link.Access         // its Inbox is set here
	Lists   border.ListSource   // nil: no lists are published
	Notices border.NoticeSource // nil: no notices are served
	Clock   border.Clock
	Log     *slog.Logger // nil: silent
	answer.Trust

	// StreamBytes bounds the stream of lists; 0: 2 GiB. The broker must allow at least as
	// much beside the stream of events.
	StreamBytes int64
	// Replicas of a new stream, 1 to 5; 0: 1. An existing stream keeps its number.
	Replicas int
	// Alarm is told what somebody at the hub should look into, each thing once until it is
	// over. It must not block. Nil: log only.
	Alarm func(text string)

	RequestTimeout time.Duration // longest work on one request, and wait for the broker; 10 s
	Compare        time.Duration // between comparisons of all that is named with the stream; 10 min
	RetryMax       time.Duration // longest pause between tries; 15 s
}

// Publisher is the hub's end of the downlink. Make it with [New], then call Run once.
type Publisher struct {
	c  Config
	nc *nats.Conn // set by Run before anything else runs
	js jetstream.JetStream

	// These belong to the goroutine that publishes lists.
	whole   map[border.Digest]bool // files that this process has seen whole in the stream
	alarmed map[string]bool        // by list, or by a word with a space before it, which no list's name has

	mu       sync.Mutex                  // guards both below; nothing else is locked under it
	cut      context.CancelFunc          // ends the present session; nil if there is none
	stations map[border.StationID]uint64 // who asks for notices, and up to which order it was told
}

// New checks the configuration.
func New(c Config) (*Publisher, error) {
	if c.URL == "" || c.Clock == nil || c.StreamBytes < 0 || c.Replicas < 0 || c.Replicas > 5 {
		return nil, &border.Error{Code: border.Invalid, Op: "set up the downlink", Err: errors.New("incomplete configuration")}
	}
	c.Access.Inbox = wire.HubInbox
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Alarm == nil {
		c.Alarm = func(string) {}
	}
	if c.StreamBytes == 0 {
		c.StreamBytes = 2 << 30
	}
	c.Replicas = max(1, c.Replicas)
	for d, v := range map[*time.Duration]time.Duration{
		&c.RequestTimeout: 10 * time.Second, &c.Compare: 10 * time.Minute, &c.RetryMax: 15 * time.Second,
	} {
		if *d <= 0 {
			*d = v
		}
	}
	return &Publisher{
		c: c, whole: map[border.Digest]bool{}, alarmed: map[string]bool{}, stations: map[border.StationID]uint64{},
	}, nil
}

// Run works until ctx ends, whatever happens to the broker or the sources, and then returns
// nil. It fails only when the URL cannot be read or a subscription is refused.
func (p *Publisher) Run(ctx context.Context) error {
	up := make(chan struct{}, 1)
	nc, err := link.Open(link.Config{URL: p.c.URL, Name: "garita downlink", Log: p.c.Log, Access: p.c.Access, Changed: func(isUp bool) {
		p.mu.Lock()
		if !isUp && p.cut != nil {
			p.cut()
		}
		p.mu.Unlock()
		if isUp {
			signal(up)
		}
	}})
	if err != nil {
		return err
	}
	defer nc.Close()
	p.nc = nc
	if p.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(p.c.RequestTimeout)); err != nil {
		return &border.Error{Code: border.Internal, Op: "open the stream of lists", Err: err}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	if p.c.Notices != nil {
		desk := &answer.Desk{Conn: nc, Log: p.c.Log, Clock: p.c.Clock, Longest: p.c.RequestTimeout, Trust: p.c.Trust}
		if err := desk.Serve(ctx, &wg,
			answer.Kind{Name: wire.KindNotices, Answer: p.notices, Sealed: true},
			answer.Kind{Name: wire.KindNoticeAck, Answer: p.noticeAck},
		); err != nil {
			return err
		}
		wg.Add(1)
		go func() { // ends with ctx
			defer wg.Done()
			p.wake(ctx)
		}()
	}
	if p.c.Lists == nil {
		<-ctx.Done()
		return nil
	}
	wait := link.Backoff{Min: 200 * time.Millisecond, Max: p.c.RetryMax}
	for ctx.Err() == nil {
		if !nc.IsConnected() {
			select {
			case <-up:
				wait.Reset()
			case <-ctx.Done():
			}
			continue
		}
		err := p.attempt(ctx, wait.Reset)
		if ctx.Err() != nil {
			break
		}
		p.c.Log.Warn("the stream of lists was interrupted", "err", err)
		pause(ctx, wait.Next())
	}
	return nil
}

// attempt is one session. It ends when the connection does: the client library would let
// its requests wait for answers that cannot come any more.
func (p *Publisher) attempt(ctx context.Context, settled func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.mu.Lock()
	p.cut = cancel
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.cut = nil
		p.mu.Unlock()
	}()
	return p.session(ctx, settled)
}

func pause(ctx context.Context, d time.Duration) {
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

// alarm tells of a problem once, until [Publisher.over] says that it is over.
func (p *Publisher) alarm(what, text string, err error) {
	p.c.Log.Warn("downlink: alarm", "text", text, "about", what, "err", err)
	if !p.alarmed[what] {
		p.alarmed[what] = true
		p.c.Alarm(text)
	}
}

func (p *Publisher) over(what string) { delete(p.alarmed, what) }
