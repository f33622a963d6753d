package signin

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

// store is access.db over one connection. It knows transactions, not rules.
type store struct {
	path string
	lock *os.File

	mu     sync.Mutex // held by whoever uses the database
	db     *sql.DB    // nil: closed
	broken bool       // a transaction failed and the database is not reopened yet
}

// connector opens connections with the settings that a DSN cannot express.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

func openStore(ctx context.Context, dir string) (*store, error) {
	s := &store{path: filepath.Join(dir, "access.db")}
	var err error
	if s.lock, err = os.OpenFile(filepath.Join(dir, "access.lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "lock the sign-in", Err: err}
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = s.lock.Close() // nothing was written
		return nil, &border.Error{Code: border.Conflict, Op: "lock the sign-in", Err: err,
			Message: "Another program signs people in on this data folder. Stop it first, or use another folder."}
	}
	if err := s.open(ctx, true); err != nil {
		if border.CodeOf(err) == border.Internal {
			err = &border.Error{Code: border.Internal, Op: "open the sign-in's database", Err: err}
		}
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

// open opens the database, brings the log into it and, the first time, checks and upgrades it.
func (s *store) open(ctx context.Context, first bool) (err error) {
	params := url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"},
		"_busy_timeout": {"5000"}, "_foreign_keys": {"1"}, "_mutex": {"no"}} // database/sql gives a connection to one goroutine at a time
	d := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec("PRAGMA trusted_schema=OFF", nil)
		return err
	}}
	s.db = sql.OpenDB(connector{"file:" + (&url.URL{Path: s.path}).EscapedPath() + "?" + params.Encode(), d})
	s.db.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.db.Close())
			s.db = nil
		}
	}()
	// What is visible after this is durable: a row of a failed commit may lie in the log and not
	// on the disk.
	var busy, log, moved int
	if err := s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return fmt.Errorf("checkpoint the log: %w", err)
	}
	if busy != 0 {
		return errors.New("checkpoint the log: another connection holds it")
	}
	if !first {
		return nil
	}
	return errors.Join(s.check(ctx), s.migrate(ctx))
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
		return &border.Error{Code: border.Internal, Op: "check the sign-in's database", Err: errors.New(ok),
			Message: "The sign-in's database is damaged. Move access.db away: sessions and locks are lost, accounts are not."}
	}
	return nil
}

func (s *store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations.SignIn, "signin")
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
	err := errors.Join(s.db.Close(), s.lock.Close())
	s.db = nil
	return err
}

var errClosed = &border.Error{Code: border.Unavailable, Op: "use the sign-in", Message: "The sign-in's database is closed or being reopened."}

// do runs fn in one transaction and is durable when it returns nil. An error of fn undoes
// everything; it is returned as it is if it is a [border.Error].
func (s *store) do(ctx context.Context, op string, fn func(*sql.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		if err := s.reopen(); err != nil {
			return err
		}
	}
	if s.db == nil {
		return errClosed
	}
	if err := ctx.Err(); err != nil { // once begun it is ended: an interrupted commit would be ambiguous
		return storeError(op, err)
	}
	t, err := s.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err == nil {
		if err := fn(t); err != nil {
			if rollback := t.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
				s.broken = true
			}
			return storeError(op, err)
		}
		err = t.Commit()
	}
	if err != nil {
		// A commit that failed may have left rows visible that are not on the disk.
		s.broken = true
		return storeError(op, errors.Join(err, s.reopen()))
	}
	return nil
}

// reopen replaces the connection after a failure. mu is held.
func (s *store) reopen() error {
	if s.db != nil {
		_ = s.db.Close() // what it would say is the failure that is being mended
		s.db = nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.open(ctx, false); err != nil {
		return &border.Error{Code: border.NotDurable, Op: "reopen the sign-in's database", Err: err,
			Message: "The sign-in's database cannot be reopened after a failed write. Check the disk."}
	}
	s.broken = false
	return nil
}

// storeError gives the failure of a transaction its code.
func storeError(op string, err error) error {
	var e *border.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &border.Error{Code: border.Unavailable, Op: op, Err: err}
	}
	var s sqlite3.Error
	if errors.As(err, &s) && s.Code == sqlite3.ErrFull {
		return &border.Error{Code: border.StorageFull, Op: op, Err: err, Message: "The disk is full. Nothing has changed. Make room and try again."}
	}
	return &border.Error{Code: border.NotDurable, Op: op, Err: err, Message: "Sign-in could not write what it must remember. Nothing has changed: try again."}
}
