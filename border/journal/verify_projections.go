package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"garita/border"
)

// derived checks that an event is found by its id and as a change, takes it off the
// counts, and notes the state it sets.
func (v *verifier) derived(ctx context.Context, p pendingEvent, h *border.Header) error {
	if id, ok := onceOf(h); ok {
		first, err := v.once(ctx, p, h, id)
		if err != nil || !first {
			return err
		}
	}
	if h.Type == border.TypeCrossingRecorded && h.Crossing != nil && v.zone != nil && h.Seq <= v.cursors["crossing_count"][ordinalOf(p.pos)] {
		c := cell(h, v.zone)
		c.N = 0
		v.counts[c]--
	}
	if !v.moreTables() {
		return nil
	}
	if name := stateOf(h); name != "" && !v.epochs[ordinalOf(p.pos)].restored {
		v.last[name] = p.pos
	}
	crossing, ok := amendedOf(h)
	if !ok {
		return nil
	}
	var n int64
	err := v.db.QueryRowContext(ctx, `SELECT count(*) FROM change WHERE crossing = ? AND pos = ?`, crossing[:], p.pos).Scan(&n)
	if err == nil && n == 0 {
		v.projection("change", "change: event %s/%d is not found by the crossing that it changes", h.Epoch, h.Seq)
	}
	return err
}

// once reports whether an event is the one that its id stands for, and not recorded twice,
// by a lost copy too; crossings looks where the row points.
func (v *verifier) once(ctx context.Context, p pendingEvent, h *border.Header, id border.ID) (bool, error) {
	if v.find == nil {
		find, err := v.db.PrepareContext(ctx, `SELECT pos FROM crossing WHERE id = ?`)
		if err != nil {
			return false, err
		}
		v.find = find
	}
	var pos int64
	err := v.find.QueryRowContext(ctx, id[:]).Scan(&pos)
	if errors.Is(err, sql.ErrNoRows) {
		v.projection("crossing", "crossing: event %s/%d is not found by its id", h.Epoch, h.Seq)
		return false, nil
	}
	return pos == p.pos, err
}

// readCursors reads how far the projections have followed.
func (v *verifier) readCursors(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT projection, ordinal, seq FROM cursor`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var ordinal, seq int64
		if err := rows.Scan(&name, &ordinal, &seq); err != nil {
			return err
		}
		table := "document"
		if name != indexProjection {
			table = "crossing_count"
			if err := v.setZone(name); err != nil {
				v.projection(table, "crossing_count: %v", err)
				continue
			}
		}
		if _, ok := v.epochs[ordinal]; !ok {
			v.projection(table, "%s: a cursor names epoch %d, which is not there", table, ordinal)
		}
		v.cursors[table][ordinal] = uint64(seq)
	}
	return rows.Err()
}

// readStoredCounts reads the counts.
func (v *verifier) readStoredCounts(ctx context.Context, tx *sql.Tx) error {
	cells, err := tx.QueryContext(ctx, `SELECT day, counter, direction, outcome, n FROM crossing_count`)
	if err != nil {
		return err
	}
	defer cells.Close()
	for cells.Next() {
		var c Count
		var n int64
		if err := cells.Scan(&c.Day, &c.Counter, &c.Direction, &c.Outcome, &n); err != nil {
			return err
		}
		v.counts[c] += n
	}
	return cells.Err()
}

// moreTables reports whether the journal's schema has the tables state and change.
func (v *verifier) moreTables() bool { return v.schema >= 2 }

func (v *verifier) readStates(ctx context.Context, tx *sql.Tx) error {
	if !v.moreTables() {
		return nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT name, pos FROM state`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var pos int64
		if err := rows.Scan(&name, &pos); err != nil {
			return err
		}
		v.states[name] = pos
	}
	return rows.Err()
}

// compareStates compares the stored states with those of the events.
func (v *verifier) compareStates() {
	for name, pos := range v.last {
		if v.states[name] != pos {
			v.projection("state", "state: the last event of %s is %d/%d", name, ordinalOf(pos), seqOf(pos))
		}
	}
	for name := range v.states {
		if _, ok := v.last[name]; !ok {
			v.projection("state", "state: no event sets %s", name)
		}
	}
}

// setZone reads the zone of the counts from the name of their projection.
func (v *verifier) setZone(projection string) error {
	name, ok := strings.CutPrefix(projection, countPrefix)
	if !ok || v.zone != nil && v.zone.String() != name {
		return errors.New("a cursor names another projection")
	}
	if v.zone != nil {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return fmt.Errorf("the days are of a zone that is not known here: %w", err)
	}
	v.zone = zone
	return nil
}

