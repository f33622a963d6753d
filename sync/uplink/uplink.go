// Package uplink is a station's end of the stream: it brings the hub every event of the
// journal, fetches what the journal has lost, and carries questions to the hub. What
// counts as delivered is the hub's watermark alone, never the broker's acknowledgement.
package uplink

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/ask"
	"garita/sync/link"
	"garita/sync/wire"
)

// Config describes a station to its uplink. Durations and numbers of 0 mean the
// defaults named with them.
type Config struct {
	URL      string      // of the hub's broker; several are separated by commas
	Access   link.Access // its Inbox is set here
	Station  border.StationID
	Post     border.PostID
	Zone     string // IANA time zone of the post
	Software string
	Clock    border.TrustedClock
	Source   border.EventSource
	Log      *slog.Logger // nil: silent
	ask.Trust

	Checkpoints border.CheckpointSource // nil: none are sent
	Roster      border.RosterSink       // nil: none is fetched
	Keys        border.KeySink          // nil: none are fetched

	// OnOffset is told each measured offset, hub time less station time, and the round
	// trip it was measured with. It must not block. May be nil.
	OnOffset func(offset, rtt time.Duration)
	// Lists says which releases of lists the station holds, for its hellos. It must not
	// block. May be nil.
	Lists func() []border.ListReport
	// Health says how disk and scanners are, for the hellos. It must not wait; nil: nothing is said.
	Health func() *border.StationHealth

	Heartbeat      time.Duration // between hellos; 3 s
	Checkpoint     time.Duration // longest time between checkpoints; 60 s
	Officers       time.Duration // between questions for the roster when nothing is heard; 30 s
	RequestTimeout time.Duration // longest wait for an answer of hub or broker; 5 s
	// WatermarkTimeout is how long the watermark may stand still below what was
	// published before it is sent again; 5 s, doubled each time up to 1 min.
	WatermarkTimeout time.Duration
	Window           int           // events published beyond the watermark; 10,000
	RetryMax         time.Duration // longest pause between tries; 15 s
	Ping             time.Duration // see link.Config; 5 s
}

// Uplink is a station's end of the stream. Make it with [New], then call Run once. All
// other methods may be called at any time from any goroutine.
type Uplink struct {
	c       Config
	changes chan struct{}
	link    chan struct{} // the connection came or went
	woke    chan struct{} // something came down from the hub

	officers chan struct{} // the hub's officers have changed
	due      due

	mu        sync.Mutex // guards all below; nothing else is locked under it
	nc        *nats.Conn
	cut       context.CancelFunc // ends the present session; nil if there is none
	ledger    ledger
	connected bool
	since     time.Time
	heard     time.Time
	problem   string
	offset    time.Duration // of the hub's clock to ours, at the last hello
	broken    string        // why the last try to connect failed; "": it did not

	// The rest belongs to Run's goroutine alone.
	js       jetstream.JetStream
	wrapped  map[string]bool // key ids whose wraps the hub holds
	wrapless map[string]bool // key ids in use for which there is no wrap to send
	cautious bool            // the watermark stood still: send little until it moves
	stall    time.Duration   // present patience with the watermark
	batch    int             // events to publish at a time, 1 to wire.MaxBatch
	// named holds the epochs whose loss was already logged.
	named map[border.Epoch]bool
}

var _ border.HubAsker = (*Uplink)(nil)

// New checks the configuration.
func New(c Config) (*Uplink, error) {
	if c.URL == "" || c.Station.Validate() != nil || c.Post.Validate() != nil || c.Clock == nil || c.Source == nil {
		return nil, &border.Error{Code: border.Invalid, Op: "set up the uplink", Err: errors.New("incomplete configuration")}
	}
	c.Access.Inbox = wire.Inbox(c.Station)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.OnOffset == nil {
		c.OnOffset = func(_, _ time.Duration) {}
	}
	if c.Lists == nil {
		c.Lists = func() []border.ListReport { return nil }
	}
	if c.Health == nil {
		c.Health = func() *border.StationHealth { return nil }
	}
	for d, v := range map[*time.Duration]time.Duration{
		&c.Heartbeat: 3 * time.Second, &c.Checkpoint: time.Minute, &c.Officers: 30 * time.Second, &c.RequestTimeout: 5 * time.Second, &c.WatermarkTimeout: 5 * time.Second, &c.RetryMax: 15 * time.Second,
	} {
		if *d <= 0 {
			*d = v
		}
	}
	if c.Window <= 0 {
		c.Window = 10_000
	}
	u := &Uplink{
		c: c, changes: make(chan struct{}, 1), link: make(chan struct{}, 1), woke: make(chan struct{}, 1),
		officers: make(chan struct{}, 1), due: due{woke: make(chan struct{}, 1)},
		stall: c.WatermarkTimeout, batch: wire.MaxBatch, since: c.Clock.Now(), problem: "The hub has not been reached yet.",
		named: map[border.Epoch]bool{},
	}
	u.ledger.clear()
	return u, nil
}

