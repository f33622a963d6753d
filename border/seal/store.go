package seal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"garita/border"
	"garita/migrations"
)

// store is keys.db: one row per data key.
type store struct {
	db      *sql.DB
	guard   guard
	columns string // what is read of a row
	foreign bool   // the rows were written under another secret
}

type row struct {
	id, station, part, bucket string
	stationWrap, hubWrap      []byte
	mac                       []byte
	changed                   bool // it is not as it was written, and must not be used
}

// columns are those of a row; columnsBefore those of a copy from before there were MACs.
const (
	columns       = `id, station, part, bucket, station_wrap, hub_wrap, mac`
	columnsBefore = `id, station, part, bucket, station_wrap, hub_wrap, NULL`
)

func openStore(ctx context.Context, path string, g guard) (*store, error) {
	wrap := func(err error) (*store, error) {
		return nil, &border.Error{Code: border.Internal, Op: "open the key store " + path, Err: err}
	}
	// A key must never be used before its row is on the disk, hence FULL. secure_delete
	// overwrites destroyed wraps instead of leaving them in free pages.
	q := url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"},
		"_busy_timeout": {"5000"}, "_foreign_keys": {"1"}, "_secure_delete": {"1"}}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return wrap(err)
	}
	db.SetMaxOpenConns(1)
	s := &store{db: db, guard: g}
	if err := s.migrate(ctx); err != nil {
		return wrap(errors.Join(err, db.Close()))
	}
	if err := s.survey(ctx, true); err != nil {
		return wrap(errors.Join(err, db.Close()))
	}
	if err := s.checkpoint(ctx); err != nil {
		return wrap(errors.Join(err, db.Close()))
	}
	return s, nil
}

// checkpoint moves the whole log into the database and syncs both. Until it has succeeded
// after an opening, a key that can be read may not be on the disk; and until it has
// succeeded after a deletion, the log still holds what was deleted.
func (s *store) checkpoint(ctx context.Context) error {
	var busy, log, moved int
	if err := s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("the key store is in use by another program")
	}
	return nil
}

func (s *store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations.Keys, "keys")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.db, files, goose.WithVerbose(false))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (s *store) close() error { return s.db.Close() }

