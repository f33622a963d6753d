package stations

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"garita/border"
	"garita/migrations"
)

// store is stations.db. The running hub and the command line use it side by side, so each opens,
// reads and writes in transactions of its own, and keeps none open. It knows transactions, not
// rules.
type store struct {
	path string
	// mu: whoever uses the database holds it shared, reopening holds it alone.
	mu     sync.RWMutex
	db     *sql.DB // one connection, taken by one caller at a time
	broken bool    // a transaction failed and the database is not reopened yet
}

// connector opens connections with the settings that a DSN cannot express.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

func pool(path string) *sql.DB {
	q := url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"},
		"_busy_timeout": {"5000"}, "_foreign_keys": {"1"}, "_mutex": {"no"}, "_secure_delete": {"1"}}
	d := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec("PRAGMA trusted_schema=OFF", nil)
		return err
	}}
	db := sql.OpenDB(connector{"file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode(), d})
	db.SetMaxOpenConns(1)
	return db
}

func openStore(ctx context.Context, dir string) (*store, error) {
	s := &store{path: filepath.Join(dir, "stations.db")}
	if err := s.open(ctx, true); err != nil {
		if border.CodeOf(err) == border.Internal && border.MessageOf(err) == "" {
			err = &border.Error{Code: border.Internal, Op: "open the stations' database", Err: err}
		}
		return nil, err
	}
	return s, nil
}

// open opens the database, brings the log into it and, the first time, checks and upgrades it. On
// failure nothing stays open.
func (s *store) open(ctx context.Context, first bool) (err error) {
	s.db = pool(s.path)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.db.Close())
			s.db = nil
		}
	}()
	// What is visible after this is durable: a row of a failed commit may lie in the log and
	// not on the disk.
	var busy, log, moved int
	if err := s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return fmt.Errorf("checkpoint the log: %w", err)
	}
	if busy != 0 {
		return &border.Error{Code: border.Unavailable, Op: "open the stations' database", Message: "Another program is writing to the stations' database. Try again."}
	}
	if !first {
		return nil
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.migrate(ctx)
}

func (s *store) check(ctx context.Context) error {
	var mode, ok string
	var sync int
	err := errors.Join(
		s.db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode),
		s.db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync),
		s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&ok))
	switch {
	case err != nil:
		return err
	case mode != "wal" || sync != 2:
		return fmt.Errorf("journal_mode %s and synchronous %d are not what durability needs", mode, sync)
	case ok != "ok":
		return tampered(ok)
	}
	return nil
}

func (s *store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations.Stations, "stations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.db, files, goose.WithVerbose(false), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	err := s.db.Close()
	s.db = nil
	return err
}

// reopen replaces the connection after a failure.
func (s *store) reopen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.broken || s.db == nil {
		return nil
	}
	_ = s.db.Close() // what it would say is the failure that is being mended
	// Not the caller's context: whoever comes first mends for all.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.open(ctx, false); err != nil {
		s.db = pool(s.path) // the next caller tries again
		return &border.Error{Code: border.NotDurable, Op: "reopen the stations' database", Err: err,
			Message: "The stations' database cannot be reopened after a failed write. Check the disk."}
	}
	s.broken = false
	return nil
}

// write runs fn in one transaction and is durable when it returns nil. An error of fn undoes
// everything; it is returned as it is if it is a [border.Error].
func (s *store) write(ctx context.Context, op string, fn func(*sql.Tx) error) error {
	s.mu.RLock()
	broken := s.broken
	s.mu.RUnlock()
	if broken {
		if err := s.reopen(); err != nil {
			return err
		}
	}
	failed, err := s.transact(ctx, fn)
	if failed {
		s.mu.Lock()
		s.broken = true
		s.mu.Unlock()
		err = errors.Join(err, s.reopen())
	}
	return storeError(op, err)
}

// transact reports with failed that the database must be reopened: a commit that failed may
// have left rows visible that are not on the disk.
func (s *store) transact(ctx context.Context, fn func(*sql.Tx) error) (failed bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return false, errClosed
	}
	// Once begun it is ended: an interrupted commit would be ambiguous.
	if err := ctx.Err(); err != nil {
		return false, err
	}
	t, err := s.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return true, err
	}
	if err := fn(t); err != nil {
		if rollback := t.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			return true, errors.Join(err, rollback)
		}
		return false, err
	}
	if err := t.Commit(); err != nil {
		return true, err
	}
	return false, nil
}

var errClosed = &border.Error{Code: border.Unavailable, Op: "use the stations", Message: "The keeper of stations is closed."}

// storeError gives the failure of a transaction its code.
func storeError(op string, err error) error {
	if err == nil {
		return nil
	}
	var e *border.Error
	if errors.As(err, &e) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &border.Error{Code: border.Unavailable, Op: op, Err: err}
	}
	var s sqlite3.Error
	if errors.As(err, &s) && s.Code == sqlite3.ErrFull {
		return &border.Error{Code: border.StorageFull, Op: op, Err: err, Message: "The hub's disk is full. Nothing has changed. Make room and try again."}
	}
	return &border.Error{Code: border.NotDurable, Op: op, Err: err, Message: "The stations' database could not be read or written. Nothing has changed: try again."}
}

// meta reads one value; nil if there is none.
func meta(ctx context.Context, t *sql.Tx, name string) ([]byte, error) {
	var b []byte
	err := t.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, err
}

func putMeta(ctx context.Context, t *sql.Tx, name string, value []byte) error {
	_, err := t.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

// rows reads a table of names and sealed rows.
func rows(ctx context.Context, t *sql.Tx, table string) (map[string][]byte, error) {
	rs, err := t.QueryContext(ctx, "SELECT name, sealed FROM "+table) //nolint:gosec // a constant of this package
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	out := make(map[string][]byte)
	for rs.Next() {
		var name string
		var sealed []byte
		if err := rs.Scan(&name, &sealed); err != nil {
			return nil, err
		}
		out[name] = sealed
	}
	return out, rs.Err()
}

// putRow writes a row; nil removes it.
func putRow(ctx context.Context, t *sql.Tx, table, name string, sealed []byte) (err error) {
	if sealed == nil {
		_, err = t.ExecContext(ctx, "DELETE FROM "+table+" WHERE name = ?", name) //nolint:gosec // a constant of this package
	} else {
		_, err = t.ExecContext(ctx, "INSERT INTO "+table+" (name, sealed) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed", name, sealed) //nolint:gosec // a constant of this package
	}
	return err
}

// peek reads the seal over all rows, and whether acts wait, without a transaction.
func (s *store) peek(ctx context.Context) (raw []byte, acts bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil || s.broken {
		return nil, false, errClosed
	}
	err = s.db.QueryRowContext(ctx, "SELECT (SELECT value FROM meta WHERE name = 'state'), EXISTS (SELECT 1 FROM act)").Scan(&raw, &acts)
	return raw, acts, storeError("read the stations", err)
}
