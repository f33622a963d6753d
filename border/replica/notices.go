package replica

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"garita/border"
	"garita/border/watch/release"
)

// Limits of notices.
const (
	maxNotices = 10_000  // that nobody at the station has acknowledged
	maxOrder   = 1 << 53 // what JSON numbers carry everywhere
	maxOfficer = 64      // bytes of a pseudonym
)

// OpenNotice is a notice that an officer has yet to acknowledge.
type OpenNotice struct {
	ID       border.ID
	Received time.Time // by the station's clock
	// Body is nil if the notice does not open: its key is not held, or it is damaged. That
	// there is one must be shown all the same.
	Body *release.NoticeBody

	order int64
}

// NoticesHeld implements [border.NoticeSink].
func (r *Replica) NoticesHeld(ctx context.Context) (uint64, error) {
	var highest int64
	err := r.store.do(ctx, func(t tx) error { return t.row(`SELECT highest FROM notices_held`).Scan(&highest) })
	return uint64(highest), notKept("read the notices", err)
}

// Notify implements [border.NoticeSink]. What is not above the highest order held has been seen,
// and is passed over: an older state of a notice never takes the place of a newer one.
func (r *Replica) Notify(ctx context.Context, notices []border.Notice) error {
	const op = "keep notices"
	if len(notices) == 0 {
		return ctx.Err()
	}
	for i := range notices {
		n := &notices[i]
		switch {
		case len(n.Body) > border.MaxNotice:
			return &border.Error{Code: border.TooLarge, Op: op, Message: "A notice is too large."}
		case n.ID.IsZero() || n.Order == 0 || n.Order > maxOrder:
			return &border.Error{Code: border.Invalid, Op: op, Message: "A notice has no name, or no place in the order."}
		}
	}
	notices = slices.Clone(notices)
	slices.SortFunc(notices, func(a, b border.Notice) int { return cmp.Compare(a.Order, b.Order) })
	now := r.now().UnixMilli()
	err := r.change(ctx, func(t tx) error {
		for i := range notices {
			if err := notify(t, &notices[i], now); err != nil {
				return err
			}
		}
		var open int
		if err := t.row(`SELECT count(*) FROM notice WHERE acknowledged = 0`).Scan(&open); err != nil {
			return err
		}
		if open > maxNotices {
			return &border.Error{Code: border.TooLarge, Op: op, Message: "The station has more open notices than it can keep. Acknowledge some."}
		}
		return nil
	})
	return notKept(op, err)
}

func notify(t tx, n *border.Notice, now int64) error {
	var highest int64
	if err := t.row(`SELECT highest FROM notices_held`).Scan(&highest); err != nil || int64(n.Order) <= highest {
		return err
	}
	if err := t.exec(`UPDATE notices_held SET highest = ?`, int64(n.Order)); err != nil {
		return err
	}
	if n.Closed {
		return t.exec(`DELETE FROM notice WHERE id = ?`, n.ID[:])
	}
	body := n.Body
	if body == nil {
		body = []byte{}
	}
	// One that comes again after the hub confirmed the acknowledgement was opened again there.
	return t.exec(`INSERT INTO notice (id, ord, received_at, acknowledged, body) VALUES (?1, ?2, ?3, EXISTS (SELECT 1 FROM acknowledgement WHERE id = ?1), ?4)
		ON CONFLICT (id) DO UPDATE SET ord = excluded.ord, body = excluded.body, acknowledged = excluded.acknowledged,
			received_at = CASE WHEN acknowledged > excluded.acknowledged THEN excluded.received_at ELSE received_at END`,
		n.ID[:], int64(n.Order), now, body)
}

// change changes notices, reads them anew and says so.
func (r *Replica) change(ctx context.Context, fn func(tx) error) error {
	r.noticing.Lock()
	defer r.noticing.Unlock()
	if err := r.store.do(ctx, fn); err != nil {
		return err
	}
	// The change holds, whatever becomes of this: its caller must not undo it.
	if err := r.reread(context.WithoutCancel(ctx)); err != nil {
		r.cfg.Log.Error("lists: the notices could not be read", "error", err)
	}
	signal(r.noticed)
	return nil
}

