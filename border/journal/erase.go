package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"time"

	"garita/border"
)

// Erased has the journal follow the destruction of data keys: it makes the projections anew, without
// what those keys opened, and leaves nothing of the old ones in the journal's files. Whoever
// destroys keys calls it next. Recording waits as long as a rebuild takes; the events stay as they
// are.
func (j *Journal) Erased(ctx context.Context) error {
	if err := j.Rebuild(ctx); err != nil {
		return err
	}
	return j.emptyLog(ctx)
}

// Outlived reports whether an event from before a moment is still found by a document or a person. So it is
// in a journal that was put back from a copy that is older than an erasure.
func (j *Journal) Outlived(ctx context.Context, before time.Time) (found bool, err error) {
	err = j.reading("look for what should be erased", func(db *sql.DB) error {
		var record []byte
		err := db.QueryRowContext(ctx, `SELECT record FROM event WHERE pos = (SELECT min(pos) FROM document)`).Scan(&record)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		ev, err := border.DecodeEvent(record)
		if err != nil {
			return nil //nolint:nilerr // damaged: verification names it
		}
		h, err := ev.ReadHeader()
		found = err == nil && h.RecordedAt.Before(before) && h.OccurredAt.Before(before)
		return nil
	})
	return found, err
}

// emptyTries is how often a reader may stand in the way of emptying the log.
const emptyTries = 20

// emptyLog moves the log into the database and empties it: its old pages hold what a rebuild took away.
func (j *Journal) emptyLog(ctx context.Context) error {
	const op = "empty the journal's log"
	db, err := sql.Open("sqlite3", dsn(filepath.Join(j.cfg.Dir, FileName), false))
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for try := 0; ; try++ {
		var busy, log, moved int
		err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
		if err == nil && busy == 0 {
			return nil
		}
		if err == nil {
			err = errors.New("a reader holds the log")
		}
		if try == emptyTries || ctx.Err() != nil {
			return &border.Error{Code: border.Unavailable, Op: op, Err: err}
		}
		rest := time.NewTimer(100 * time.Millisecond)
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
		}
	}
}

// overwrite has SQLite overwrite what is deleted from now on, or not any more. A table that is emptied
// meanwhile leaves nothing of its rows in the free pages.
func (w *writer) overwrite(on bool) error {
	q := "PRAGMA secure_delete=0"
	if on {
		q = "PRAGMA secure_delete=1"
	}
	rows, err := w.store.conn.Query(q, nil)
	if err != nil {
		return err
	}
	_ = rows.Next(make([]driver.Value, 1)) // it answers what is set now
	return rows.Close()
}
