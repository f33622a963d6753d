// Package sqlite keeps the small database of one room: written through one connection, durable
// when a call returns, checked and migrated when it is opened, and opened anew after a commit that
// failed. What the rows mean is the room's own matter. Rooms that write much, or read beside the
// writing, have stores of their own.
package sqlite

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
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"garita/border"
)

// Config says which database, and how its troubles are said.
type Config struct {
	Path       string // of the file; its folder must exist
	Migrations fs.FS  // files of goose, at its root
	Name       string // in words for people: "the officers' database"
	// Damaged is the error for a database that SQLite finds damaged, with what it says of it.
	Damaged func(what string) error
	// Failed says what a failed transaction means: "The officers could not be read or written. Nothing has changed: try again."
	Failed string
}

// DB is an open database. Several programs may have one open at the same time. Safe for
// concurrent use.
type DB struct {
	cfg Config

	mu     sync.Mutex // held by whoever uses the database
	db     *sql.DB    // nil: closed, or not reopened yet
	broken bool       // a transaction failed and the database is not reopened yet
}

// reopenTime bounds how long a database takes to be opened anew.
const reopenTime = 30 * time.Second

// Open opens the database or makes it. [border.Unavailable]: another program is writing to it.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	d := &DB{cfg: cfg}
	err := d.open(ctx)
	if err == nil {
		if err = d.check(ctx); err == nil {
			err = d.migrate(ctx)
		}
		if err != nil {
			err = errors.Join(err, d.db.Close())
		}
	}
	if err == nil {
		return d, nil
	}
	var said *border.Error
	if !errors.As(err, &said) {
		err = &border.Error{Code: border.Internal, Op: "open " + cfg.Name, Err: err}
	}
	return nil, err
}

// connector opens connections with the settings that a DSN cannot express.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// open opens the connection and brings the log into the database. On failure nothing stays open.
func (d *DB) open(ctx context.Context) (err error) {
	// database/sql gives a connection to one goroutine at a time, so SQLite needs no mutex. The
	// driver's own default for synchronous is NORMAL, which loses acknowledged rows at a power cut.
	params := url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"},
		"_busy_timeout": {"5000"}, "_foreign_keys": {"1"}, "_mutex": {"no"}, "_secure_delete": {"1"}}
	hook := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec("PRAGMA trusted_schema=OFF", nil)
		return err
	}}
	d.db = sql.OpenDB(connector{"file:" + (&url.URL{Path: d.cfg.Path}).EscapedPath() + "?" + params.Encode(), hook})
	d.db.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			err = errors.Join(err, d.db.Close())
			d.db = nil
		}
	}()
	// What is visible after this is durable: a row of a failed commit may lie in the log and not on
	// the disk.
	var busy, log, moved int
	if err := d.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return fmt.Errorf("checkpoint the log: %w", err)
	}
	if busy != 0 {
		return &border.Error{Code: border.Unavailable, Op: "open " + d.cfg.Name, Message: "Another program is writing to this database. Try again."}
	}
	return nil
}

// check makes sure that the settings on which durability stands are in force, and that SQLite
// finds nothing wrong.
func (d *DB) check(ctx context.Context) error {
	var mode, ok string
	var sync int
	err := errors.Join(
		d.db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode),
		d.db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync),
		d.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&ok))
	switch {
	case err != nil:
		return err
	case mode != "wal" || sync != 2:
		return fmt.Errorf("journal_mode %s and synchronous %d are not what durability needs", mode, sync)
	case ok != "ok":
		return d.cfg.Damaged(ok)
	}
	return nil
}

func (d *DB) migrate(ctx context.Context) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, d.db, d.cfg.Migrations, goose.WithVerbose(false), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Close closes the database; a second call does nothing.
func (d *DB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = false
	if d.db == nil {
		return nil
	}
	err := d.db.Close()
	d.db = nil
	return err
}

// Do runs fn in one transaction and is durable when it returns nil. An error of fn undoes
// everything; it is returned as it is if it is a [border.Error].
func (d *DB) Do(ctx context.Context, op string, fn func(*sql.Tx) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // once begun it is ended: an interrupted commit would be ambiguous
		return d.failed(op, err)
	}
	t, err := d.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err == nil {
		if err := fn(t); err != nil {
			if rollback := t.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
				d.broken = true
			}
			return d.failed(op, err)
		}
		err = t.Commit()
	}
	if err != nil {
		// A commit that failed may have left rows visible that are not on the disk.
		d.broken = true
		return d.failed(op, errors.Join(err, d.reopen()))
	}
	return nil
}

// Look runs fn without a transaction: a single query that takes no lock for writing.
func (d *DB) Look(op string, fn func(*sql.DB) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(); err != nil {
		return err
	}
	return d.failed(op, fn(d.db))
}

// ready makes the database usable, or says why it is not. mu is held.
func (d *DB) ready() error {
	if d.broken {
		return d.reopen()
	}
	if d.db == nil {
		return &border.Error{Code: border.Unavailable, Op: "use " + d.cfg.Name, Message: "This program is shutting down."}
	}
	return nil
}

// reopen replaces the connection after a failure. mu is held.
func (d *DB) reopen() error {
	if d.db != nil {
		_ = d.db.Close() // what it would say is the failure that is being mended
		d.db = nil
	}
	// Not the caller's context: whoever comes first mends for all.
	ctx, cancel := context.WithTimeout(context.Background(), reopenTime)
	defer cancel()
	if err := d.open(ctx); err != nil {
		return &border.Error{Code: border.NotDurable, Op: "reopen " + d.cfg.Name, Err: err,
			Message: "A write failed, and the database cannot be opened again. Check the disk."}
	}
	d.broken = false
	return nil
}

// failed gives the failure of a transaction its code.
func (d *DB) failed(op string, err error) error {
	var said *border.Error
	if err == nil || errors.As(err, &said) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &border.Error{Code: border.Unavailable, Op: op, Err: err}
	}
	var s sqlite3.Error
	if errors.As(err, &s) && (s.Code == sqlite3.ErrFull || s.SystemErrno == syscall.ENOSPC || s.SystemErrno == syscall.EDQUOT) {
		return &border.Error{Code: border.StorageFull, Op: op, Err: err, Message: "The disk is full. Nothing has changed. Make room and try again."}
	}
	return &border.Error{Code: border.NotDurable, Op: op, Err: err, Message: d.cfg.Failed}
}
