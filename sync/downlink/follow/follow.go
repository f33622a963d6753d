// Package follow is a station's end of the downlink: it brings the replica of each list to
// the release that the hub published last, and carries notices and their acknowledgements.
// Nothing that it receives is trusted: replica and notices judge.
package follow

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/ask"
	"garita/sync/link"
	"garita/sync/wire"
)

// Config describes a station to its downlink. Durations and numbers of 0 mean the defaults
// named with them.
type Config struct {
	URL     string      // of the hub's broker; several are separated by commas
	Access  link.Access // its Inbox is set here
	Station border.StationID
	Names   []string          // of the lists to follow, at most [wire.MaxLists]
	Lists   border.ListSink   // nil: no lists are followed
	Notices border.NoticeSink // nil: no notices are fetched
	Clock   border.Clock
	Log     *slog.Logger // nil: silent
	ask.Trust

	Check          time.Duration // between looks at a list's head when nothing is heard of it; 1 min
	Notice         time.Duration // between questions about notices when nothing is heard; 3 s
	Jitter         time.Duration // longest wait before a new head is looked at; 500 ms
	RequestTimeout time.Duration // longest wait for an answer of hub or broker; 5 s
	ChunkTimeout   time.Duration // longest wait for a chunk of a file; 1 min
	ApplyTimeout   time.Duration // longest work of the replica on one release; 5 min
	RetryMax       time.Duration // longest pause between tries; 1 min
	Far            uint64        // releases behind the head from which a snapshot is taken rather; 500
	Ping           time.Duration // see link.Config; 10 s, because a chunk takes long on a slow line
}

// Follower is a station's end of the downlink. Make it with [New], then call Run once. All
// other methods may be called at any time from any goroutine.
type Follower struct {
	c     Config
	lists []*follower
	asker *asker

	mu  sync.Mutex         // guards both below; nothing else is locked under it
	now context.Context    // ends with the present connection; nil: there is none
	cut context.CancelFunc // ends now
}

// New checks the configuration.
func New(c Config) (*Follower, error) {
	if c.URL == "" || c.Station.Validate() != nil || c.Clock == nil || len(c.Names) > wire.MaxLists || c.Lists == nil && len(c.Names) > 0 {
		return nil, &border.Error{Code: border.Invalid, Op: "set up the downlink", Err: errors.New("incomplete configuration")}
	}
	for i, name := range c.Names {
		if !wire.ValidListName(name) || slices.Contains(c.Names[:i], name) {
			return nil, &border.Error{Code: border.Invalid, Op: "set up the downlink", Err: errors.New("a list is named twice, or by a name that is none")}
		}
	}
	c.Access.Inbox = wire.Inbox(c.Station)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for d, v := range map[*time.Duration]time.Duration{
		&c.Check: time.Minute, &c.Notice: 3 * time.Second, &c.Jitter: 500 * time.Millisecond, &c.RequestTimeout: 5 * time.Second,
		&c.ChunkTimeout: time.Minute, &c.ApplyTimeout: 5 * time.Minute, &c.RetryMax: time.Minute, &c.Ping: 10 * time.Second,
	} {
		if *d <= 0 {
			*d = v
		}
	}
	if c.Far == 0 {
		c.Far = 500
	}
	f := &Follower{c: c}
	for _, name := range c.Names {
		f.lists = append(f.lists, &follower{
			f: f, list: name, woke: make(chan struct{}, 1), link: make(chan struct{}, 1),
			status: ListStatus{List: name, Problem: "The hub has not been reached yet."},
		})
	}
	if c.Notices != nil {
		f.asker = &asker{f: f, woke: make(chan struct{}, 1), link: make(chan struct{}, 1), later: map[border.ID]*later{}}
	}
	return f, nil
}

// Run works until ctx ends, whatever happens to the network, the hub or the stores, and then
// returns nil. It fails only when the URL cannot be read or a subscription is refused.
func (f *Follower) Run(ctx context.Context) error {
	nc, err := link.Open(link.Config{
		URL: f.c.URL, Name: "station " + string(f.c.Station) + " downlink", Log: f.c.Log, Access: f.c.Access, Ping: f.c.Ping, Changed: f.linkChanged,
	})
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := f.listen(nc); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer f.linkChanged(false)
	for _, l := range f.lists {
		wg.Add(1)
		go func() { // ends with ctx
			defer wg.Done()
			l.run(ctx, nc)
		}()
	}
	if f.asker != nil {
		wg.Add(1)
		go func() { // ends with ctx
			defer wg.Done()
			f.asker.run(ctx, nc)
		}()
	}
	<-ctx.Done()
	return nil
}

// listen subscribes to what wakes the workers. The messages are hints: whoever is woken
// looks for itself, and looks from time to time without.
func (f *Follower) listen(nc *nats.Conn) error {
	subscribe := func(subject string, h nats.MsgHandler) error {
		sub, err := nc.Subscribe(subject, h)
		if err == nil {
			err = sub.SetPendingLimits(256, 4<<20)
		}
		if err != nil {
			return &border.Error{Code: border.Internal, Op: "listen to the hub", Err: err}
		}
		return nil
	}
	if f.asker != nil {
		if err := subscribe(wire.DownSubject(f.c.Station, wire.KindNotice), func(*nats.Msg) { signal(f.asker.woke) }); err != nil {
			return err
		}
	}
	if len(f.lists) == 0 {
		return nil
	}
	return subscribe(wire.ListHeads, func(m *nats.Msg) {
		name, ok := wire.ParseHeadSubject(m.Subject)
		for _, l := range f.lists {
			if ok && l.list == name {
				signal(l.woke)
			}
		}
	})
}

// linkChanged runs on the connection's goroutine. Whatever a worker waits for ends with the
// connection: the client library would let its requests wait for answers that cannot come.
func (f *Follower) linkChanged(up bool) {
	f.mu.Lock()
	if f.cut != nil {
		f.cut()
	}
	f.now, f.cut = nil, nil
	if up {
		f.now, f.cut = context.WithCancel(context.Background())
	}
	f.mu.Unlock()
	for _, l := range f.lists {
		signal(l.link)
	}
	if f.asker != nil {
		signal(f.asker.link)
	}
}

// connected gives a context that ends with ctx or the present connection, or false if there
// is none.
func (f *Follower) connected(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	f.mu.Lock()
	now := f.now
	f.mu.Unlock()
	if now == nil {
		return nil, nil, false
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(now, cancel)
	return ctx, func() { stop(); cancel() }, true
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// spread gives a duration between three quarters and the whole of d, so that many stations
// do not ask at one moment.
func spread(d time.Duration) time.Duration {
	return d - rand.N(d/4+1) //nolint:gosec // jitter, not a secret
}

// wait waits for d, for one of the signals, or for the end of ctx, and reports whether it
// was the last signal.
func wait(ctx context.Context, d time.Duration, link, woke <-chan struct{}) (heard bool) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-link:
	case <-woke:
		return true
	case <-ctx.Done():
	}
	return false
}
