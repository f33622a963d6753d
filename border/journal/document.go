package journal

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"

	"garita/border"
)

// indexProjection is the name of the projection that keeps blind indexes, in the table
// document. Their keys are random, so a page must be written for nearly each of them;
// behind a cursor many go into one transaction, and no record waits for it.
const indexProjection = "document.v1"

// fileWaiting makes the rows of events as the tail knows them.
func (w *writer) fileWaiting(events []pendingEvent) error {
	return w.file(events, func(p pendingEvent) []border.BlindIndex {
		if blinds, known := w.j.tail.of(p.pos); known {
			return blinds
		}
		return w.j.open(p.record)
	})
}

// fileOpened makes the rows of events from their sealed parts alone.
func (w *writer) fileOpened(events []pendingEvent) error {
	return w.file(events, func(p pendingEvent) []border.BlindIndex { return w.j.open(p.record) })
}

// file makes the rows by which events are found, in the order of the table's pages.
func (w *writer) file(events []pendingEvent, blinds func(pendingEvent) []border.BlindIndex) error {
	type row struct {
		blind border.BlindIndex
		pos   int64
	}
	var rows []row
	for _, p := range events {
		for _, b := range blinds(p) {
			rows = append(rows, row{b, p.pos})
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return bytes.Compare(a.blind[:], b.blind[:]) })
	sum, err := w.readChecksum()
	if err != nil {
		return err
	}
	for _, r := range rows {
		fresh, err := w.store.add(w.store.insertDocument, r.blind[:], r.pos)
		if err != nil {
			return err
		}
		if fresh {
			sum.row(r.blind[:], r.pos)
		}
	}
	return w.store.exec(w.store.putSum, indexProjection, sum[:])
}

// open finds the blind indexes of an event in its sealed part.
func (j *Journal) open(record []byte) []border.BlindIndex {
	if j.cfg.Index == nil {
		return nil
	}
	ev, err := border.DecodeEvent(record)
	if err != nil {
		return nil // damaged: verification names it
	}
	return j.cfg.Index(&ev)
}

// recoverTail fills the tail with what the table has not reached, before anything is read:
// after a failed commit events may be durable that the tail was never told of. What cannot
// be read now is left out, so that Document looks for it itself.
func (w *writer) recoverTail() {
	fresh := newTail(w.j.cfg.Tail)
	for from := int64(0); ; {
		page, err := w.pending(indexProjection, from)
		if err != nil {
			w.j.cfg.Log.Error("journal: what the index of documents lacks cannot be read; the record goes on", "error", err)
			fresh.leaveOut(max(from, 1))
		}
		for _, p := range page {
			blinds, held := w.j.tail.held(p.pos)
			if !held {
				blinds = w.j.open(p.record)
			}
			if len(blinds) > 0 {
				fresh.take(filed{p.pos, blinds})
			}
			from = p.pos + 1
		}
		if len(page) < projectLimit || fresh.left > 0 {
			break
		}
	}
	w.j.tail.replace(fresh)
}

// Document returns the last events that one document, or one person, is about, newest
// first, own writes included: from the table, and from the tail that the table has not
// reached. If the tail had no room, because the projection cannot follow, the events
// behind its cursor are opened one by one.
func (j *Journal) Document(ctx context.Context, blind border.BlindIndex, limit int) ([]border.Event, error) {
	var out []border.Event
	err := j.reading("find a document's crossings", func(db *sql.DB) error {
		// In this order: what leaves the tail is in the table by then.
		at, left := j.tail.find(blind)
		if left > 0 {
			more, err := j.leftOut(ctx, db, blind, left)
			if err != nil {
				return err
			}
			at = append(at, more...)
		}
		rows, err := inTable(ctx, db, blind, limit)
		if err != nil {
			return err
		}
		at = append(at, rows...)
		slices.SortFunc(at, func(a, b int64) int { return int(max(-1, min(1, b-a))) })
		at = slices.Compact(at)
		for _, pos := range at[:min(len(at), max(limit, 0))] {
			var record []byte
			err := db.QueryRowContext(ctx, `SELECT record FROM event WHERE pos = ?`, pos).Scan(&record)
			if errors.Is(err, sql.ErrNoRows) {
				continue // verification names the row
			}
			if err != nil {
				return err
			}
			ev, err := j.checkRecord(pos, record)
			if err != nil {
				return err
			}
			out = append(out, ev)
		}
		return nil
	})
	return out, err
}

func inTable(ctx context.Context, db *sql.DB, blind border.BlindIndex, limit int) ([]int64, error) {
	rows, err := db.QueryContext(ctx, `SELECT pos FROM document WHERE blind = ? ORDER BY pos DESC LIMIT ?`, blind[:], max(limit, 0))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var pos int64
		if err := rows.Scan(&pos); err != nil {
			return nil, err
		}
		out = append(out, pos)
	}
	return out, rows.Err()
}

// leftOut opens the events behind the cursor from a position on, and returns where a
// blind index is. It is the last resort, and takes as long as opening them takes.
func (j *Journal) leftOut(ctx context.Context, db *sql.DB, blind border.BlindIndex, from int64) ([]int64, error) {
	var out []int64
	for {
		page, err := pendingPage(ctx, db, from)
		if err != nil || len(page) == 0 {
			return out, err
		}
		for _, p := range page {
			if slices.Contains(j.open(p.record), blind) {
				out = append(out, p.pos)
			}
			from = p.pos + 1
		}
	}
}

func pendingPage(ctx context.Context, db *sql.DB, from int64) ([]pendingEvent, error) {
	rows, err := db.QueryContext(ctx, selectPending, indexProjection, from, projectLimit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []pendingEvent
	for rows.Next() {
		var p pendingEvent
		if err := rows.Scan(&p.pos, &p.record); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}
