package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"garita/border"
)

// Rebuild makes the projections again from the events: crossing and crossing_count, and
// document if there is an Index (rows whose key is gone go too). It happens in one
// transaction of the writer: recording waits, and a power cut leaves the old ones.
func (j *Journal) Rebuild(ctx context.Context) error {
	return j.submit(ctx, &job{op: "rebuild the projections", do: func(t *transaction) error {
		return t.whole(t.rebuild)
	}})
}

func (t *transaction) rebuild() error {
	s, index := t.w.store, t.w.j.cfg.Index
	for _, q := range []string{`DELETE FROM crossing`, `DELETE FROM crossing_count`, `DELETE FROM cursor`} {
		if _, err := s.conn.Exec(q, nil); err != nil {
			return err
		}
	}
	if index != nil {
		if _, err := s.conn.Exec(`DELETE FROM document`, nil); err != nil {
			return err
		}
	}
	for after := int64(0); ; {
		page, err := t.w.after(after)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			if err := t.index(p, index); err != nil {
				return err
			}
		}
		if err := t.w.count(page); err != nil {
			return err
		}
		after = page[len(page)-1].pos
	}
}

// index makes the rows by which one event is found.
func (t *transaction) index(p pendingEvent, index func(*border.Event) (border.BlindIndex, bool)) error {
	s := t.w.store
	_, id, ok := countOf(p.record, t.w.j.cfg.Zone)
	if !ok {
		return nil
	}
	_, held, err := s.one(s.findCrossing, id[:])
	if err == nil && !held {
		err = s.exec(s.insertCrossing, id[:], p.pos)
	}
	if err != nil || index == nil {
		return err
	}
	ev, err := border.DecodeEvent(p.record)
	if err != nil {
		return nil //nolint:nilerr // countOf has read it: cannot happen
	}
	if blind, ok := index(&ev); ok {
		return s.exec(s.insertDocument, blind[:], p.pos)
	}
	return nil
}

// after returns the next events after a position, whatever their epoch.
func (w *writer) after(pos int64) ([]pendingEvent, error) {
	rows, err := w.store.conn.Query(`SELECT pos, record FROM event WHERE pos > ? ORDER BY pos LIMIT ?`,
		[]driver.Value{pos, int64(projectLimit)})
	if err != nil {
		return nil, err
	}
	return readPending(rows)
}

// readPending reads rows of pos and record to their end and closes them.
func readPending(rows driver.Rows) ([]pendingEvent, error) {
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
		pos, isNumber := row[0].(int64)
		record, isBytes := row[1].([]byte)
		if !isNumber || !isBytes {
			return nil, errors.Join(errDamaged, rows.Close())
		}
		out = append(out, pendingEvent{pos, append([]byte(nil), record...)})
	}
}
