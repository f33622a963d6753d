package journal

import (
	"context"
	"database/sql"
	"errors"
	"sync"

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
// A damaged event is returned as it lies there: the hub holds it in its place and says so, and the
// ones behind it go on.
func (j *Journal) Read(ctx context.Context, epoch border.Epoch, after uint64, limit int) ([][]byte, error) {
	var out [][]byte
	if after >= 1<<seqBits || limit <= 0 { // beyond any epoch; it must not reach into another
		return nil, nil
	}
	err := j.reading("read events", func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `
			SELECT event.pos, event.record FROM epoch JOIN event
			ON event.pos > (epoch.ordinal << 40) + ?2 AND event.pos < ((epoch.ordinal + 1) << 40)
			WHERE epoch.id = ?1 ORDER BY event.pos LIMIT ?3`, epoch[:], int64(after), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		size := 0
		for rows.Next() {
			var pos int64
			var record []byte
			if err := rows.Scan(&pos, &record); err != nil {
				return err
			}
			_, _ = j.checkRecord(pos, record) // noted there
			if size += len(record); size > readBytes && len(out) > 0 {
				break
			}
			out = append(out, record)
		}
		return rows.Err()
	})
	return out, err
}

// Crossing returns the recorded event of a crossing, or [border.NotFound]: also for the id
// of a change or of an abandoned encounter.
func (j *Journal) Crossing(ctx context.Context, id border.ID) (border.Event, error) {
	var ev border.Event
	noCrossing := &border.Error{Code: border.NotFound, Op: "find a crossing", Message: "This station holds no such crossing."}
	err := j.reading("find a crossing", func(db *sql.DB) error {
		var pos int64
		var record []byte
		err := db.QueryRowContext(ctx,
			`SELECT pos, record FROM crossing JOIN event USING (pos) WHERE id = ?`, id[:]).Scan(&pos, &record)
		if errors.Is(err, sql.ErrNoRows) {
			return noCrossing
		}
		if err != nil {
			return err
		}
		if ev, err = j.checkRecord(pos, record); err == nil && ev.Type != border.TypeCrossingRecorded {
			return noCrossing
		}
		return err
	})
	return ev, err
}

// Newest returns the last crossing events of the station, newest first. It looks at the
// last 1,000 events of the epochs that this journal opened itself; damaged ones are left out.
func (j *Journal) Newest(ctx context.Context, limit int) ([]border.Event, error) {
	rows, err := j.rowsOf(ctx, "read the newest crossings", `SELECT pos, record FROM event
		WHERE pos >> 40 NOT IN (SELECT ordinal FROM epoch WHERE restored = 1) ORDER BY pos DESC LIMIT 1000`)
	if err != nil {
		return nil, err
	}
	var out []border.Event
	for _, ev := range j.sound(rows) {
		if ev.Type == border.TypeCrossingRecorded && len(out) < limit {
			out = append(out, ev)
		}
	}
	return out, nil
}

// State returns the last event that says how something stands: StateShift, StateBiometrics, or
// StateHolder of a counter; [border.NotFound] if there is none, or if it is damaged: a shift can be
// opened again and a counter taken, and a station that will not start helps nobody.
func (j *Journal) State(ctx context.Context, name string) (border.Event, error) {
	rows, err := j.rowsOf(ctx, "read a state", `SELECT pos, record FROM state JOIN event USING (pos) WHERE name = ?`, name)
	if err != nil {
		return border.Event{}, err
	}
	events := j.sound(rows)
	if len(events) == 0 {
		return border.Event{}, &border.Error{Code: border.NotFound, Op: "read a state", Message: "Nothing of this kind is recorded at this station yet."}
	}
	return events[0], nil
}

// Amendments returns the corrections and extensions of a crossing, oldest first. For a stay
// the crossing is its entry.
func (j *Journal) Amendments(ctx context.Context, crossing border.ID) ([]border.Event, error) {
	rows, err := j.rowsOf(ctx, "find the changes of a crossing",
		`SELECT pos, record FROM change JOIN event USING (pos) WHERE crossing = ? ORDER BY pos`, crossing[:])
	if err != nil {
		return nil, err
	}
	out := make([]border.Event, 0, len(rows))
	for _, p := range rows { // without one of them the crossing would stand as it does not
		ev, err := j.checkRecord(p.pos, p.record)
		if err != nil {
			return nil, err
		}
		out = append(out, ev)
	}
	return out, nil
}

// scanPage is how many events Scan reads at a time.
const scanPage = 256

// Scan calls visit for the events of the epochs that this journal opened, from the one at
// from on, it included, in their order; the zero Position means all. It ends with the last
// event that was durable when it began, at the first error of visit, which it returns, or
// with ctx. [border.NotFound]: from is in no such epoch. Nothing is locked while visit
// runs. Damaged events are left out, see [Journal.Damaged]. A crossing that a lost copy recorded too, and that the hub gave back, may come
// twice, with one id.
func (j *Journal) Scan(ctx context.Context, from border.Position, visit func(border.Event) error) error {
	var next, last int64
	err := j.reading("read the journal", func(db *sql.DB) error {
		err := db.QueryRowContext(ctx, `SELECT coalesce(max(pos), 0) FROM event
			WHERE pos < (SELECT max(ordinal) + 1 FROM epoch WHERE restored = 0) << 40`).Scan(&last)
		if err != nil || from == (border.Position{}) {
			return err
		}
		var ordinal int64
		err = db.QueryRowContext(ctx, `SELECT ordinal FROM epoch WHERE id = ? AND restored = 0`, from.Epoch[:]).Scan(&ordinal)
		if errors.Is(err, sql.ErrNoRows) || from.Seq >= 1<<seqBits {
			return &border.Error{Code: border.NotFound, Op: "read the journal", Message: "This station's journal has no such place."}
		}
		next = posOf(ordinal, from.Seq)
		return err
	})
	for err == nil && next <= last {
		if err = ctx.Err(); err != nil {
			return &border.Error{Code: border.Unavailable, Op: "read the journal", Err: err}
		}
		var page []pendingEvent
		page, err = j.rowsOf(ctx, "read the journal", `SELECT pos, record FROM event WHERE pos BETWEEN ? AND ?
			AND pos >> 40 NOT IN (SELECT ordinal FROM epoch WHERE restored = 1) ORDER BY pos LIMIT ?`, next, last, scanPage)
		if err != nil || len(page) == 0 {
			return err
		}
		next = page[len(page)-1].pos + 1
		for _, ev := range j.sound(page) {
			if err := visit(ev); err != nil {
				return err
			}
		}
	}
	return err
}
