package register

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
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"garita/border"
	"garita/migrations"
)

// sqliteStore is the store on SQLite: one pinned connection writes, a small pool reads.
type sqliteStore struct {
	path string
	busy time.Duration
	lock *os.File

	// mu: readers hold it shared, reopening holds it alone. The writer's connection is
	// used by one caller at a time (Register.write) and needs no lock of its own.
	mu      sync.RWMutex
	db      *sql.DB // of the writer
	w       *sqliteTx
	readers *sql.DB
	broken  bool // a transaction failed and the database is not reopened yet

	reopened int // how often, for tests
}

const readersMax = 3

// connector opens connections with the settings that a DSN cannot express.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

func pool(path string, busy time.Duration, params url.Values, pragmas ...string) *sql.DB {
	params.Set("_busy_timeout", strconv.FormatInt(busy.Milliseconds(), 10))
	params.Set("_foreign_keys", "1")
	params.Set("_mutex", "no") // database/sql gives a connection to one goroutine at a time
	d := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		for _, p := range append([]string{"PRAGMA trusted_schema=OFF"}, pragmas...) {
			if _, err := c.Exec(p, nil); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
		return nil
	}}
	return sql.OpenDB(connector{"file:" + (&url.URL{Path: path}).EscapedPath() + "?" + params.Encode(), d})
}

func openSQLite(ctx context.Context, dir string, busy time.Duration) (*sqliteStore, error) {
	if busy == 0 {
		busy = 5 * time.Second
	}
	s := &sqliteStore{path: filepath.Join(dir, "hub.db"), busy: busy}
	var err error
	if s.lock, err = takeLock(filepath.Join(dir, "hub.lock")); err != nil {
		return nil, err
	}
	if err := s.open(ctx, true); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

// takeLock makes sure that one hub at a time works in a folder.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		return nil, &border.Error{Code: border.Conflict, Op: "lock the hub's folder", Err: err,
			Message: "Another hub is running in this data folder. Stop it first, or use another folder."}
	}
	return f, nil
}

// open opens the database, brings the log into it and, the first time, checks and
// upgrades it. On failure nothing stays open.
func (s *sqliteStore) open(ctx context.Context, first bool) (err error) {
	s.db = pool(s.path, s.busy, url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"}},
		"PRAGMA wal_autocheckpoint=8192", // 32 MiB: a page that many transactions change is written back once
		"PRAGMA journal_size_limit=67108864",
		"PRAGMA cache_size=-65536") // 64 MiB: crossings and documents are random keys
	s.db.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeDBs())
		}
	}()
	if err := s.checkpoint(ctx); err != nil {
		return err
	}
	if first {
		if err := s.check(ctx); err != nil {
			return err
		}
		if err := s.migrate(ctx); err != nil {
			return err
		}
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	s.w = &sqliteTx{conn: conn, stmts: map[string]*sql.Stmt{}}
	s.readers = pool(s.path, s.busy, url.Values{"mode": {"ro"}, "_query_only": {"1"}})
	s.readers.SetMaxOpenConns(readersMax)
	return s.readers.PingContext(ctx)
}

// checkpoint brings the whole log into the database file and onto the disk. What is
// visible afterwards is durable.
func (s *sqliteStore) checkpoint(ctx context.Context) error {
	var busy, log, done int
	err := s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
	if err == nil && busy != 0 {
		err = errors.New("another connection holds the log")
	}
	if err != nil {
		return fmt.Errorf("checkpoint the log: %w", err)
	}
	return nil
}

func (s *sqliteStore) check(ctx context.Context) error {
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
		return &border.Error{Code: border.Internal, Op: "check the register's database", Err: errors.New(ok),
			Message: "The register's database is damaged. Restore a copy; the stations send the rest again."}
	}
	return nil
}

func (s *sqliteStore) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations.Hub, "hub")
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

func (s *sqliteStore) closeDBs() error {
	var err error
	if s.readers != nil {
		err = s.readers.Close()
	}
	if s.w != nil {
		err = errors.Join(err, s.w.close())
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	s.readers, s.w, s.db = nil, nil, nil
	return err
}

// reopen replaces all connections after a failure. Until it succeeds nothing is read.
func (s *sqliteStore) reopen() error {
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
		return &border.Error{Code: border.NotDurable, Op: "reopen the register's database",
			Message: "The register's database cannot be reopened after a failed write. Check the disk.", Err: err}
	}
	s.broken = false
	s.reopened++
	return nil
}

func (s *sqliteStore) fail() {
	s.mu.Lock()
	s.broken = true
	s.mu.Unlock()
}

func (s *sqliteStore) write(fn func(tx) error) error {
	s.mu.RLock()
	broken := s.broken
	s.mu.RUnlock()
	if broken {
		if err := s.reopen(); err != nil {
			return err
		}
	}
	err := s.transact(fn)
	if err == nil {
		return nil
	}
	// A row of a failed commit can be visible and yet not on the disk; a repetition
	// would then find it and be acknowledged without a sync. So start afresh, now, and
	// again before the next use if that fails too.
	s.fail()
	return errors.Join(err, s.reopen())
}

func (s *sqliteStore) transact(fn func(tx) error) error {
	if _, err := s.w.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(s.w); err != nil {
		_, rollback := s.w.exec("ROLLBACK") // fails where SQLite has rolled back by itself
		return errors.Join(err, rollback)
	}
	if _, err := s.w.exec("COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// compact writes the whole database anew and empties the log.
func (s *sqliteStore) compact() error {
	s.mu.RLock()
	broken := s.broken
	s.mu.RUnlock()
	if broken {
		if err := s.reopen(); err != nil {
			return err
		}
	}
	if _, err := s.w.conn.ExecContext(context.Background(), "VACUUM"); err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	var busy, log, done int
	err := s.w.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
	if err == nil && busy != 0 {
		err = errors.New("a reader holds the log") // it is emptied when the register is opened next
	}
	return err
}

func (s *sqliteStore) read(ctx context.Context, fn func(reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.broken || s.readers == nil {
		return &border.Error{Code: border.Unavailable, Op: "read the register",
			Message: "The register's database is being reopened after a failed write."}
	}
	t, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer t.Rollback() // it wrote nothing
	return fn(sqliteReader{t})
}

func (s *sqliteStore) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.closeDBs(), s.lock.Close())
}

// writeError gives the failure of a transaction its code.
func writeError(op string, err error) error {
	var e *border.Error
	if errors.As(err, &e) && e.Code != border.Internal {
		return err
	}
	out := &border.Error{Code: border.NotDurable, Op: op, Err: err,
		Message: "The register could not be written. Nothing is lost: stations send again."}
	var s sqlite3.Error
	if errors.As(err, &s) && s.Code == sqlite3.ErrFull {
		out.Code, out.Message = border.StorageFull, "The hub's disk is full. Nothing is lost: stations keep their events. Make room."
	}
	return out
}
