package follow

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/link"
	"garita/sync/wire"
)

// maxPages bounds the pages of notices of one round.
const maxPages = 1000

// asker fetches notices and delivers acknowledgements. It belongs to its goroutine.
type asker struct {
	f     *Follower
	woke  chan struct{} // the hub says that there is something
	link  chan struct{} // the connection came or went
	later map[border.ID]*later
}

// later is an acknowledgement that the hub did not take: it is tried again, ever more
// rarely, and holds nothing else up.
type later struct {
	rounds int // to leave out
	tried  int
}

func (a *asker) run(ctx context.Context, nc *nats.Conn) {
	back := link.Backoff{Min: 500 * time.Millisecond, Max: a.f.c.RetryMax}
	for ctx.Err() == nil {
		cctx, cancel, up := a.f.connected(ctx)
		if !up {
			select {
			case <-a.link:
				back.Reset()
			case <-ctx.Done():
			}
			continue
		}
		err := a.round(cctx, nc)
		cut := cctx.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			back.Reset()
			t := time.NewTimer(spread(a.f.c.Notice))
			select {
			case <-t.C:
			case <-a.woke:
			case <-a.link:
			case <-a.f.c.Notices.AcksPending():
			case <-ctx.Done():
			}
			t.Stop()
		case cut:
		default:
			d := back.Next()
			a.f.c.Log.Warn("notices could not be fetched", "wait", d.String(), "err", err)
			wait(ctx, d, a.link, nil)
		}
	}
}

// round delivers what officers have acknowledged, and then fetches what is new.
func (a *asker) round(ctx context.Context, nc *nats.Conn) error {
	if err := a.acknowledge(ctx, nc); err != nil {
		return err
	}
	for range maxPages {
		held, err := a.f.c.Notices.NoticesHeld(ctx)
		if err != nil {
			return err
		}
		asked := wire.NoticesRequest{After: held, Limit: wire.MaxNotices}
		b, err := a.request(ctx, nc, wire.KindNotices, asked)
		if err != nil {
			return err
		}
		r, err := wire.DecodeNoticesReply(b, asked)
		if err != nil || len(r.Notices) == 0 {
			return err
		}
		if err := a.f.c.Notices.Notify(ctx, r.Notices); err != nil {
			return err
		}
		if len(r.Notices) < asked.Limit {
			return nil
		}
	}
	return &border.Error{Code: border.Internal, Op: "fetch notices", Err: errors.New("they do not come to an end")}
}

func (a *asker) acknowledge(ctx context.Context, nc *nats.Conn) error {
	acks, err := a.f.c.Notices.Acks(ctx)
	if err != nil {
		return err
	}
	pending := make(map[border.ID]bool, len(acks))
	for _, ack := range acks {
		pending[ack.ID] = true
		l := a.later[ack.ID]
		if l != nil && l.rounds > 0 {
			l.rounds--
			continue
		}
		ack.Station = a.f.c.Station
		_, err := a.request(ctx, nc, wire.KindNoticeAck, ack)
		switch border.CodeOf(err) {
		case "":
			delete(a.later, ack.ID)
			if err := a.f.c.Notices.Acked(ctx, ack.ID); err != nil {
				return err
			}
		case border.Unavailable, border.NotDurable, border.StorageFull:
			return err
		default: // of this one; a hub that was restored may know it later
			if l == nil {
				l = &later{}
				a.later[ack.ID] = l
				a.f.c.Log.Error("the hub does not take an acknowledgement; it is kept and sent again", "notice", ack.ID.String(), "err", err)
			}
			l.tried = min(l.tried+1, 8)
			l.rounds = 1 << l.tried
		}
	}
	for id := range a.later {
		if !pending[id] {
			delete(a.later, id)
		}
	}
	return nil
}

// request sends one request and returns the body of its answer.
func (a *asker) request(ctx context.Context, nc *nats.Conn, kind string, body any) ([]byte, error) {
	b, err := wire.Encode(body)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.f.c.RequestTimeout)
	defer cancel()
	return a.f.c.Request(ctx, nc, a.f.c.Station, kind, b, a.f.c.Clock.Now())
}