// Run works until ctx ends, whatever happens to the network or the hub, and then
// returns nil. It fails only when the URL cannot be read or the journal is closed for good.
func (u *Uplink) Run(ctx context.Context) error {
	nc, err := link.Open(link.Config{
		URL: u.c.URL, Name: "station " + string(u.c.Station), Log: u.c.Log, Access: u.c.Access, Ping: u.c.Ping,
		Changed: u.linkChanged, Failed: u.linkFailed,
	})
	if err != nil {
		return err
	}
	defer nc.Close()
	if u.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(u.c.RequestTimeout)); err != nil {
		return &border.Error{Code: border.Internal, Op: "open the stream", Err: err}
	}
	sub, err := nc.Subscribe(wire.DownSubjects(u.c.Station), u.down)
	if err == nil {
		err = sub.SetPendingLimits(1024, 8<<20)
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "listen to the hub", Err: err}
	}
	u.mu.Lock()
	u.nc = nc
	u.mu.Unlock()
	defer u.setDown("The uplink has ended.")

	if err := u.refresh(ctx); err != nil {
		u.c.Log.Warn("the journal cannot be read", "err", err) // each session tries again
	}
	wait := link.Backoff{Min: 200 * time.Millisecond, Max: u.c.RetryMax}
	for ctx.Err() == nil {
		if !nc.IsConnected() {
			u.setDown(u.whyDown())
			wait.Reset()
			select {
			case <-u.link:
			case <-u.c.Source.Commits(): // the backlog grows
				if err := u.refresh(ctx); err != nil {
					u.c.Log.Warn("the journal cannot be read", "err", err)
				}
				signal(u.changes)
			case <-ctx.Done():
			}
			continue
		}
		err := u.attempt(ctx, nc, wait.Reset)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errAgain):
			u.c.Log.Info("comparing with the hub again", "why", err)
			continue
		}
		u.c.Log.Warn("the hub was lost", "err", err)
		u.setDown(plain(err))
		t := time.NewTimer(wait.Next())
		select {
		case <-t.C:
		case <-u.link:
		case <-ctx.Done():
		}
		t.Stop()
	}
	return nil
}

// attempt is one session. It ends when the connection does: the client library would let
// its requests wait for answers that cannot come any more.
func (u *Uplink) attempt(ctx context.Context, nc *nats.Conn, settled func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	u.mu.Lock()
	u.cut = cancel
	u.mu.Unlock()
	defer func() {
		u.mu.Lock()
		u.cut = nil
		u.mu.Unlock()
	}()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	u.errands(ctx, &wg, nc)
	return u.session(ctx, nc, settled)
}

// linkChanged runs on the connection's goroutine.
func (u *Uplink) linkChanged(up bool) {
	u.mu.Lock()
	if !up && u.cut != nil {
		u.cut()
	}
	if up {
		u.broken = ""
	}
	u.mu.Unlock()
	signal(u.link)
}

// linkFailed runs on the connection's goroutines.
func (u *Uplink) linkFailed(problem string) {
	u.mu.Lock()
	news := u.broken != problem
	u.broken = problem
	u.mu.Unlock()
	if news {
		signal(u.link)
	}
}

// whyDown says why there is no connection.
func (u *Uplink) whyDown() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.broken != "" {
		return u.broken
	}
	return "There is no connection to the hub."
}

// plain gives words for the screen.
func plain(err error) string {
	if m := border.MessageOf(err); m != "" {
		return m
	}
	return "The hub does not answer."
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Status tells the state of the link. Until the hub has been met once since the start,
// Backlog counts every event of the journal.
func (u *Uplink) Status() border.HubStatus {
	head := u.c.Source.Head()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ledger.extend(head)
	return border.HubStatus{
		Connected: u.connected, Since: u.since, LastHeard: u.heard,
		Backlog: u.ledger.backlog(), Generation: u.ledger.generation, Problem: u.problem,
	}
}

// Changes carries one signal after one or more changes of the status. It has one reader.
func (u *Uplink) Changes() <-chan struct{} { return u.changes }

func (u *Uplink) setDown(problem string) {
	u.mu.Lock()
	if u.connected {
		u.connected, u.since = false, u.c.Clock.Now()
	}
	u.problem = problem
	u.mu.Unlock()
	signal(u.changes)
}

func (u *Uplink) setUp() {
	u.mu.Lock()
	if !u.connected {
		u.connected, u.since = true, u.c.Clock.Now()
	}
	u.problem = ""
	u.mu.Unlock()
	signal(u.changes)
}

func (u *Uplink) setProblem(problem string) {
	u.mu.Lock()
	changed := u.problem != problem
	u.problem = problem
	u.mu.Unlock()
	if changed {
		signal(u.changes)
	}
}