// add stores rows that are not held yet and were not destroyed, and puts them in the place of changed
// ones; it is durable when it returns nil.
func (s *store) add(ctx context.Context, rows []row) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i := range rows {
		r := &rows[i]
		held, err := s.scan(tx.QueryRowContext(ctx, `SELECT `+s.columns+` FROM data_key WHERE station = ? AND id = ?`, r.station, r.id))
		if err != nil && !errors.Is(err, ErrNoKey) {
			return err
		}
		if held.changed {
			if _, err := tx.ExecContext(ctx, `DELETE FROM data_key WHERE station = ? AND id = ?`, r.station, r.id); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx,
			`INSERT INTO data_key (id, station, part, bucket, station_wrap, hub_wrap, mac) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
			 WHERE NOT EXISTS (SELECT 1 FROM destroyed WHERE station = ?2 AND id = ?1) ON CONFLICT DO NOTHING`,
			r.id, r.station, r.part, r.bucket, r.stationWrap, r.hubWrap, s.guard.sum(r)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// find returns the row of a station's key id, or ErrNoKey; or ErrKeyChanged.
func (s *store) find(ctx context.Context, station border.StationID, id string) (row, error) {
	r, err := s.scan(s.db.QueryRowContext(ctx,
		`SELECT `+s.columns+` FROM data_key WHERE station = ? AND id = ?`, string(station), id))
	if err == nil && r.changed && !s.foreign {
		return row{}, &border.Error{Code: border.Invalid, Op: "find a data key",
			Message: "The key of this record was damaged or edited in keys.db. It comes back from the hub when the station is connected; find out what changed it.", Err: ErrKeyChanged}
	}
	return r, err
}

// latest returns a row for a station's part and bucket that the station can unwrap, or ErrNoKey. What was
// changed counts as not there: a new key takes its place.
func (s *store) latest(ctx context.Context, station border.StationID, part, bucket string) (row, error) {
	rows, err := s.list(ctx, `WHERE station = ? AND part = ? AND bucket = ? AND station_wrap IS NOT NULL ORDER BY id`,
		string(station), part, bucket)
	for _, r := range rows {
		if !r.changed || s.foreign {
			return r, err
		}
	}
	if err == nil {
		err = ErrNoKey
	}
	return row{}, err
}

// scanner is a row or the rows of a query.
type scanner interface{ Scan(dest ...any) error }

func (s *store) scan(r scanner) (row, error) {
	var v row
	err := r.Scan(&v.id, &v.station, &v.part, &v.bucket, &v.stationWrap, &v.hubWrap, &v.mac)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, ErrNoKey
	}
	v.changed = err == nil && s.guard.changed(&v)
	return v, err
}

// list lists rows.
func (s *store) list(ctx context.Context, where string, args ...any) ([]row, error) {
	return s.listIn(ctx, s.db, where, args...)
}

// querier is the database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (s *store) listIn(ctx context.Context, db querier, where string, args ...any) ([]row, error) {
	rs, err := db.QueryContext(ctx, `SELECT `+s.columns+` FROM data_key `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var out []row
	for rs.Next() {
		v, err := s.scan(rs)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rs.Err()
}

// all lists the rows of a station, or of all stations if station is "".
func (s *store) all(ctx context.Context, station border.StationID) ([]row, error) {
	return s.list(ctx, `WHERE ?1 = '' OR station = ?1 ORDER BY bucket, id`, string(station))
}

// good lists the rows of a station that are as they were written.
func (s *store) good(ctx context.Context, station border.StationID) ([]row, error) {
	rows, err := s.all(ctx, station)
	return slices.DeleteFunc(rows, func(r row) bool { return r.changed }), err
}

// destroy deletes all wraps of a part's keys of a bucket, of all its parts if part is "", and
// returns how many there were.
func (s *store) destroy(ctx context.Context, station border.StationID, part, bucket string) (n int64, err error) {
	const which = ` FROM data_key WHERE station = ?1 AND bucket = ?2 AND (?3 = '' OR part = ?3)`
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	if _, err = tx.ExecContext(ctx, `INSERT INTO destroyed (station, id) SELECT station, id`+which+` ON CONFLICT DO NOTHING`, string(station), bucket, part); err != nil {
		return 0, err
	}
	res, err := tx.ExecContext(ctx, `DELETE`+which, string(station), bucket, part)
	if err == nil {
		n, err = res.RowsAffected()
	}
	if err == nil {
		err = s.dropChanged(ctx, tx)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return 0, err
	}
	return n, s.checkpoint(ctx)
}

// dropChanged deletes changed rows: of those nobody knows what month they are of, and a wrap must not
// outlive its month under another's name. The other end gives back what is still alive.
func (s *store) dropChanged(ctx context.Context, tx *sql.Tx) error {
	if s.foreign {
		return nil
	}
	rows, err := s.listIn(ctx, tx, `ORDER BY id`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.changed {
			if _, err := tx.ExecContext(ctx, `DELETE FROM data_key WHERE station = ? AND id = ?`, r.station, r.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// destroyed lists the names of a station's keys that are gone for good.
func (s *store) destroyed(ctx context.Context, station border.StationID) (ids []string, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM destroyed WHERE station = ? ORDER BY id`, string(station))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// notStored says why keys could not be stored or destroyed.
func notStored(op string, err error) error {
	var e sqlite3.Error
	if errors.As(err, &e) && (e.Code == sqlite3.ErrFull || e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT) {
		return &border.Error{Code: border.StorageFull, Op: op, Err: err,
			Message: "The disk is full: a new data key cannot be stored. Free space on the disk, and call the technician."}
	}
	return &border.Error{Code: border.Internal, Op: op, Err: err}
}
