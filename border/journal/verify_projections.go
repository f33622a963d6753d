package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"garita/border"
)

// crossing checks that a crossing's event is found by its id, and takes it off the counts.
func (v *verifier) crossing(ctx context.Context, p pendingEvent, h *border.Header, typ string) error {
	if typ != border.TypeCrossingRecorded || h.Crossing == nil {
		return nil
	}
	if v.find == nil {
		find, err := v.db.PrepareContext(ctx, `SELECT pos FROM crossing WHERE id = ?`)
		if err != nil {
			return err
		}
		v.find = find
	}
	var pos int64
	err := v.find.QueryRowContext(ctx, h.Crossing[:]).Scan(&pos)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		v.projection("crossing", "crossing: event %s/%d is not found by its id", h.Epoch, h.Seq)
		return nil
	case err != nil:
		return err
	case pos != p.pos:
		return nil // recorded twice, by a lost copy too; crossings looks where the row points
	}
	if v.zone != nil && h.Seq <= v.cursors[ordinalOf(p.pos)] {
		c := cell(h, v.zone)
		c.N = 0
		v.counts[c]--
	}
	return nil
}

// readStoredCounts reads the counts and how far their cursors are.
func (v *verifier) readStoredCounts(ctx context.Context, tx *sql.Tx) error {
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
		if err := v.setZone(name); err != nil {
			v.projection("crossing_count", "crossing_count: %v", err)
			continue
		}
		if _, ok := v.epochs[ordinal]; !ok {
			v.projection("crossing_count", "crossing_count: a cursor names epoch %d, which is not there", ordinal)
		}
		v.cursors[ordinal] = uint64(seq)
	}
	if err := rows.Err(); err != nil {
		return err
	}
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

// crossings checks that every row of the crossing index points to an event of that crossing.
func (v *verifier) crossings(ctx context.Context) error {
	for after := []byte{}; ; {
		rows, err := v.db.QueryContext(ctx, `SELECT crossing.id, crossing.pos, event.record FROM crossing LEFT JOIN event USING (pos)
			WHERE crossing.id > ? ORDER BY crossing.id LIMIT ?`, after, verifyPage)
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			var id, record []byte
			var pos int64
			if err := rows.Scan(&id, &pos, &record); err != nil {
				return errors.Join(err, rows.Close())
			}
			if string(id) <= string(after) {
				return errors.Join(errDamaged, rows.Close())
			}
			n, after = n+1, append([]byte(nil), id...)
			if _, held, ok := countOf(record, time.UTC); !ok || string(held[:]) != string(id) {
				v.projection("crossing", "crossing: the row of %d/%d points to no event of its crossing", ordinalOf(pos), seqOf(pos))
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

// documents checks that every row of the document index points to a crossing's event.
// Whether it is that of the document only the keys could tell.
func (v *verifier) documents(ctx context.Context) error {
	blind, at := []byte{}, int64(-1)
	for {
		rows, err := v.db.QueryContext(ctx, `SELECT document.blind, document.pos, event.record FROM document LEFT JOIN event USING (pos)
			WHERE (document.blind, document.pos) > (?, ?) ORDER BY document.blind, document.pos LIMIT ?`, blind, at, verifyPage)
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			var b, record []byte
			var pos int64
			if err := rows.Scan(&b, &pos, &record); err != nil {
				return errors.Join(err, rows.Close())
			}
			if string(b) < string(blind) || string(b) == string(blind) && pos <= at {
				return errors.Join(errDamaged, rows.Close())
			}
			n, blind, at = n+1, append([]byte(nil), b...), pos
			if _, _, ok := countOf(record, time.UTC); !ok {
				v.projection("document", "document: a row points to %d/%d, which is no crossing", ordinalOf(pos), seqOf(pos))
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}
