package archive

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"garita/border"
	"garita/border/register"
	"garita/border/seal"
)

const (
	followBatch = 500
	// lookAgain is how often events are looked at again whose key had not come.
	lookAgain = 30 * time.Second
	// namesMax bounds the files that one crossing names; a station attaches far fewer.
	namesMax = 64
)

// Run follows the register until ctx ends. What fails is tried again.
func (a *Archive) Run(ctx context.Context) error {
	changed, end := a.c.Register.Subscribe()
	defer end()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		if err := a.Follow(ctx); err != nil && ctx.Err() == nil {
			a.c.Log.Error("archive: the register could not be followed; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-again.C:
			if err := a.unlock(ctx); err != nil && ctx.Err() == nil {
				a.c.Log.Error("archive: events whose keys have come could not be looked at", "error", err)
			}
		}
	}
}

// place reads how far the register's arrivals were followed. If what lay there is another now, as after
// the hub was restored, all of them are looked at again, which changes nothing that is known.
func (a *Archive) place(ctx context.Context) error {
	var digest []byte
	err := a.db.Do(ctx, "find the place among arrivals", func(t *sql.Tx) error {
		err := t.QueryRowContext(ctx, `SELECT arrival, digest FROM place`).Scan(&a.cursor, &digest)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil || a.cursor == 0 {
		return err
	}
	copy(a.last[:], digest)
	there, err := a.c.Register.Arrivals(ctx, a.cursor-1, 1)
	if err != nil {
		return err
	}
	if len(there) != 1 || there[0].No != a.cursor || there[0].Digest != a.last {
		a.c.Log.Warn("archive: the register's arrivals are not what they were; they are looked at again")
		a.cursor, a.last = 0, border.Digest{}
	}
	return nil
}

// Follow looks at all events that have arrived since.
func (a *Archive) Follow(ctx context.Context) error {
	select {
	case <-a.following:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { a.following <- struct{}{} }()
	for {
		all, err := a.c.Register.Arrivals(ctx, a.cursor, followBatch)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			if !a.swept {
				a.swept = a.sweep(ctx) == nil
			}
			return nil
		}
		last := &all[len(all)-1]
		if err := a.take(ctx, all, last.No, last.Digest); err != nil {
			return err
		}
		a.cursor, a.last = last.No, last.Digest
	}
}

// take writes down what arrivals name, and how far that goes.
func (a *Archive) take(ctx context.Context, all []register.Arrival, no int64, digest border.Digest) error {
	wanted := map[border.StationID]bool{}
	err := a.db.Do(ctx, "follow the register", func(t *sql.Tx) error {
		for i := range all {
			n, err := a.name(ctx, t, &all[i])
			if err != nil {
				return err
			}
			if n > 0 {
				wanted[all[i].Key.Station] = true
			}
		}
		_, err := t.ExecContext(ctx, `INSERT INTO place (one, arrival, digest) VALUES (1, ?1, ?2)
			ON CONFLICT (one) DO UPDATE SET arrival = ?1, digest = ?2`, no, digest[:])
		return err
	})
	if err == nil {
		a.announce(wanted)
	}
	return err
}

func (a *Archive) announce(wanted map[border.StationID]bool) {
	if a.c.Named == nil {
		return
	}
	for station := range wanted {
		a.c.Named(station)
	}
}

// name writes down what one arrival names, and counts what is wanted of it.
func (a *Archive) name(ctx context.Context, t *sql.Tx, r *register.Arrival) (wanted int, err error) {
	h := &r.Header
	if r.Event.Type != border.TypeCrossingRecorded && r.Event.Type != border.TypeCrossingCorrected || h.Crossing == nil || h.Files() == 0 {
		return 0, nil
	}
	if r.Personal == nil {
		for _, id := range r.Missing {
			if _, err := t.ExecContext(ctx, `INSERT INTO awaited (station, key_id, epoch, seq) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				string(r.Key.Station), id, r.Key.Epoch[:], int64(r.Key.Seq)); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
	for i, f := range r.Personal.Attachments {
		if i == namesMax || f.Bytes <= 0 || f.Bytes > seal.MaxSealed || len(f.Kind) > 32 {
			a.alarm(r.Key.Station, "An event names files in a way that no station does. They are not asked for.")
			break
		}
		var arrived any
		if _, err := os.Stat(filepath.Join(a.dir, f.Hash.String())); err == nil {
			arrived = r.ReceivedAt.UnixMicro()
		}
		res, err := t.ExecContext(ctx, `INSERT INTO file (digest, crossing, station, epoch, seq, kind, bytes, named_at, arrived_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (digest, crossing) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, named_at = excluded.named_at
			WHERE station = excluded.station AND named_at <= excluded.named_at`,
			f.Hash[:], h.Crossing[:], string(r.Key.Station), r.Key.Epoch[:], int64(r.Key.Seq), f.Kind, f.Bytes, r.ReceivedAt.UnixMicro(), arrived)
		if err != nil {
			return 0, err
		}
		if n, err := res.RowsAffected(); err != nil {
			return 0, err
		} else if n > 0 && arrived == nil {
			wanted++
		}
	}
	return wanted, nil
}

// unlock looks again at events whose keys may have come, so many at a time: it goes on behind those at
// the next call, as keys may never come, and begins anew at the end.
func (a *Archive) unlock(ctx context.Context) error {
	const op = "look at events whose keys have come"
	var keys []border.Key
	err := a.db.Do(ctx, op, func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT DISTINCT station, epoch, seq FROM awaited WHERE (station, epoch, seq) > (?, ?, ?)
			ORDER BY station, epoch, seq LIMIT ?`, string(a.locked.Station), a.locked.Epoch[:], int64(a.locked.Seq), followBatch)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k border.Key
			var epoch []byte
			if err := rows.Scan(&k.Station, &epoch, &k.Seq); err != nil {
				return err
			}
			copy(k.Epoch[:], epoch)
			keys = append(keys, k)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	if a.locked = (border.Key{}); len(keys) == followBatch {
		a.locked = keys[len(keys)-1]
	}
	wanted := map[border.StationID]bool{}
	for _, k := range keys {
		r, err := a.c.Register.Arrived(ctx, k)
		if err != nil && border.CodeOf(err) != border.NotFound {
			return err
		}
		if err == nil && r.Personal == nil && len(r.Missing) > 0 {
			continue
		}
		err = a.db.Do(ctx, op, func(t *sql.Tx) error {
			if r.Personal != nil {
				n, err := a.name(ctx, t, &r)
				if err != nil {
					return err
				}
				if n > 0 {
					wanted[k.Station] = true
				}
			}
			_, err := t.ExecContext(ctx, `DELETE FROM awaited WHERE station = ? AND epoch = ? AND seq = ?`, string(k.Station), k.Epoch[:], int64(k.Seq))
			return err
		})
		if err != nil {
			return err
		}
	}
	a.announce(wanted)
	return nil
}

// sweep removes the files that nothing names once all events are known: they were erased, and came back
// with a copy; and pieces of files that are wanted no more.
func (a *Archive) sweep(ctx context.Context) error {
	const op = "look for files that nothing names"
	named, wanted := map[border.Digest]bool{}, map[string]bool{}
	err := a.db.Do(ctx, op, func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT digest, station, arrived_at IS NULL FROM file`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var digest []byte
			var station border.StationID
			var waiting bool
			if err := rows.Scan(&digest, &station, &waiting); err != nil {
				return err
			}
			h := border.Digest(digest)
			if named[h] = true; waiting {
				wanted[filepath.Base(a.partial(station, h))] = true
			}
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	removed := 0
	for _, e := range entries {
		var h border.Digest
		partial := strings.HasPrefix(e.Name(), arriving)
		if partial && wanted[e.Name()] || !partial && (h.UnmarshalText([]byte(e.Name())) != nil || named[h]) {
			continue
		}
		if err := os.Remove(filepath.Join(a.dir, e.Name())); err != nil {
			return &border.Error{Code: border.Internal, Op: op, Err: err}
		}
		removed++
	}
	if removed > 0 {
		a.c.Log.Info("archive: files that nothing names were removed", "count", removed)
	}
	return nil
}

// Erased has the archive follow an erasure: files are removed whose event's particulars will never open
// again, as gone says, whether their key was destroyed or the traveller was erased, and what an event
// names that was never opened is not waited for any more.
func (a *Archive) Erased(ctx context.Context, gone func(*register.Arrival) bool) error {
	const op = "let the archive follow an erasure"
	type of struct {
		crossing border.ID
		key      border.Key
	}
	var all []of
	err := a.db.Do(ctx, op, func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT crossing, station, epoch, seq FROM file UNION SELECT NULL, station, epoch, seq FROM awaited`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v of
			var crossing, epoch []byte
			if err := rows.Scan(&crossing, &v.key.Station, &epoch, &v.key.Seq); err != nil {
				return err
			}
			copy(v.crossing[:], crossing) // none: it awaits its key
			copy(v.key.Epoch[:], epoch)
			all = append(all, v)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for _, v := range all {
		r, err := a.c.Register.Arrived(ctx, v.key)
		if border.CodeOf(err) == border.NotFound {
			continue // the register came back from a copy: it will come again
		}
		if err != nil {
			return err
		}
		if r.Personal == nil && gone(&r) {
			if err := a.forget(ctx, v.crossing, v.key); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget removes what an event names: the files first, so that what a crash leaves is found again.
func (a *Archive) forget(ctx context.Context, crossing border.ID, key border.Key) error {
	const op = "remove files"
	a.writing.Lock()
	defer a.writing.Unlock()
	return a.db.Do(ctx, op, func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT digest FROM file AS f WHERE crossing = ?1 AND station = ?2 AND epoch = ?3 AND seq = ?4
			AND NOT EXISTS (SELECT 1 FROM file WHERE digest = f.digest AND crossing <> ?1)`, crossing[:], string(key.Station), key.Epoch[:], int64(key.Seq))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var digest []byte
			if err := rows.Scan(&digest); err != nil {
				return err
			}
			h := border.Digest(digest)
			for _, path := range []string{filepath.Join(a.dir, h.String()), a.partial(key.Station, h)} {
				if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
					return &border.Error{Code: border.Internal, Op: op, Err: err}
				}
			}
		}
		if err := errors.Join(rows.Err(), syncDir(a.dir)); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM file WHERE crossing = ? AND station = ? AND epoch = ? AND seq = ?`,
			crossing[:], string(key.Station), key.Epoch[:], int64(key.Seq)); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `DELETE FROM awaited WHERE station = ? AND epoch = ? AND seq = ?`, string(key.Station), key.Epoch[:], int64(key.Seq))
		return err
	})
}
