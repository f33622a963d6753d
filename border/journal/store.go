package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"garita/migrations"
)

// seqBits is the width of seq within event.pos; the rest is the epoch's ordinal.
const seqBits = 40

func posOf(ordinal int64, seq uint64) int64 { return ordinal<<seqBits | int64(seq) }

func seqOf(pos int64) uint64 { return uint64(pos & (1<<seqBits - 1)) }

func ordinalOf(pos int64) int64 { return pos >> seqBits }

// dsn gives the data source name of a journal. The driver's own default for synchronous
// is NORMAL, which loses acknowledged rows at a power cut: FULL must be said.
func dsn(path string, readOnly bool) string {
	q := url.Values{"_busy_timeout": {"5000"}, "_foreign_keys": {"1"}}
	if readOnly {
		q.Set("mode", "ro")
		q.Set("_query_only", "1")
	} else {
		q.Set("_journal_mode", "WAL")
		q.Set("_synchronous", "FULL")
		q.Set("_txlock", "immediate")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// migrate brings the database's schema to this program's version.
func migrate(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite3", dsn(path, false))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	files, err := fs.Sub(migrations.Post, "post")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// store is the writer's connection with its prepared statements. It speaks to the driver
// directly: database/sql would cost more than the statements do.
type store struct {
	conn *sqlite3.SQLiteConn

	begin, commit, rollback       *sqlite3.SQLiteStmt
	savepoint, rollbackTo         *sqlite3.SQLiteStmt
	release                       *sqlite3.SQLiteStmt
	insertEvent, putEvent         *sqlite3.SQLiteStmt
	putTree                       *sqlite3.SQLiteStmt
	parentHash, childHash         *sqlite3.SQLiteStmt
	readNode, readHash            *sqlite3.SQLiteStmt
	insertCrossing, findCrossing  *sqlite3.SQLiteStmt
	insertDocument, insertChange  *sqlite3.SQLiteStmt
	putState                      *sqlite3.SQLiteStmt
	putDraft, dropDraft           *sqlite3.SQLiteStmt
	readSum, putSum               *sqlite3.SQLiteStmt
	putCheckpoint                 *sqlite3.SQLiteStmt
	dropCheckpoints               *sqlite3.SQLiteStmt
	insertEpoch, readEvent        *sqlite3.SQLiteStmt
	readCursor, putCursor, addOne *sqlite3.SQLiteStmt

	args [6]driver.NamedValue // reused: one writer
}

func openStore(path string) (*store, error) {
	c, err := (&sqlite3.SQLiteDriver{}).Open(dsn(path, false))
	if err != nil {
		return nil, err
	}
	s := &store{conn: c.(*sqlite3.SQLiteConn)}
	for _, p := range []string{
		"PRAGMA wal_autocheckpoint=1000", "PRAGMA cache_size=-16384", "PRAGMA journal_size_limit=67108864", "PRAGMA trusted_schema=OFF",
	} {
		if _, err := s.conn.Exec(p, nil); err != nil {
			return nil, errors.Join(err, s.conn.Close())
		}
	}
	if err := s.insist(); err != nil {
		return nil, errors.Join(err, s.conn.Close())
	}
	return s, nil
}

// insist makes sure that the settings on which durability stands are in force: SQLite
// answers a journal mode that it cannot set with the one it keeps, and no error.
func (s *store) insist() error {
	for _, want := range []struct {
		pragma string
		value  driver.Value
	}{{"PRAGMA journal_mode", "wal"}, {"PRAGMA synchronous", int64(2)}} {
		got, _, err := s.ask(want.pragma)
		if err != nil {
			return err
		}
		if got != want.value {
			return fmt.Errorf("%s is %v, not %v", want.pragma, got, want.value)
		}
	}
	return nil
}

// ask returns the first column of the first row of a statement that is run rarely.
func (s *store) ask(sql string) (v driver.Value, ok bool, err error) {
	rows, err := s.conn.Query(sql, nil)
	if err != nil {
		return nil, false, err
	}
	row := make([]driver.Value, 1)
	switch err = rows.Next(row); {
	case err == nil:
		v, ok = row[0], true
	case errors.Is(err, io.EOF):
		err = nil
	}
	return v, ok, errors.Join(err, rows.Close())
}

// checkpoint moves the whole log into the database and syncs both. Until it has
// succeeded, what is visible may not be on the disk.
func (s *store) checkpoint() error {
	rows, err := s.conn.Query("PRAGMA wal_checkpoint(TRUNCATE)", nil)
	if err != nil {
		return err
	}
	row := make([]driver.Value, 3)
	err = errors.Join(rows.Next(row), rows.Close())
	if err != nil {
		return err
	}
	if busy, ok := row[0].(int64); !ok || busy != 0 {
		return errors.New("the database is in use by another program")
	}
	return nil
}

func (s *store) prepare() error {
	for _, p := range []struct {
		stmt **sqlite3.SQLiteStmt
		sql  string
	}{
		{&s.begin, `BEGIN IMMEDIATE`},
		{&s.commit, `COMMIT`},
		{&s.rollback, `ROLLBACK`},
		{&s.savepoint, `SAVEPOINT job`},
		{&s.rollbackTo, `ROLLBACK TO job`},
		{&s.release, `RELEASE job`},
		{&s.insertEvent, `INSERT INTO event (pos, record, tree) VALUES (?, ?, ?)`},
		{&s.putEvent, `INSERT INTO event (pos, record, tree) VALUES (?, ?, ?)
			ON CONFLICT (pos) DO UPDATE SET record = excluded.record, tree = coalesce(excluded.tree, tree)`},
		{&s.parentHash, `SELECT parent_hash FROM epoch WHERE ordinal = ?`},
		{&s.childHash, `SELECT parent_hash FROM epoch WHERE parent_id = ? AND parent_seq = ?`},
		{&s.putTree, `UPDATE event SET tree = ? WHERE pos = ?`},
		{&s.readNode, `SELECT substr(tree, ?2 + 1, 32) FROM event WHERE pos = ?1`},
		{&s.readHash, fmt.Sprintf(`SELECT substr(record, ?2 + %d, 32) FROM event WHERE pos = ?1`, hashAt+1)},
		{&s.insertCrossing, `INSERT INTO crossing (id, pos) VALUES (?, ?) ON CONFLICT DO NOTHING`},
		{&s.findCrossing, `SELECT pos FROM crossing WHERE id = ?`},
		{&s.insertDocument, `INSERT INTO document (blind, pos) VALUES (?, ?) ON CONFLICT DO NOTHING`},
		{&s.insertChange, `INSERT INTO change (crossing, pos) VALUES (?, ?) ON CONFLICT DO NOTHING`},
		{&s.putState, `INSERT INTO state (name, pos) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET pos = excluded.pos WHERE excluded.pos > state.pos`},
		{&s.putDraft, `INSERT INTO draft (encounter, counter, key_id, sealed) VALUES (?, ?, ?, ?)
			ON CONFLICT (encounter) DO UPDATE SET counter = excluded.counter, key_id = excluded.key_id, sealed = excluded.sealed`},
		{&s.dropDraft, `DELETE FROM draft WHERE encounter = ?`},
		{&s.insertEpoch, `INSERT INTO epoch (id, parent_id, parent_seq, parent_hash, restored) VALUES (?, ?, ?, ?, ?)`},
		{&s.readEvent, `SELECT record FROM event WHERE pos = ?`},
		{&s.readSum, `SELECT sum FROM checksum WHERE projection = ?`},
		{&s.putSum, `INSERT INTO checksum (projection, sum) VALUES (?, ?) ON CONFLICT (projection) DO UPDATE SET sum = excluded.sum`},
		{&s.putCheckpoint, `INSERT INTO checkpoint (ordinal, size, note, hub) VALUES (?, ?, ?, ?)
			ON CONFLICT (ordinal, size) DO UPDATE SET note = excluded.note, hub = excluded.hub`},
		{&s.dropCheckpoints, `DELETE FROM checkpoint WHERE n <= (SELECT max(n) FROM checkpoint) - ?
			AND size < (SELECT max(size) FROM checkpoint AS other WHERE other.ordinal = checkpoint.ordinal)`},
		{&s.readCursor, `SELECT seq FROM cursor WHERE projection = ? AND ordinal = ?`},
		{&s.putCursor, `INSERT INTO cursor (projection, ordinal, seq) VALUES (?, ?, ?)
			ON CONFLICT (projection, ordinal) DO UPDATE SET seq = excluded.seq`},
		{&s.addOne, `INSERT INTO crossing_count (day, counter, direction, outcome, n) VALUES (?, ?, ?, ?, 1)
			ON CONFLICT (day, counter, direction, outcome) DO UPDATE SET n = n + 1`},
	} {
		st, err := s.conn.Prepare(p.sql)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", p.sql, err)
		}
		*p.stmt = st.(*sqlite3.SQLiteStmt)
	}
	return nil
}

func (s *store) close() error {
	if s == nil || s.conn == nil {
		return nil
	}
	for _, st := range []*sqlite3.SQLiteStmt{s.begin, s.commit, s.rollback, s.savepoint, s.rollbackTo, s.release, s.insertEvent, s.putEvent, s.parentHash, s.childHash, s.putTree, s.readNode, s.readHash, s.insertCrossing, s.findCrossing,
		s.insertDocument, s.insertChange, s.putState, s.putDraft, s.dropDraft, s.readSum, s.putSum, s.putCheckpoint, s.dropCheckpoints, s.insertEpoch, s.readEvent, s.readCursor, s.putCursor, s.addOne} {
		if st != nil {
			_ = st.Close() // a statement that failed repeats its error here
		}
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

// exec runs a statement. Never with a cancellable context: cancelling interrupts every
// statement of the connection.
func (s *store) exec(st *sqlite3.SQLiteStmt, args ...driver.Value) error {
	_, err := s.result(st, args...)
	return err
}

// add runs an INSERT ... ON CONFLICT DO NOTHING and reports whether there was no conflict.
func (s *store) add(st *sqlite3.SQLiteStmt, args ...driver.Value) (bool, error) {
	res, err := s.result(st, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func (s *store) result(st *sqlite3.SQLiteStmt, args ...driver.Value) (driver.Result, error) {
	named := s.args[:len(args)]
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	res, err := st.ExecContext(context.Background(), named)
	clear(named)
	return res, err
}

// one runs a query and returns the first column of its first row, or ok=false.
func (s *store) one(st *sqlite3.SQLiteStmt, args ...driver.Value) (v driver.Value, ok bool, err error) {
	rows, err := st.Query(args)
	if err != nil {
		return nil, false, err
	}
	row := make([]driver.Value, 1)
	switch err = rows.Next(row); {
	case err == nil:
		v, ok = row[0], true
		if b, isBytes := v.([]byte); isBytes {
			v = append([]byte(nil), b...) // the driver's buffer ends with the rows
		}
	case errors.Is(err, io.EOF):
		err = nil
	}
	return v, ok, errors.Join(err, rows.Close())
}

// record reads the encoded event at a position as it lies there; nil if none does.
func (s *store) record(pos int64) ([]byte, error) {
	v, ok, err := s.one(s.readEvent, pos)
	if b, isBytes := v.([]byte); err == nil && ok && isBytes {
		return b, nil
	}
	return nil, err
}

// isFull reports whether err says that the disk has no room. SQLite says so in its own
// words only where it writes the database and its log; making the log's index or a file
// fails as any other I/O does, and the system's number tells.
func isFull(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == sqlite3.ErrFull || e.ExtendedCode == sqlite3.ErrIoErrSHMSize ||
		e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT
}

// isDatabase reports whether err comes from SQLite, so that the transaction is lost.
func isDatabase(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e)
}

// isRefused reports whether SQLite refused a row for its content: the job is at fault, not
// the disk.
func isRefused(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrConstraint || e.Code == sqlite3.ErrMismatch || e.Code == sqlite3.ErrTooBig)
}
