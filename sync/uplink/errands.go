package uplink

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/link"
	"garita/sync/wire"
)

const (
	checkpointEvents = 100 // held by the hub since the last checkpoint: the next one is due
	keysAgain        = time.Minute
	maxKeyPages      = 10_000
)

// errand is what is done beside the stream, on every connection and from time to time.
type errand struct {
	name  string
	every time.Duration
	woke  <-chan struct{} // may be nil
	run   func(ctx context.Context, nc *nats.Conn) error
}

// errands starts what is configured; it ends with ctx and is counted in wg. Errands do not wait
// for journal and hub to agree: a revoked officer must not stay because of a journal that cannot be read.
func (u *Uplink) errands(ctx context.Context, wg *sync.WaitGroup, nc *nats.Conn) {
	var all []errand
	if u.c.Roster != nil {
		all = append(all, errand{"roster", u.c.Officers, u.officers, u.fetchRoster})
	}
	if u.c.Checkpoints != nil {
		all = append(all, errand{"checkpoint", u.c.Checkpoint, u.due.woke, u.sendCheckpoint})
	}
	if u.c.Keys != nil {
		all = append(all, errand{"keys", keysAgain, nil, u.fetchKeys})
	}
	for _, e := range all {
		wg.Add(1)
		go func() { // ends with ctx
			defer wg.Done()
			u.again(ctx, nc, e)
		}()
	}
}

func (u *Uplink) again(ctx context.Context, nc *nats.Conn, e errand) {
	back := link.Backoff{Min: 500 * time.Millisecond, Max: min(u.c.RetryMax, e.every)}
	for ctx.Err() == nil {
		err := e.run(ctx, nc)
		wait, woke := e.every, e.woke
		switch {
		case err == nil:
			back.Reset()
		case passing(err):
			wait, woke = back.Next(), nil
			u.c.Log.Info("an errand has to wait", "errand", e.name, "wait", wait.String(), "err", err)
		default:
			if ctx.Err() == nil {
				u.c.Log.Error("an errand failed", "errand", e.name, "err", err)
			}
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-woke:
		case <-ctx.Done():
		}
		t.Stop()
	}
}

// passing reports whether what went wrong may soon be over.
func passing(err error) bool {
	switch border.CodeOf(err) {
	case border.Unavailable, border.NotDurable, border.StorageFull, border.Stale:
		return true
	default:
		return false
	}
}

// due wakes the errand of checkpoints when the hub holds so many events more.
type due struct {
	woke chan struct{}

	mu   sync.Mutex // guards both below
	held uint64     // by the hub now
	at   uint64     // by the hub at the last checkpoint
}

// grown notes how many events the hub holds. A hub that was restored may hold fewer than before.
func (d *due) grown(held uint64) {
	d.mu.Lock()
	d.held, d.at = held, min(d.at, held)
	wake := held-d.at >= checkpointEvents
	d.mu.Unlock()
	if wake {
		signal(d.woke)
	}
}

func (d *due) now() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held
}

func (d *due) done(held uint64) {
	d.mu.Lock()
	d.at = max(d.at, held)
	d.mu.Unlock()
}

// sendCheckpoint has the hub cosign the log, and keeps the answer.
func (u *Uplink) sendCheckpoint(ctx context.Context, nc *nats.Conn) error {
	held := u.due.now()
	err := u.cosign(ctx, nc)
	if !passing(err) { // else nothing but its time makes the next one due
		u.due.done(held)
	}
	return err
}

func (u *Uplink) cosign(ctx context.Context, nc *nats.Conn) error {
	c, err := u.c.Checkpoints.Checkpoint(ctx)
	if err != nil || len(c.Note) == 0 {
		return err
	}
	body, err := wire.Encode(wire.Checkpoint{Note: c.Note})
	if err != nil {
		return err
	}
	reply, err := u.request(ctx, nc, wire.KindCheckpoint, body)
	if err != nil {
		return err
	}
	if c, err = wire.DecodeCheckpoint(reply); err != nil {
		return err
	}
	return u.c.Checkpoints.Cosigned(ctx, c)
}

// fetchRoster asks for a newer roster than the one in force, and puts it in force.
func (u *Uplink) fetchRoster(ctx context.Context, nc *nats.Conn) error {
	body, err := wire.Encode(wire.RosterRequest{Have: u.c.Roster.RosterVersion()})
	if err != nil {
		return err
	}
	b, err := u.request(ctx, nc, wire.KindRoster, body)
	switch {
	case err != nil || len(b) == 0:
		return err
	case len(b) > border.MaxRoster:
		return &border.Error{Code: border.TooLarge, Op: "fetch the roster"}
	}
	return u.c.Roster.InstallRoster(ctx, b)
}

// fetchKeys asks for the keys that the journal names and that are not here: it was put back from
// a copy, in which no key ever is.
func (u *Uplink) fetchKeys(ctx context.Context, nc *nats.Conn) error {
	lacking, err := u.c.Keys.Lacking(ctx)
	if err != nil || !lacking {
		return err
	}
	asked := wire.KeysRequest{}
	for range maxKeyPages {
		body, err := wire.Encode(asked)
		if err != nil {
			return err
		}
		reply, err := u.request(ctx, nc, wire.KindKeys, body)
		if err != nil {
			return err
		}
		wraps, err := wire.DecodeKeysReply(reply, u.c.Station, asked)
		if err != nil {
			return err
		}
		// The empty page, too: it says that there are no more, and what is still lacking was destroyed.
		if err := u.c.Keys.Regain(ctx, wraps); err != nil || len(wraps) == 0 {
			return err
		}
		asked.After = wraps[len(wraps)-1].KeyID
	}
	return nil
}
