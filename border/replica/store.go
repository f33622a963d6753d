package replica

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"sync"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"garita/border"
	"garita/migrations"
)

// store is lists.db. After any failed transaction it is closed, opened and its log
// checkpointed before anything more is read or written: after a failed sync a row can be
// visible and yet not be on the disk.
type store struct {
	path string

	mu     sync.Mutex // held for a whole transaction
	db     *sql.DB    // nil: closed, or to be opened anew
	closed bool
}

// connector opens connections with a pragma that a DSN cannot express.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

func openStore(ctx context.Context, path string) (*store, error) {
	s := &store{path: path}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

// open opens the database and brings its log into it.
func (s *store) open(ctx context.Context) error {
	q := url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"},
		"_busy_timeout": {"5000"}, "_foreign_keys": {"1"}}
	d := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec("PRAGMA trusted_schema=OFF", nil)
		return err
	}}
	db := sql.OpenDB(connector{"file:" + (&url.URL{Path: s.path}).EscapedPath() + "?" + q.Encode(), d})
	db.SetMaxOpenConns(1)
	if err := checkpoint(ctx, db); err != nil {
		return errors.Join(err, db.Close())
	}
	s.db = db
	return nil
}

func checkpoint(ctx context.Context, db *sql.DB) error {
	var busy, log, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("lists.db is in use by another program")
	}
	return nil
}

// errDamaged: the database is not one, or a page of it was changed.
var errDamaged = errors.New("lists.db is damaged")

// prepare checks the database, insists on the settings on which durability stands, and brings
// the schema to this program's version.
func (s *store) prepare(ctx context.Context) error {
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "quick_check": "ok"} {
		var got string
		if err := s.db.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&got); err != nil {
			return err
		}
		switch {
		case got == want:
		case pragma == "quick_check":
			return errDamaged
		default:
			return fmt.Errorf("%s is %s, not %s", pragma, got, want)
		}
	}
	files, err := fs.Sub(migrations.Replica, "replica")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.db, files)
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
	s.closed = true
	if s.db == nil {
		return nil
	}
	err := s.db.Close()
	s.db = nil
	return err
}

// do runs fn in one transaction, durable when it returns nil.
func (s *store) do(ctx context.Context, fn func(tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errStopping
	}
	// A cancelled context would interrupt a statement and look like a fault of the disk.
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if s.db == nil {
		if err := s.open(ctx); err != nil {
			return err
		}
	}
	begun, err := s.db.BeginTx(ctx, nil)
	if err == nil {
		if err = fn(tx{ctx, begun}); err == nil {
			if err = begun.Commit(); err == nil {
				return nil
			}
		} else if rolled := begun.Rollback(); rolled == nil && !isDatabase(err) {
			return err // fn's own refusal
		}
	}
	_ = s.db.Close() // its connection has failed already; what counts is the opening
	s.db = nil
	return err
}

// tx is a transaction under way.
type tx struct {
	ctx context.Context
	tx  *sql.Tx
}

func (t tx) exec(sql string, args ...any) error {
	_, err := t.tx.ExecContext(t.ctx, sql, args...)
	return err
}

func (t tx) rows(sql string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(t.ctx, sql, args...)
}

func (t tx) row(sql string, args ...any) *sql.Row { return t.tx.QueryRowContext(t.ctx, sql, args...) }

// isDatabase reports whether err comes from SQLite.
func isDatabase(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e)
}

// isDamage reports whether err says that the database is damaged beyond use.
func isDamage(err error) bool {
	var e sqlite3.Error
	return errors.Is(err, errDamaged) || errors.As(err, &e) && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB)
}

// isFull reports whether err says that the disk has no room.
func isFull(err error) bool {
	var e sqlite3.Error
	if errors.As(err, &e) && (e.Code == sqlite3.ErrFull || e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT) {
		return true
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// notKept turns an error of disk or database into one for callers; one of the domain stays.
func notKept(op string, err error) error {
	var e *border.Error
	switch {
	case err == nil, errors.As(err, &e), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case isFull(err):
		return &border.Error{Code: border.StorageFull, Op: op, Err: err, Message: "The disk is full: lists cannot be brought up to date. Free space on the disk, and call the technician."}
	}
	return &border.Error{Code: border.NotDurable, Op: op, Err: err, Message: "The disk did not keep it. It is tried again by itself; if this goes on, call the technician."}
}
