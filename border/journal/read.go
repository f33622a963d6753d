package journal

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"garita/border"
)

// readers is how many reading connections a journal has. Reads are short: a long one
// would keep the log from being reset.
const readers = 3

// readPool is the set of reading connections of one opening of the database.
type readPool struct {
	db     *sql.DB
	active sync.WaitGroup
}

func (w *writer) openReaders() error {
	db, err := sql.Open("sqlite3", dsn(w.path, true))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	w.j.mu.Lock()
	w.j.read = &readPool{db: db}
	w.j.mu.Unlock()
	return nil
}

// closeReaders waits for the reads under way and closes their connections: after a failed
// sync nobody may read what is perhaps not on the disk.
func (w *writer) closeReaders() {
	w.j.mu.Lock()
	p := w.j.read
	w.j.read = nil
	w.j.mu.Unlock()
	if p == nil {
		return
	}
	p.active.Wait()
	if err := p.db.Close(); err != nil {
		w.j.cfg.Log.Error("journal: a reading connection would not close", "error", err)
	}
}

// reading gives a read function the pool, or fails while the database is closed.
func (j *Journal) reading(op string, f func(db *sql.DB) error) error {
	j.mu.Lock()
	p := j.read
	if p != nil {
		p.active.Add(1)
	}
	j.mu.Unlock()
	if p == nil {
		return &border.Error{Code: border.Unavailable, Op: op,
			Message: "The record of this station is being opened again. Try again in a moment."}
	}
	defer p.active.Done()
	err := f(p.db)
	var known *border.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &border.Error{Code: border.Internal, Op: op, Err: err}
}

// Extents lists all epochs the journal holds, in the order it got to know them.
func (j *Journal) Extents(ctx context.Context) ([]border.Extent, error) {
	var out []border.Extent
	err := j.reading("list epochs", func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `
			SELECT id, parent_id, parent_seq, parent_hash,
			       coalesce((SELECT max(pos) FROM event WHERE pos > epoch.ordinal << 40 AND pos < (epoch.ordinal + 1) << 40), 0)
			FROM epoch ORDER BY ordinal`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var x border.Extent
			var id, parent, hash []byte
			var last int64
			if err := rows.Scan(&id, &parent, &x.Parent.Seq, &hash, &last); err != nil {
				return err
			}
			copy(x.Epoch[:], id)
			copy(x.Parent.Epoch[:], parent)
			copy(x.Parent.Hash[:], hash)
			x.Last = seqOf(last)
			out = append(out, x)
		}
		return rows.Err()
	})
	return out, err
}

// readBytes bounds how much one Read returns.
const readBytes = 1 << 20

// Read returns encoded events of one epoch with seq > after, ascending; see [border.EventSource].
func (j *Journal) Read(ctx context.Context, epoch border.Epoch, after uint64, limit int) ([][]byte, error) {
	var out [][]byte
	if after >= 1<<seqBits || limit <= 0 { // beyond any epoch; it must not reach into another
		return nil, nil
	}
	err := j.reading("read events", func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `
			SELECT event.record FROM epoch JOIN event
			ON event.pos > (epoch.ordinal << 40) + ?2 AND event.pos < ((epoch.ordinal + 1) << 40)
			WHERE epoch.id = ?1 ORDER BY event.pos LIMIT ?3`, epoch[:], int64(after), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		size := 0
		for rows.Next() {
			var record []byte
			if err := rows.Scan(&record); err != nil {
				return err
			}
			if size += len(record); size > readBytes && len(out) > 0 {
				break
			}
			out = append(out, record)
		}
		return rows.Err()
	})
	return out, err
}

// Crossing returns the recorded event of a crossing, or [border.NotFound].
func (j *Journal) Crossing(ctx context.Context, id border.ID) (border.Event, error) {
	var ev border.Event
	err := j.reading("find a crossing", func(db *sql.DB) error {
		var record []byte
		err := db.QueryRowContext(ctx,
			`SELECT record FROM crossing JOIN event USING (pos) WHERE id = ?`, id[:]).Scan(&record)
		if errors.Is(err, sql.ErrNoRows) {
			return &border.Error{Code: border.NotFound, Op: "find a crossing", Message: "This station holds no such crossing."}
		}
		if err != nil {
			return err
		}
		ev, err = border.DecodeEvent(record)
		return err
	})
	return ev, err
}

// Document returns the last crossing events of a document at this station, newest first.
func (j *Journal) Document(ctx context.Context, blind border.BlindIndex, limit int) ([]border.Event, error) {
	return j.events(ctx, "find a document's crossings",
		`SELECT record FROM document JOIN event USING (pos) WHERE blind = ? ORDER BY pos DESC LIMIT ?`, blind[:], limit)
}

// Newest returns the last crossing events of the station, newest first. It looks at the
// last 1,000 events of the epochs that this journal opened itself.
func (j *Journal) Newest(ctx context.Context, limit int) ([]border.Event, error) {
	last, err := j.events(ctx, "read the newest crossings", `SELECT record FROM event
		WHERE pos >> 40 NOT IN (SELECT ordinal FROM epoch WHERE restored = 1) ORDER BY pos DESC LIMIT 1000`)
	if err != nil {
		return nil, err
	}
	var out []border.Event
	for _, ev := range last {
		if ev.Type == border.TypeCrossingRecorded && len(out) < limit {
			out = append(out, ev)
		}
	}
	return out, nil
}

func (j *Journal) events(ctx context.Context, op, query string, args ...any) ([]border.Event, error) {
	var out []border.Event
	err := j.reading(op, func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var record []byte
			if err := rows.Scan(&record); err != nil {
				return err
			}
			ev, err := border.DecodeEvent(record)
			if err != nil {
				return err
			}
			out = append(out, ev)
		}
		return rows.Err()
	})
	return out, err
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
	rows, err := tx.QueryContext(ctx, `
		SELECT event.pos, event.record FROM epoch
		LEFT JOIN cursor ON cursor.projection = ? AND cursor.ordinal = epoch.ordinal
		JOIN event ON event.pos > (epoch.ordinal << 40) + coalesce(cursor.seq, 0) AND event.pos < ((epoch.ordinal + 1) << 40)
		ORDER BY event.pos`, countProjection(zone))
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
