package journal

import (
	"database/sql/driver"
	"errors"
	"io"
	"time"

	"garita/border"
)

// countProjection is the name and version of the projection that counts crossings.
const countProjection = "crossing_count.v1"

// projectLimit bounds how many events one transaction of a projection takes, so that
// crossings never wait long behind it.
const projectLimit = 256

// project moves the count projection on by at most projectLimit events. Counts and cursor
// change in one transaction, so each event counts once.
func (w *writer) project() error {
	pending, err := w.pending()
	if err != nil || len(pending) == 0 {
		return err
	}
	s := w.store
	if err := s.exec(s.begin); err != nil {
		return err
	}
	if err := w.count(pending); err != nil {
		_ = s.exec(s.rollback)
		return err
	}
	return s.exec(s.commit)
}

type pendingEvent struct {
	pos    int64
	record []byte
}

// pending returns events behind the projection's cursors, oldest epoch first.
func (w *writer) pending() ([]pendingEvent, error) {
	rows, err := w.store.conn.Query(`
		SELECT event.pos, event.record FROM epoch
		LEFT JOIN cursor ON cursor.projection = ? AND cursor.ordinal = epoch.ordinal
		JOIN event ON event.pos > (epoch.ordinal << 40) + coalesce(cursor.seq, 0) AND event.pos < ((epoch.ordinal + 1) << 40)
		ORDER BY event.pos LIMIT ?`, []driver.Value{countProjection, int64(projectLimit)})
	if err != nil {
		return nil, err
	}
	var out []pendingEvent
	row := make([]driver.Value, 2)
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return out, rows.Close()
		}
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, pendingEvent{row[0].(int64), append([]byte(nil), row[1].([]byte)...)})
	}
}

func (w *writer) count(events []pendingEvent) error {
	s := w.store
	for i, p := range events {
		if c, ok := countOf(p.record); ok {
			if err := s.exec(s.addOne, c.Day, string(c.Counter), c.Direction, string(c.Outcome)); err != nil {
				return err
			}
		}
		if i+1 == len(events) || ordinalOf(events[i+1].pos) != ordinalOf(p.pos) {
			if err := s.exec(s.putCursor, countProjection, ordinalOf(p.pos), int64(seqOf(p.pos))); err != nil {
				return err
			}
		}
	}
	return nil
}

// Count says how many crossings of one kind a day had.
type Count struct {
	Day       string           `json:"day"` // UTC date, "2026-11-22"
	Counter   border.CounterID `json:"counter"`
	Direction string           `json:"direction"`
	Outcome   border.Outcome   `json:"outcome"`
	N         int64            `json:"n"`
}

// countOf returns the cell of the count table that a record belongs to, with N = 1.
func countOf(record []byte) (Count, bool) {
	ev, err := border.DecodeEvent(record)
	if err != nil || ev.Type != border.TypeCrossingRecorded {
		return Count{}, false
	}
	h, err := ev.ReadHeader()
	if err != nil {
		return Count{}, false
	}
	return Count{Day: h.OccurredAt.UTC().Format(time.DateOnly), Counter: h.Counter, Direction: h.Direction,
		Outcome: border.Outcome(h.Outcome), N: 1}, true
}
