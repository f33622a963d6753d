package replica

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"garita/border"
	"garita/border/watch/release"
)

// Limits of notices.
const (
	maxNotices = 10_000  // open ones that a station keeps
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
}

// NoticesHeld implements [border.NoticeSink].
func (r *Replica) NoticesHeld(ctx context.Context) (uint64, error) {
	var highest int64
	err := r.store.do(ctx, func(t tx) error { return t.row(`SELECT highest FROM notices_held`).Scan(&highest) })
	return uint64(highest), notKept("read the notices", err)
}

// Notify implements [border.NoticeSink]. An older state of a notice never takes the place of a
// newer one.
func (r *Replica) Notify(ctx context.Context, notices []border.Notice) error {
	const op = "keep notices"
	for i := range notices {
		n := &notices[i]
		switch {
		case len(n.Body) > border.MaxNotice:
			return &border.Error{Code: border.TooLarge, Op: op, Message: "A notice is too large."}
		case n.ID.IsZero() || n.Order == 0 || n.Order > maxOrder:
			return &border.Error{Code: border.Invalid, Op: op, Message: "A notice has no name, or no place in the order."}
		}
	}
	if len(notices) == 0 {
		return nil
	}
	now := r.now().UnixMilli()
	err := r.store.do(ctx, func(t tx) error {
		for i := range notices {
			if err := notify(t, &notices[i], now); err != nil {
				return err
			}
		}
		var open int
		if err := t.row(`SELECT count(*) FROM notice`).Scan(&open); err != nil {
			return err
		}
		if open > maxNotices {
			return &border.Error{Code: border.TooLarge, Op: op, Message: "The station has more open notices than it can keep. Acknowledge some."}
		}
		return nil
	})
	if err == nil {
		signal(r.noticed)
	}
	return notKept(op, err)
}

func notify(t tx, n *border.Notice, now int64) error {
	if err := t.exec(`UPDATE notices_held SET highest = max(highest, ?)`, int64(n.Order)); err != nil {
		return err
	}
	if n.Closed {
		return t.exec(`DELETE FROM notice WHERE id = ? AND ord <= ?`, n.ID[:], int64(n.Order))
	}
	// One that comes again after the hub confirmed the acknowledgement was opened again there.
	return t.exec(`INSERT INTO notice (id, ord, received_at, acknowledged, body) VALUES (?1, ?2, ?3, EXISTS (SELECT 1 FROM acknowledgement WHERE id = ?1), ?4)
		ON CONFLICT (id) DO UPDATE SET ord = excluded.ord, body = excluded.body, acknowledged = excluded.acknowledged,
			received_at = CASE WHEN acknowledged > excluded.acknowledged THEN excluded.received_at ELSE received_at END
		WHERE excluded.ord > notice.ord`, n.ID[:], int64(n.Order), now, n.Body)
}

// Notices lists the notices that nobody here has acknowledged, the oldest first.
func (r *Replica) Notices(ctx context.Context) ([]OpenNotice, error) {
	var out []OpenNotice
	err := r.store.do(ctx, func(t tx) error {
		rows, err := t.rows(`SELECT id, received_at, body FROM notice WHERE acknowledged = 0 ORDER BY ord`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, body []byte
			var at int64
			if err := rows.Scan(&id, &at, &body); err != nil {
				return err
			}
			if len(id) != len(border.ID{}) {
				return errDamaged
			}
			out = append(out, r.openNotice(border.ID(id), at, body))
		}
		return rows.Err()
	})
	return out, notKept("read the notices", err)
}

func (r *Replica) openNotice(id border.ID, at int64, sealed []byte) OpenNotice {
	n := OpenNotice{ID: id, Received: time.UnixMilli(at).UTC()}
	if r.keys == nil {
		return n
	}
	body, err := r.keys.OpenNotice(id, sealed)
	if err != nil {
		r.cfg.Log.Error("lists: a notice does not open", "notice", id, "error", err)
		return n
	}
	n.Body = body
	return n
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
	err := r.store.do(ctx, func(t tx) error {
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
	signal(r.noticed)
	return nil
}

// Noticed carries one signal after one or more changes of the list of notices. It has one reader.
func (r *Replica) Noticed() <-chan struct{} { return r.noticed }

// Acks implements [border.NoticeSink].
func (r *Replica) Acks(ctx context.Context) ([]border.NoticeAck, error) {
	var out []border.NoticeAck
	err := r.store.do(ctx, func(t tx) error {
		rows, err := t.rows(`SELECT id, officer, at FROM acknowledgement ORDER BY at, id`)
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
