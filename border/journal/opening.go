package journal

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"garita/border"
)

// retryOpen is the least time between two attempts to open a database that would not open.
const retryOpen = 250 * time.Millisecond

// open opens the database and begins a new epoch. Nothing is read or acknowledged before
// the log is checkpointed and epoch.opened is committed.
func (w *writer) open() error {
	if w.failedBy != nil && time.Since(w.failedAt) < retryOpen {
		return w.failedBy
	}
	w.reserve.set(w.j.cfg.Dir, w.j.cfg.Reserve)
	err := w.tryOpen()
	if err != nil && isFull(err) && w.reserve.release() == nil {
		err = w.tryOpen()
	}
	if w.failedBy = err; err != nil {
		w.failedAt = time.Now() //nolint:forbidigo // monotonic pause between attempts, not a time of record
	}
	w.survey(err)
	return err
}

func (w *writer) tryOpen() error {
	err := w.openDatabase()
	if err == nil {
		err = w.beginEpoch()
	}
	if err == nil {
		w.recoverTail()
	}
	if err == nil {
		err = w.openReaders()
	}
	if err != nil {
		err = errors.Join(err, w.store.close())
		w.store = nil
	}
	return err
}

func (w *writer) openDatabase() (err error) {
	if w.store, err = openStore(w.path); err != nil {
		return err
	}
	if err = w.store.checkpoint(); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if !w.migrated {
		if err = w.store.close(); err != nil {
			return err
		}
		if err = migrate(context.Background(), w.path); err != nil {
			return err
		}
		if w.store, err = openStore(w.path); err != nil {
			return err
		}
		if err = w.store.checkpoint(); err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
		w.migrated = true
	}
	if err = w.store.prepare(); err != nil {
		return err
	}
	if err = w.makeChecksum(); err != nil {
		return fmt.Errorf("sum up the blind indexes: %w", err)
	}
	if err = w.makeLog(); err != nil {
		return fmt.Errorf("make the log: %w", err)
	}
	return nil
}

// reopenAfter closes and opens the database after a failed commit.
func (w *writer) reopenAfter(cause error) error {
	w.j.cfg.Log.Error("journal: a commit failed; the database is closed and opened again", "error", cause)
	if isFull(cause) {
		if err := w.reserve.release(); err != nil {
			w.j.cfg.Log.Error("journal: the disk's reserve could not be freed", "error", err)
		}
	}
	w.closeReaders()
	_ = w.store.close() // its connection has failed already; what counts is the opening
	w.store = nil
	w.failedBy = nil
	return w.open()
}

// beginEpoch reads the head, and writes the new epoch with its first event.
func (w *writer) beginEpoch() error {
	if err := w.claim(); err != nil {
		return err
	}
	parent, trusted, err := w.readHead()
	if err != nil {
		return fmt.Errorf("read the head of the journal: %w", err)
	}
	if w.j.cfg.LastTrusted != nil {
		w.j.cfg.LastTrusted(trusted)
	}
	var epoch border.Epoch
	rand.Read(epoch[:])
	if err := w.store.exec(w.store.begin); err != nil {
		return err
	}
	if err := w.store.exec(w.store.insertEpoch, epoch[:], parent.Epoch[:], int64(parent.Seq), parent.Hash[:], int64(0)); err != nil {
		return err
	}
	v, _, err := w.store.ask(`SELECT max(ordinal) FROM epoch`)
	if err != nil {
		return err
	}
	ordinal, isNumber := v.(int64)
	if !isNumber {
		return errDamaged
	}
	w.ordinal = ordinal
	if err := w.renameCounts(); err != nil {
		return err
	}
	t := &transaction{w: w, head: border.Position{Epoch: epoch}, last: parent.Hash,
		now: w.j.cfg.Clock.Now().UTC().Truncate(time.Millisecond)}
	e := &Entry{Header: border.Header{Type: border.TypeEpochOpened, Parent: &parent, Clock: w.j.cfg.Clock.Trust()}}
	h, rest, err := w.j.prepare(e)
	if err != nil {
		return err
	}
	if _, err := t.append(e, h, rest); err != nil {
		return err
	}
	if err := w.store.exec(w.store.commit); err != nil {
		return err
	}
	w.head, w.last, w.tree = t.head, t.last, t.tree
	w.publish()
	return nil
}

// claim makes the journal this station's, or refuses that of another.
func (w *writer) claim() error {
	v, ok, err := w.store.ask(`SELECT id FROM station`)
	if err != nil {
		return err
	}
	if !ok {
		_, err := w.store.conn.Exec(`INSERT INTO station (id) VALUES (?)`, []driver.Value{string(w.j.cfg.Station)})
		return err
	}
	if v != string(w.j.cfg.Station) {
		return &border.Error{Code: border.Conflict, Op: "open the journal",
			Message: "This data folder belongs to station {0}, not to {1}.", Args: []any{v, string(w.j.cfg.Station)}}
	}
	return nil
}

// errDamaged: a column holds what its type forbids, so a page of the file was changed.
var errDamaged = errors.New("the database is damaged: run garita verify journal")

// lookBack bounds how many events are searched for one written under a trusted clock.
const lookBack = 100_000

// readHead returns the last event of the last epoch that this journal opened itself, and
// the time of the last event written under a clock that was not untrusted.
func (w *writer) readHead() (parent border.Parent, trusted time.Time, err error) {
	v, ok, err := w.store.ask(`SELECT max(ordinal) FROM epoch WHERE restored = 0`)
	if err != nil || !ok || v == nil {
		return border.Parent{}, time.Time{}, err
	}
	last, isNumber := v.(int64)
	if !isNumber {
		return border.Parent{}, time.Time{}, errDamaged
	}
	rows, err := w.store.conn.Query(`SELECT pos, record FROM event WHERE pos < ? ORDER BY pos DESC LIMIT ?`,
		[]driver.Value{posOf(last+1, 0), int64(lookBack)})
	if err != nil {
		return border.Parent{}, time.Time{}, err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	for found := false; ; {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return parent, time.Time{}, nil
		}
		if err != nil {
			return border.Parent{}, time.Time{}, err
		}
		record, isBytes := row[1].([]byte)
		if !isBytes {
			return border.Parent{}, time.Time{}, errDamaged
		}
		pos, isNumber := row[0].(int64)
		ev, err := border.DecodeEvent(record)
		if !found && isNumber && err == nil { // damaged ones behind it the hub gives back
			if ev, err = w.j.checkRecord(pos, record); err == nil {
				parent, found = border.Parent{Epoch: ev.Key.Epoch, Seq: ev.Key.Seq, Hash: ev.Hash}, true
			}
		}
		if err != nil {
			w.j.noteDamage(pos)
			continue // verification names it, and recording goes on
		}
		if h, err := ev.ReadHeader(); err == nil && h.Clock.State != border.ClockUntrusted {
			return parent, h.RecordedAt, nil
		}
	}
}
