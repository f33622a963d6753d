package register

import (
	"context"
	"crypto/sha256"
	"fmt"

	"garita/border"
)

// Greet implements [border.EventSink]. A hello with an unreadable station name, or with a
// generation beyond all reason, is an [border.Invalid] error.
func (r *Register) Greet(ctx context.Context, hello border.Hello) (border.Welcome, error) {
	const op = "greet a station"
	if err := hello.Station.Validate(); err != nil {
		return border.Welcome{}, err
	}
	if hello.Generation > maxSeq {
		return border.Welcome{}, &border.Error{Code: border.Invalid, Op: op, Message: "The hello names an impossible hub generation."}
	}
	now := r.clock.Now()
	var generation uint64
	var announced []stationEpoch
	err := r.write(ctx, op, func(t tx) error {
		g, err := t.meta("generation")
		if err != nil {
			return err
		}
		generation = uint64(g)
		remembers, err := moreThanHeld(t, hello)
		if err != nil {
			return err
		}
		switch {
		case hello.Generation > generation:
			generation = hello.Generation + 1
		case hello.Generation == generation && remembers:
			generation++
		}
		if generation != uint64(g) {
			if err := t.setMeta("generation", int64(generation)); err != nil {
				return err
			}
			if err := raise(t, alarmRow{kind: AlarmRestored, at: now, detail: fmt.Sprintf(
				"Station %s remembers more than this hub holds: the hub was restored from a copy. "+
					"Its generation is now %d; all stations send again what it lacks.", hello.Station, generation)}); err != nil {
				return err
			}
		}
		if err := t.greeted(hello, now); err != nil {
			return err
		}
		if err := keepLists(t, hello, now); err != nil {
			return err
		}
		b := &batch{r: r, t: t, now: now, epochs: map[stationEpoch]*epochRow{}}
		if !hello.Head.Epoch.IsZero() {
			head := border.Position{Epoch: hello.Head.Epoch, Seq: min(hello.Head.Seq, maxSeq)}
			if err := b.announce(hello.Station, head); err != nil {
				return err
			}
		}
		announced = b.announced
		if err := b.end(); err != nil || hello.Backlog > 0 {
			return err
		}
		return t.complete(hello.Station, now)
	})
	if err != nil {
		return border.Welcome{}, err
	}
	r.generation.Store(generation)
	if len(announced) > 0 || r.behind.Load() {
		r.follow(announced, nil)
	}
	r.changed()
	w := border.Welcome{Generation: generation, Now: r.clock.Now()}
	err = r.read(ctx, op, func(q reader) error {
		w.Epochs, err = q.countEpochs(ctx, hello.Station)
		return err
	})
	if err != nil {
		return border.Welcome{}, err
	}
	w.Keys, err = r.keys.IDs(ctx, hello.Station)
	return w, err
}

// moreThanHeld reports whether the station was told a watermark that the hub does not
// hold any more.
func moreThanHeld(t tx, hello border.Hello) (bool, error) {
	if hello.Watermark.Seq == 0 {
		return false, nil
	}
	e, _, err := t.epoch(hello.Station, hello.Watermark.Epoch)
	return hello.Watermark.Seq > e.Held, err
}

// Holdings implements [border.EventSink].
func (r *Register) Holdings(ctx context.Context, station border.StationID, offset, limit int) (out []border.Holding, err error) {
	if offset < 0 || limit < 1 {
		return nil, ctx.Err()
	}
	err = r.read(ctx, "list holdings", func(q reader) error {
		out, err = q.holdings(ctx, station, offset, min(limit, maxPage))
		return err
	})
	return out, err
}

// eventsSize bounds the answer of Events in bytes.
const eventsSize = 512 << 10

// Events implements [border.EventSink]. An event whose bytes have changed on the disk is
// an [border.Internal] error: it is never handed out.
func (r *Register) Events(ctx context.Context, station border.StationID, epoch border.Epoch, after uint64, limit int) ([][]byte, error) {
	if limit < 1 || after >= maxSeq {
		return nil, ctx.Err()
	}
	var rows []rawRow
	err := r.read(ctx, "read events", func(q reader) (err error) {
		rows, err = q.events(ctx, station, epoch, after, min(limit, maxPage), eventsSize)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(rows))
	for i, row := range rows {
		if sha256.Sum256(row.bytes) != row.digest {
			return nil, &border.Error{Code: border.Internal, Op: "read events", Err: fmt.Errorf("event %s has changed on the disk", row.key)}
		}
		out[i] = row.bytes
	}
	return out, nil
}

// askMax is the most crossings that an answer holds.
const askMax = 20

// AskDocument implements [border.HubAsker]. While the projections lag behind the raw
// events it is [border.Unavailable]: an answer that silently lacks crossings is worse
// than none.
func (r *Register) AskDocument(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	const op = "ask about a document"
	if r.behind.Load() {
		return border.DocumentAnswer{}, &border.Error{Code: border.Unavailable, Op: op,
			Message: "The register is catching up with the events it has received."}
	}
	if q.Limit < 1 || q.Limit > askMax {
		q.Limit = askMax
	}
	out := border.DocumentAnswer{AsOf: r.clock.Now()}
	err := r.read(ctx, op, func(rd reader) (err error) {
		if out.Crossings, err = rd.ask(ctx, q); err == nil {
			out.SamePerson, err = rd.askPerson(ctx, q)
		}
		return err
	})
	if r.rights.isRestricted(&q.Blind) {
		out.Crossings = nil
	}
	if r.rights.isRestricted(&q.Blind) || r.rights.isRestricted(q.Person) {
		out.SamePerson = nil
	}
	if err != nil {
		return border.DocumentAnswer{}, err
	}
	return out, nil
}