// Notices lists the notices that nobody here has acknowledged, the oldest first. It costs no
// I/O. What it gives must not be changed.
func (r *Replica) Notices() []OpenNotice { return *r.open.Load() }

// reread reads the open notices from the database.
func (r *Replica) reread(ctx context.Context) error {
	opened := map[border.ID]OpenNotice{}
	for _, n := range *r.open.Load() {
		opened[n.ID] = n
	}
	out := []OpenNotice{}
	err := r.store.do(ctx, func(t tx) error {
		rows, err := t.rows(`SELECT id, ord, received_at, body FROM notice WHERE acknowledged = 0 ORDER BY received_at, ord`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, body []byte
			var ord, at int64
			if err := rows.Scan(&id, &ord, &at, &body); err != nil {
				return err
			}
			if len(id) != len(border.ID{}) {
				return errDamaged
			}
			n, ok := opened[border.ID(id)]
			if !ok || n.order != ord {
				n = OpenNotice{ID: border.ID(id), order: ord, Body: r.openNotice(border.ID(id), body)}
			}
			n.Received = time.UnixMilli(at).UTC()
			out = append(out, n)
		}
		return rows.Err()
	})
	if err == nil {
		r.open.Store(&out)
	}
	return err
}

func (r *Replica) openNotice(id border.ID, sealed []byte) *release.NoticeBody {
	if r.keys == nil {
		return nil
	}
	body, err := r.keys.OpenNotice(id, sealed)
	if err != nil {
		r.cfg.Log.Error("lists: a notice does not open", "notice", id, "error", err)
		return nil
	}
	return body
}

// Acknowledge keeps an officer's acknowledgement of an open notice durably before it returns nil,
// and takes the notice off the list. Twice is once. [border.NotFound]: there is no such notice, or
// it has been closed.
func (r *Replica) Acknowledge(ctx context.Context, id border.ID, officer string) error {
	const op = "acknowledge a notice"
	if officer == "" || len(officer) > maxOfficer {
		return &border.Error{Code: border.Invalid, Op: op, Message: "An acknowledgement needs an officer."}
	}
	now := r.now().UnixMilli()
	err := r.change(ctx, func(t tx) error {
		var done bool
		err := t.row(`SELECT acknowledged FROM notice WHERE id = ?`, id[:]).Scan(&done)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such notice, or it has been closed."}
		case err != nil || done:
			return err
		}
		if err := t.exec(`INSERT INTO acknowledgement (id, officer, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, id[:], officer, now); err != nil {
			return err
		}
		return t.exec(`UPDATE notice SET acknowledged = 1 WHERE id = ?`, id[:])
	})
	if err != nil {
		return notKept(op, err)
	}
	signal(r.acks)
	return nil
}

// Noticed carries one signal after one or more changes of the list of notices. It has one reader.
func (r *Replica) Noticed() <-chan struct{} { return r.noticed }

// Acks implements [border.NoticeSink].
func (r *Replica) Acks(ctx context.Context) ([]border.NoticeAck, error) {
	var out []border.NoticeAck
	err := r.store.do(ctx, func(t tx) error {
		rows, err := t.rows(`SELECT id, officer, at FROM acknowledgement ORDER BY no`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			a := border.NoticeAck{Station: r.cfg.Station}
			var id []byte
			var at int64
			if err := rows.Scan(&id, &a.Officer, &at); err != nil {
				return err
			}
			if len(id) != len(a.ID) {
				return errDamaged
			}
			a.ID, a.At = border.ID(id), time.UnixMilli(at).UTC()
			out = append(out, a)
		}
		return rows.Err()
	})
	return out, notKept("read the acknowledgements", err)
}

// Acked implements [border.NoticeSink].
func (r *Replica) Acked(ctx context.Context, id border.ID) error {
	err := r.store.do(ctx, func(t tx) error { return t.exec(`DELETE FROM acknowledgement WHERE id = ?`, id[:]) })
	return notKept("drop an acknowledgement", err)
}

// AcksPending implements [border.NoticeSink].
func (r *Replica) AcksPending() <-chan struct{} { return r.acks }
