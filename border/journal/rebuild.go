package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"garita/border"
)

// Rebuild makes the projections again from the events: crossing, state, change and
// crossing_count, and document if there is an Index (rows whose key is gone go too). It
// happens in one transaction of the writer: recording waits, and a power cut leaves the
// old ones.
func (j *Journal) Rebuild(ctx context.Context) error {
	return j.submit(ctx, &job{op: "rebuild the projections", do: func(t *transaction) error {
		return t.whole(t.rebuild)
	}})
}

func (t *transaction) rebuild() (err error) {
	w := t.w
	if err := w.overwrite(true); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.overwrite(false)) }()
	again := []*projection{w.counts}
	empty := []string{`DELETE FROM crossing`, `DELETE FROM state`, `DELETE FROM change`, `DELETE FROM crossing_count`}
	if w.j.cfg.Index != nil {
		again, empty = append(again, &projection{name: indexProjection, write: w.fileOpened}), append(empty, `DELETE FROM document`, `UPDATE checksum SET sum = zeroblob(32)`)
		t.waiting, t.anew = nil, true
	}
	for _, q := range empty {
		if _, err := w.store.conn.Exec(q, nil); err != nil {
			return err
		}
	}
	for _, p := range again {
		if _, err := w.store.conn.Exec(`DELETE FROM cursor WHERE projection = ?`, []driver.Value{p.name}); err != nil {
			return err
		}
	}
	restored, err := w.restoredEpochs()
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		page, err := w.after(after)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			if err := t.deriveRecord(p, !restored[ordinalOf(p.pos)]); err != nil {
				return err
			}
		}
		for _, p := range again {
			if err := w.write(p, page); err != nil {
				return err
			}
		}
		after = page[len(page)-1].pos
	}
}

func (t *transaction) deriveRecord(p pendingEvent, own bool) error {
	ev, err := border.DecodeEvent(p.record)
	if err != nil {
		return nil //nolint:nilerr // damaged: verification names it, and the others must be found
	}
	h, err := ev.ReadHeader()
	if err != nil {
		return nil //nolint:nilerr // kept byte for byte all the same; there is nothing to index
	}
	return t.deriveGiven(&h, p.pos, own)
}

// restoredEpochs returns the ordinals of the epochs that a lost copy had opened.
func (w *writer) restoredEpochs() (map[int64]bool, error) {
	rows, err := w.store.conn.Query(`SELECT ordinal FROM epoch WHERE restored = 1`, nil)
	if err != nil {
		return nil, err
	}
	out := map[int64]bool{}
	row := make([]driver.Value, 1)
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return out, rows.Close()
		}
		ordinal, isNumber := row[0].(int64)
		if err != nil || !isNumber {
			return nil, errors.Join(err, errDamaged, rows.Close())
		}
		out[ordinal] = true
	}
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
		out = append(out, pendingEvent{pos: pos, record: append([]byte(nil), record...)})
	}
}
