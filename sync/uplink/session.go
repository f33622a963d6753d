package uplink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/link"
	"garita/sync/wire"
)

// errAgain ends a session in which nothing is wrong with the link, but journal and hub
// must be compared anew.
var errAgain = errors.New("again")

// missedHellos is how many hellos in a row may stay without an answer: a hub that is
// busy storing a backlog is not away.
const missedHellos = 3

// session lasts from one comparison of journal and hub to the loss of the link. It
// calls settled once the comparison is done.
func (u *Uplink) session(ctx context.Context, nc *nats.Conn, settled func()) error {
	if err := u.reconcile(ctx, nc); err != nil {
		return err
	}
	u.setUp()
	settled()

	beat := time.NewTicker(u.c.Heartbeat)
	defer beat.Stop()
	stall := time.NewTimer(u.stall)
	defer stall.Stop()
	refusal := link.Backoff{Min: 100 * time.Millisecond, Max: u.c.RetryMax}
	var retry <-chan time.Time // set while publishing pauses after a refusal
	held, missed := u.heldNow(), 0
	for {
		if !nc.IsConnected() {
			return &border.Error{Code: border.Unavailable, Op: "keep the link", Message: "There is no connection to the hub."}
		}
		if err := u.notice(ctx); err != nil {
			return err
		}
		if h := u.heldNow(); h != held { // the watermark moves: all is well
			u.due.grown(h)
			held, u.cautious, u.stall = h, false, u.c.WatermarkTimeout
			stall.Reset(u.stall)
			signal(u.changes)
		}
		if retry == nil {
			idle := u.unconfirmedNow() == 0
			sent, err := u.publishSome(ctx, nc)
			switch {
			case err != nil && (ctx.Err() != nil || !nc.IsConnected()):
				return err
			case err != nil:
				d := refusal.Next()
				u.c.Log.Warn("the broker refuses events; they stay in the journal", "wait", d.String(), "err", err)
				u.setProblem("The hub takes no events at present; they are kept here.")
				retry = time.After(d)
			case sent:
				refusal.Reset()
				u.setProblem("")
				if idle {
					stall.Reset(u.stall)
				}
			}
			if sent { // there may be more; look at timers and messages without waiting
				select {
				case <-beat.C:
					if err := u.beat(ctx, nc, &missed); err != nil {
						return err
					}
				case <-stall.C:
					if err := u.stalled(stall); err != nil {
						return err
					}
				case <-ctx.Done():
					return ctx.Err()
				default:
				}
				continue
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-u.link:
		case <-u.woke:
		case <-retry:
			retry = nil
		case <-u.c.Source.Commits():
			signal(u.changes)
		case <-beat.C:
			if err := u.beat(ctx, nc, &missed); err != nil {
				return err
			}
		case <-stall.C:
			if err := u.stalled(stall); err != nil {
				return err
			}
		}
	}
}

// notice takes in what the journal and the hub have said meanwhile.
func (u *Uplink) notice(ctx context.Context) error {
	u.mu.Lock()
	u.ledger.obey()
	rehello := u.ledger.rehello
	u.mu.Unlock()
	if rehello {
		return fmt.Errorf("%w: the hub has another generation", errAgain)
	}
	return u.refresh(ctx)
}

// refresh brings what is known of the journal up to date.
func (u *Uplink) refresh(ctx context.Context) error {
	head := u.c.Source.Head()
	u.mu.Lock()
	known := u.ledger.extend(head)
	u.mu.Unlock()
	if known {
		return nil
	}
	ex, err := u.c.Source.Extents(ctx) // the journal was opened anew
	if err != nil {
		return &border.Error{Code: border.CodeOf(err), Op: "read the journal", Message: "The journal cannot be read.", Err: err}
	}
	u.mu.Lock()
	u.ledger.extents(ex)
	u.mu.Unlock()
	return nil
}

func (u *Uplink) heldNow() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ledger.held()
}

func (u *Uplink) unconfirmedNow() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ledger.unconfirmed()
}

// stalled is called when the watermark stood still for as long as u.stall. If something
// is on its way, all of it is sent again, little by little until the watermark moves:
// the cause may be a hub that cannot store, which more copies would not help.
func (u *Uplink) stalled(t *time.Timer) error {
	if u.unconfirmedNow() == 0 {
		t.Reset(u.stall)
		return nil
	}
	u.cautious = true
	u.stall = min(2*u.stall, max(time.Minute, u.c.WatermarkTimeout))
	return fmt.Errorf("%w: the watermark stands still", errAgain)
}

// beat says hello; missed counts the hellos without an answer.
func (u *Uplink) beat(ctx context.Context, nc *nats.Conn, missed *int) error {
	before := u.generationNow()
	w, err := u.hello(ctx, nc)
	switch {
	case err == nil && w.Generation != before:
		return fmt.Errorf("%w: the hub has another generation", errAgain)
	case err == nil:
		*missed = 0
		return nil
	case ctx.Err() != nil || errors.Is(err, nats.ErrNoResponders) || !nc.IsConnected():
		return err
	}
	if *missed++; *missed >= missedHellos {
		return err
	}
	return nil
}

func (u *Uplink) generationNow() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ledger.generation
}

// hello tells the hub this station's state, learns the hub's, and measures the offset
// of the clocks: the hub's time against the middle of the round trip.
func (u *Uplink) hello(ctx context.Context, nc *nats.Conn) (border.Welcome, error) {
	head := u.c.Source.Head()
	lists, health := wire.SoundReports(u.c.Lists()), wire.SoundHealth(u.c.Health())
	u.mu.Lock()
	u.ledger.extend(head)
	h := border.Hello{
		Station: u.c.Station, Post: u.c.Post, Zone: u.c.Zone, Software: u.c.Software, Clock: u.c.Clock.Trust(),
		Head: head, Backlog: u.ledger.backlog(), Generation: u.ledger.generation, Lists: lists,
		Health: health,
	}
	if a := u.ledger.epochs[head.Epoch]; a != nil {
		h.Watermark = border.Position{Epoch: head.Epoch, Seq: a.mark}
	}
	u.mu.Unlock()
	h.Now = u.c.Clock.Now()
	body, err := wire.Encode(h)
	if err != nil {
		return border.Welcome{}, err
	}
	reply, err := u.request(ctx, nc, wire.KindHello, body)
	after := u.c.Clock.Now()
	if err != nil {
		return border.Welcome{}, err
	}
	w, err := wire.DecodeWelcome(reply)
	if err != nil {
		return border.Welcome{}, err
	}
	if rtt := after.Sub(h.Now); rtt >= 0 && rtt <= u.c.RequestTimeout { // else our own clock jumped
		offset := w.Now.Sub(h.Now.Add(rtt / 2))
		u.c.OnOffset(offset, rtt)
		u.mu.Lock()
		u.offset = offset
		u.mu.Unlock()
	}
	u.mu.Lock()
	u.heard = after
	u.mu.Unlock()
	return w, nil
}

// request sends one request and returns the body of its answer.
func (u *Uplink) request(ctx context.Context, nc *nats.Conn, kind string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, u.c.RequestTimeout)
	defer cancel()
	return u.c.Request(ctx, nc, u.c.Station, kind, body, u.hubTime())
}

// hubTime is the hub's time as far as the hellos tell: a station's own clock may be wrong by
// years, and is believed all the same.
func (u *Uplink) hubTime() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.c.Clock.Now().Add(u.offset)
}
