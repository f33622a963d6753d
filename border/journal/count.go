package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"garita/border"
)

// countPrefix and the post's zone make the name of the projection that counts crossings.
const countPrefix = "crossing_count.v1 "

func countProjection(zone *time.Location) string { return countPrefix + zone.String() }

// renameCounts begins the counts anew if they are of another version or another zone.
func (w *writer) renameCounts() error {
	args := []driver.Value{countProjection(w.j.cfg.Zone)}
	const others = `projection LIKE 'crossing_count.%' AND projection <> ?`
	if _, err := w.store.conn.Exec(`DELETE FROM crossing_count WHERE EXISTS (SELECT 1 FROM cursor WHERE `+others+`)`, args); err != nil {
		return err
	}
	_, err := w.store.conn.Exec(`DELETE FROM cursor WHERE `+others, args)
	return err
}

// count adds events to the counts.
func (w *writer) count(events []pendingEvent) error {
	s := w.store
	for _, p := range events {
		c, id, ok := countOf(p.record, w.j.cfg.Zone)
		if !ok {
			continue
		}
		// A crossing that a lost copy recorded too counts once.
		v, held, err := s.one(s.findCrossing, id[:])
		if err != nil {
			return err
		}
		if held && v == p.pos {
			if err := s.exec(s.addOne, c.Day, string(c.Counter), c.Direction, string(c.Outcome)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Count says how many crossings of one kind a day had.
type Count struct {
	Day       string           `json:"day"` // at the post, "2026-11-22"
	Counter   border.CounterID `json:"counter"`
	Direction string           `json:"direction"`
	Outcome   border.Outcome   `json:"outcome"`
	N         int64            `json:"n"`
}

// countOf returns the cell of the count table that a record belongs to, with N = 1, and
// the id of its crossing.
func countOf(record []byte, zone *time.Location) (Count, border.ID, bool) {
	ev, err := border.DecodeEvent(record)
	if err != nil || ev.Type != border.TypeCrossingRecorded {
		return Count{}, border.ID{}, false
	}
	h, err := ev.ReadHeader()
	if err != nil || h.Crossing == nil {
		return Count{}, border.ID{}, false
	}
	return cell(&h, zone), *h.Crossing, true
}

func cell(h *border.Header, zone *time.Location) Count {
	return Count{Day: h.OccurredAt.In(zone).Format(time.DateOnly), Counter: h.Counter, Direction: h.Direction,
		Outcome: border.Outcome(h.Outcome), N: 1}
}

// Counts returns the counts of a calendar day at the post, own writes included: the projection, and the
// events behind its cursor folded on top.
func (j *Journal) Counts(ctx context.Context, day string) ([]Count, error) {
	cells := make(map[Count]int64)
	err := j.reading("count crossings", func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one snapshot for both queries
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := readCounts(ctx, tx, day, cells); err != nil {
			return err
		}
		return foldPending(ctx, tx, j.cfg.Zone, day, cells)
	})
	if err != nil {
		return nil, err
	}
	out := make([]Count, 0, len(cells))
	for c, n := range cells {
		c.N = n
		out = append(out, c)
	}
	return out, nil
}

func readCounts(ctx context.Context, tx *sql.Tx, day string, cells map[Count]int64) error {
	rows, err := tx.QueryContext(ctx, `SELECT day, counter, direction, outcome, n FROM crossing_count WHERE day = ?`, day)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c Count
		var n int64
		if err := rows.Scan(&c.Day, &c.Counter, &c.Direction, &c.Outcome, &n); err != nil {
			return err
		}
		cells[c] += n
	}
	return rows.Err()
}

func foldPending(ctx context.Context, tx *sql.Tx, zone *time.Location, day string, cells map[Count]int64) error {
	rows, err := tx.QueryContext(ctx, selectPending, countProjection(zone), 0, -1)
	if err != nil {
		return err
	}
	defer rows.Close()
	held, err := tx.PrepareContext(ctx, `SELECT pos FROM crossing WHERE id = ?`)
	if err != nil {
		return err
	}
	defer held.Close()
	for rows.Next() {
		var pos, first int64
		var record []byte
		if err := rows.Scan(&pos, &record); err != nil {
			return err
		}
		c, id, ok := countOf(record, zone)
		if !ok || c.Day != day {
			continue
		}
		if err := held.QueryRowContext(ctx, id[:]).Scan(&first); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if c.N = 0; first == pos {
			cells[c]++
		}
	}
	return rows.Err()
}