// crossings checks that every row of the index of ids points to the event of that id.
func (v *verifier) crossings(ctx context.Context) error {
	after := []byte{}
	return v.rows(ctx, `SELECT crossing.id, crossing.pos, event.record FROM crossing LEFT JOIN event USING (pos)
		WHERE crossing.id > ? ORDER BY crossing.id LIMIT ?`, func() []any { return []any{after, verifyPage} }, func(id []byte, pos int64, record []byte) error {
		if string(id) <= string(after) {
			return errDamaged
		}
		after = id
		if h, ok := headerOf(record); !ok || !isOnce(&h, id) {
			v.projection("crossing", "crossing: the row of %d/%d points to no event of its id", ordinalOf(pos), seqOf(pos))
		}
		return nil
	})
}

func isOnce(h *border.Header, id []byte) bool {
	once, ok := onceOf(h)
	return ok && string(once[:]) == string(id)
}

// changes checks that every row of the index of changes points to a change of that crossing.
func (v *verifier) changes(ctx context.Context) error {
	if !v.moreTables() {
		return nil
	}
	return v.pairs(ctx, `SELECT crossing, pos, event.record FROM change LEFT JOIN event USING (pos)
		WHERE (crossing, pos) > (?, ?) ORDER BY crossing, pos LIMIT ?`, func(id []byte, pos int64, record []byte) {
		h, ok := headerOf(record)
		if crossing, amends := amendedOf(&h); !ok || !amends || string(crossing[:]) != string(id) {
			v.projection("change", "change: a row points to %d/%d, which is no change of its crossing", ordinalOf(pos), seqOf(pos))
		}
	})
}

// documents checks that every row of the index of documents points to an event that is
// about somebody, and lies behind the cursor. Whether it is that of the document only the
// keys could tell.
func (v *verifier) documents(ctx context.Context) error {
	if v.schema >= 4 {
		tx, err := v.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		err = v.sumOf(ctx, tx)
		if err := errors.Join(err, tx.Rollback()); err != nil {
			return err
		}
	}
	last := map[int64]uint64{}
	err := v.pairs(ctx, `SELECT blind, pos, event.record FROM document LEFT JOIN event USING (pos)
		WHERE (blind, pos) > (?, ?) ORDER BY blind, pos LIMIT ?`, func(_ []byte, pos int64, record []byte) {
		last[ordinalOf(pos)] = max(last[ordinalOf(pos)], seqOf(pos))
		if ev, err := border.DecodeEvent(record); err != nil || !hasPersonal(&ev) {
			v.projection("document", "document: a row points to %d/%d, which is about nobody", ordinalOf(pos), seqOf(pos))
		}
	})
	if err != nil || !v.moreTables() {
		return err
	}
	for ordinal, seq := range last {
		var cursor uint64 // read after the rows: beside a running station both grow
		err := v.db.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM cursor WHERE projection = ? AND ordinal = ?`, indexProjection, ordinal).Scan(&cursor)
		if err != nil {
			return err
		}
		if seq > cursor {
			v.projection("document", "document: rows of epoch %d lie beyond the cursor", ordinal)
		}
	}
	return nil
}

func hasPersonal(ev *border.Event) bool {
	return slices.ContainsFunc(ev.Parts, func(p border.Part) bool { return p.Name == border.PartPersonal })
}

func headerOf(record []byte) (border.Header, bool) {
	ev, err := border.DecodeEvent(record)
	if err != nil {
		return border.Header{}, false
	}
	h, err := ev.ReadHeader()
	return h, err == nil
}

// pairs visits the rows of an index whose key is a pair, page by page.
func (v *verifier) pairs(ctx context.Context, query string, visit func(key []byte, pos int64, record []byte)) error {
	key, at := []byte{}, int64(-1)
	return v.rows(ctx, query, func() []any { return []any{key, at, verifyPage} }, func(k []byte, pos int64, record []byte) error {
		if string(k) < string(key) || string(k) == string(key) && pos <= at {
			return errDamaged
		}
		key, at = k, pos
		visit(k, pos, record)
		return nil
	})
}

// rows visits rows of key, position and event page by page; from gives what a page begins
// behind.
func (v *verifier) rows(ctx context.Context, query string, from func() []any, visit func(key []byte, pos int64, record []byte) error) error {
	for {
		rows, err := v.db.QueryContext(ctx, query, from()...)
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			var key, record []byte
			var pos int64
			if err = rows.Scan(&key, &pos, &record); err == nil {
				n++
				err = visit(key, pos, record)
			}
			if err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || n == 0 {
			return err
		}
	}
}
