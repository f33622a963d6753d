package cases

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"garita/border"
	"garita/migrations"
)

// store is cases.db: one connection writes, a few read. It knows transactions, not rules.
type store struct {
	path string
	lock *os.File

	// mu: whoever uses the database holds it shared, reopening holds it alone.
	mu      sync.RWMutex
	db      *sql.DB // writes; its one connection is taken by one caller at a time
	readers *sql.DB
	broken  bool // a transaction failed and the database is not reopened yet
}

const readersMax = 3

// connector opens connections with the settings that a DSN cannot express.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

func pool(path string, connections int, params url.Values) *sql.DB {
	params.Set("_busy_timeout", "5000")
	params.Set("_foreign_keys", "1")
	params.Set("_mutex", "no") // database/sql gives a connection to one goroutine at a time
	d := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec("PRAGMA trusted_schema=OFF", nil)
		return err
	}}
	db := sql.OpenDB(connector{"file:" + (&url.URL{Path: path}).EscapedPath() + "?" + params.Encode(), d})
	db.SetMaxOpenConns(connections)
	return db
}

func openStore(ctx context.Context, dir string) (*store, error) {
	s := &store{path: filepath.Join(dir, "cases.db")}
	var err error
	if s.lock, err = os.OpenFile(filepath.Join(dir, "cases.lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "lock the cases", Err: err}
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = s.lock.Close() // nothing was written
		return nil, &border.Error{Code: border.Conflict, Op: "lock the cases", Err: err,
			Message: "Another program keeps the cases of this data folder. Stop it first, or use another folder."}
	}
	if err := s.open(ctx, true); err != nil {
		if border.CodeOf(err) == border.Internal {
			err = &border.Error{Code: border.Internal, Op: "open the cases' database", Err: err}
		}
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

// open opens the database, brings the log into it and, the first time, checks and upgrades
// it. On failure nothing stays open.
func (s *store) open(ctx context.Context, first bool) (err error) {
	s.db = pool(s.path, 1, url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"}})
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeDBs())
		}
	}()
	// What is visible after this is durable: a row of a failed commit may lie in the log and
	// not on the disk.
	var busy, log, moved int
	if err := s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return fmt.Errorf("checkpoint the log: %w", err)
	}
	if busy != 0 {
		return errors.New("checkpoint the log: another connection holds it")
	}
	if first {
		if err := s.check(ctx); err != nil {
			return err
		}
		if err := s.migrate(ctx); err != nil {
			return err
		}
	}
	s.readers = pool(s.path, readersMax, url.Values{"mode": {"ro"}, "_query_only": {"1"}})
	return s.readers.PingContext(ctx)
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
		return &border.Error{Code: border.Internal, Op: "check the cases' database", Err: errors.New(ok),
			Message: "The cases' database is damaged. Restore a copy: cases cannot be made again from the register."}
	}
	return nil
}

func (s *store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations.Cases, "cases")
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

func (s *store) closeDBs() error {
	var err error
	if s.readers != nil {
		err = s.readers.Close()
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	s.readers, s.db = nil, nil
	return err
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.closeDBs(), s.lock.Close())
}

// reopen replaces all connections after a failure. Until it succeeds nothing is read.
func (s *store) reopen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.broken {
		return nil
	}
	_ = s.closeDBs() // what they would say is the failure that is being mended
	// Not the caller's context: whoever comes first mends for all.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.open(ctx, false); err != nil {
		return &border.Error{Code: border.NotDurable, Op: "reopen the cases' database", Err: err,
			Message: "The cases' database cannot be reopened after a failed write. Check the disk."}
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

var errClosed = &border.Error{Code: border.Unavailable, Op: "use the cases", Message: "The cases are closed or their database is being reopened."}

// read runs fn on one snapshot of the database that it cannot write to.
func (s *store) read(ctx context.Context, op string, fn func(*sql.Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.broken || s.readers == nil {
		return errClosed
	}
	t, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return storeError(op, err)
	}
	defer t.Rollback() // it wrote nothing
	return storeError(op, fn(t))
}

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
	return &border.Error{Code: border.NotDurable, Op: op, Err: err, Message: "The cases could not be read or written. Nothing has changed: try again."}
}

func micros(t time.Time) int64     { return t.UnixMicro() }
func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }
