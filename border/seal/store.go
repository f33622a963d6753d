package seal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	_ "github.com/mattn/go-sqlite3" // database driver
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
	if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return wrap(errors.Join(err, db.Close()))
	}
	return s, nil
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

// add stores rows that are not held yet; it is durable when it returns nil.
func (s *store) add(ctx context.Context, rows []row) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, r := range rows {
		if _, err := tx.ExecContext(ctx,
			`INSERT INTO data_key (id, station, part, bucket, station_wrap, hub_wrap) VALUES (?, ?, ?, ?, ?, ?)
			 ON CONFLICT (id) DO NOTHING`, r.id, r.station, r.part, r.bucket, r.stationWrap, r.hubWrap); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// find returns the row of a key id, or ErrNoKey.
func (s *store) find(ctx context.Context, id string) (row, error) {
	return s.scan(s.db.QueryRowContext(ctx,
		`SELECT id, station, part, bucket, station_wrap, hub_wrap FROM data_key WHERE id = ?`, id))
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

// destroy deletes all wraps of a bucket's keys and returns how many there were.
func (s *store) destroy(ctx context.Context, station border.StationID, bucket string) (int64, error) {
	res, err := s.db.ExecContext(ctx, `DELETE FROM data_key WHERE station = ? AND bucket = ?`, string(station), bucket)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, err
	}
	_, err = s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return n, err
}
