// Package intake is the hub's end of the stream: it keeps what stations publish in the
// register, tells them what is held, and answers their requests. It drops nothing and
// acknowledges only what the register has stored durably.
package intake

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

// Config connects an intake. Durations of 0 mean the defaults named with them.
type Config struct {
	URL    string      // of the broker
	Access link.Access // its Inbox is set here
	Sink   border.EventSink
	Asker  border.HubAsker
	Clock  border.Clock
	Log    *slog.Logger // nil: silent
	answer.Trust

	Checkpoints border.CheckpointSink // nil: checkpoints are not taken
	Roster      border.RosterSource   // nil: rosters are not served
	Keys        border.KeySource      // nil: keys are not given back

	// StreamBytes bounds the stream; publishers are refused beyond it. 0: 1 GiB. The
	// broker must allow at least as much.
	StreamBytes int64
	// Replicas of a new stream, 1 to 5; 0: 1. An existing stream keeps its number.
	Replicas int
	// Alarm is told what somebody at the hub should look into, beside the alarms that
	// the register raises itself. It must not block. Nil: log only.
	Alarm func(station border.StationID, text string)

	RequestTimeout time.Duration // longest work on one request; 10 s
	StoreTimeout   time.Duration // longest try to store one batch; 30 s
	ResendAfter    time.Duration // age of a gap before the station is asked; 500 ms, then doubling
}

// Intake is the hub's end of the stream. Make it with [New], then call Run once.
type Intake struct {
	c          Config
	nc         *nats.Conn // set by Run before anything else runs
	js         jetstream.JetStream
	generation atomic.Uint64 // last one the register named; 0: none yet
	gaps       gaps

	mu       sync.Mutex                // guards stations
	stations map[border.StationID]bool // who is woken when officers change
}

// New checks the configuration.
func New(c Config) (*Intake, error) {
	if c.URL == "" || c.Sink == nil || c.Asker == nil || c.Clock == nil || c.StreamBytes < 0 || c.Replicas < 0 || c.Replicas > 5 {
		return nil, &border.Error{Code: border.Invalid, Op: "set up the intake", Err: errors.New("incomplete configuration")}
	}
	c.Access.Inbox = wire.HubInbox
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.StreamBytes == 0 {
		c.StreamBytes = 1 << 30
	}
	c.Replicas = max(1, c.Replicas)
	defaults(&c.RequestTimeout, 10*time.Second)
	defaults(&c.StoreTimeout, 30*time.Second)
	defaults(&c.ResendAfter, 500*time.Millisecond)
	return &Intake{c: c, gaps: gaps{open: map[gapKey]*gap{}}, stations: map[border.StationID]bool{}}, nil
}

func defaults(d *time.Duration, v time.Duration) {
	if *d <= 0 {
		*d = v
	}
}

// Run works until ctx ends, whatever happens to the broker or the register, and then
// returns nil. It fails only when the URL cannot be read or a subscription is refused.
func (in *Intake) Run(ctx context.Context) error {
	up, down := make(chan struct{}, 1), make(chan struct{}, 1)
	nc, err := link.Open(link.Config{URL: in.c.URL, Name: "garita intake", Log: in.c.Log, Access: in.c.Access, Changed: func(isUp bool) {
		if isUp {
			signal(up)
		} else {
			signal(down)
		}
	}})
	if err != nil {
		return err
	}
	defer nc.Close()
	in.nc = nc
	if in.js, err = jetstream.New(nc); err != nil {
		return &border.Error{Code: border.Internal, Op: "open the stream", Err: err}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	if err := in.serve(ctx, &wg); err != nil {
		return err
	}
	wait := link.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second}
	for ctx.Err() == nil {
		if !nc.IsConnected() {
			select {
			case <-up:
			case <-ctx.Done():
			}
			continue
		}
		began := in.c.Clock.Now()
		select {
		case <-down: // of the connection before
		default:
		}
		err := in.drain(ctx, down)
		if ctx.Err() != nil {
			break
		}
		in.c.Log.Warn("the stream was interrupted", "err", err)
		if in.c.Clock.Now().Sub(began) > time.Minute {
			wait.Reset()
		}
		sleep(ctx, wait.Next())
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (in *Intake) alarm(station border.StationID, text string) {
	in.c.Log.Warn("intake: alarm", "text", text, "station", station)
	if in.c.Alarm != nil {
		in.c.Alarm(station, text)
	}
}
