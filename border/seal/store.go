package seal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"garita/border"
	"garita/migrations"
)

// store is keys.db: one row per data key.
type store struct{ db *sql.DB }

type row struct {
	id, station, part, bucket string
	stationWrap, hubWrap      []byte
}

func openStore(ctx context.Context, path string) (*store, error) {
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
	s := &store{db: db}
	if err := s.migrate(ctx); err != nil {
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

// add stores rows that are not held yet and were not destroyed; it is durable when it returns nil.
func (s *store) add(ctx context.Context, rows []row) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, r := range rows {
		if _, err := tx.ExecContext(ctx,
			`INSERT INTO data_key (id, station, part, bucket, station_wrap, hub_wrap) SELECT ?1, ?2, ?3, ?4, ?5, ?6
			 WHERE NOT EXISTS (SELECT 1 FROM destroyed WHERE station = ?2 AND id = ?1) ON CONFLICT DO NOTHING`, r.id, r.station, r.part, r.bucket, r.stationWrap, r.hubWrap); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// find returns the row of a station's key id, or ErrNoKey.
func (s *store) find(ctx context.Context, station border.StationID, id string) (row, error) {
	return s.scan(s.db.QueryRowContext(ctx,
		`SELECT id, station, part, bucket, station_wrap, hub_wrap FROM data_key WHERE station = ? AND id = ?`, string(station), id))
}

// latest returns a row for a station's part and bucket that the station can unwrap, or ErrNoKey.
func (s *store) latest(ctx context.Context, station border.StationID, part, bucket string) (row, error) {
	return s.scan(s.db.QueryRowContext(ctx,
		`SELECT id, station, part, bucket, station_wrap, hub_wrap FROM data_key
		 WHERE station = ? AND part = ? AND bucket = ? AND station_wrap IS NOT NULL ORDER BY id LIMIT 1`,
		string(station), part, bucket))
}

func (s *store) scan(r *sql.Row) (row, error) {
	var v row
	err := r.Scan(&v.id, &v.station, &v.part, &v.bucket, &v.stationWrap, &v.hubWrap)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, ErrNoKey
	}
	return v, err
}

// all lists the rows of a station, or of all stations if station is "".
func (s *store) all(ctx context.Context, station border.StationID) ([]row, error) {
	rs, err := s.db.QueryContext(ctx,
		`SELECT id, station, part, bucket, station_wrap, hub_wrap FROM data_key
		 WHERE ?1 = '' OR station = ?1 ORDER BY bucket, id`, string(station))
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var out []row
	for rs.Next() {
		var v row
		if err := rs.Scan(&v.id, &v.station, &v.part, &v.bucket, &v.stationWrap, &v.hubWrap); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rs.Err()
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
		err = tx.Commit()
	}
	if err != nil {
		return 0, err
	}
	return n, s.checkpoint(ctx)
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
