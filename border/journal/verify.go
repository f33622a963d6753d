package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/mattn/go-sqlite3"

	"garita/border"
)

// Report says what a verification found. Its JSON is the line that garita verify journal
// prints.
type Report struct {
	OK     bool  `json:"ok"`     // no gaps, nothing broken, all projections "ok"
	Events int64 `json:"events"` // rows of the journal
	Epochs int64 `json:"epochs"` // openings for writing, given back ones included
	Gaps   int64 `json:"gaps"`   // places where events of an epoch are missing
	Broken int64 `json:"broken"` // events and epochs that contradict themselves or their place
	// Projections says "ok" of crossing, state, change, document and crossing_count, or how
	// many rows are wrong; state and change are left out if the journal is of a program that
	// had none. Rows that lack in document only the keys could tell.
	Projections map[string]string `json:"projections"`
	// Faults describes the first findings by key or row, without anything personal.
	Faults []string `json:"faults,omitempty"`
}

// maxFaults bounds how many findings a report describes.
const maxFaults = 20

// verifyPage is how many rows one reading statement takes. A long read would keep the
// log of a running station from being reset.
const verifyPage = 256

// verifier streams once through the events, then through the projections.
type verifier struct {
	db      *sql.DB
	find    *sql.Stmt // position of a crossing; nil until needed
	report  *Report
	station border.StationID
	epochs  map[int64]epochRow
	ids     map[border.Epoch]int64 // ordinal by epoch
	until   int64                  // last position when the verification began
	wrong   map[string]int64       // wrong rows by projection

	schema  int64                       // version of the last migration
	cursors map[string]map[int64]uint64 // by projection and ordinal, when the verification began

	zone   *time.Location   // of the counted days; nil: nothing is counted
	counts map[Count]int64  // stored, less recomputed
	states map[string]int64 // stored, when the verification began
	last   map[string]int64 // recomputed
}

type epochRow struct {
	id       border.Epoch
	parent   border.Parent
	restored bool
	events   int64
	last     uint64 // seq of the last event
}

// Verify checks the journal in the file at path: its chain, its epochs and its projections.
// It opens the file for reading only, needs no keys, and may run beside the station. What
// it finds is in the report; an error means that it could not look, [border.NotFound] that
// there is no such file.
func Verify(ctx context.Context, path string) (Report, error) {
	r := Report{Projections: map[string]string{}}
	if _, err := os.Stat(path); err != nil {
		code := border.Internal
		if errors.Is(err, fs.ErrNotExist) {
			code = border.NotFound
		}
		return r, &border.Error{Code: code, Op: "verify the journal", Err: err, Message: "There is no journal that can be read under this name."}
	}
	v := &verifier{report: &r, epochs: map[int64]epochRow{}, ids: map[border.Epoch]int64{}, wrong: map[string]int64{},
		cursors: map[string]map[int64]uint64{"crossing_count": {}, "document": {}}, counts: map[Count]int64{},
		states: map[string]int64{}, last: map[string]int64{}}
	if err := v.open(ctx, path); err != nil {
		return r, err
	}
	defer v.close()
	for _, step := range []func(context.Context) error{v.begin, v.schemaFits, v.events, v.ends, v.crossings, v.changes, v.documents} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil || !isDamage(err) {
				return r, &border.Error{Code: border.Internal, Op: "verify the journal", Err: err}
			}
			v.broken("a page of the file cannot be read: %v", err)
		}
	}
	v.conclude()
	return r, nil
}

func (v *verifier) close() {
	if v.find != nil {
		_ = v.find.Close() // nothing was written
	}
	_ = v.db.Close()
}

// isDamage tells a damaged file from a disk or a program that fails.
func isDamage(err error) bool {
	var e sqlite3.Error
	if errors.As(err, &e) {
		switch e.Code {
		case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrNomem, sqlite3.ErrInterrupt, sqlite3.ErrCantOpen, sqlite3.ErrPerm:
			return false
		}
	}
	return true // SQLite's other errors, and columns that hold what their type forbids
}

// open opens the file. A copy on a medium that cannot be written is read as immutable,
// for SQLite cannot make its index of the log there; then there must be no log.
func (v *verifier) open(ctx context.Context, path string) error {
	var err error
	for _, option := range []string{"", "&immutable=1"} {
		if v.db, err = sql.Open("sqlite3", dsn(path, true)+option); err != nil {
			break
		}
		v.db.SetMaxOpenConns(1)
		var n int
		err = v.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&n)
		var e sqlite3.Error
		if err == nil || errors.As(err, &e) && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB) {
			return nil // what is damaged the steps will say
		}
		_ = v.db.Close() // nothing was written
		if info, statErr := os.Stat(path + "-wal"); statErr == nil && info.Size() > 0 {
			break
		}
	}
	return &border.Error{Code: border.Internal, Op: "open the journal", Err: err,
		Message: "The journal cannot be opened for reading. A copy needs the file that ends in -wal beside it."}
}

// begin reads what must belong together in one snapshot: how far the journal goes, its
// epochs, the cursors, and the tables of which every row is compared.
func (v *verifier) begin(ctx context.Context) error {
	tx, err := v.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var station sql.NullString
	if err := tx.QueryRowContext(ctx, `SELECT max(id) FROM station`).Scan(&station); err != nil {
		return err
	}
	v.station = border.StationID(station.String)
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(pos), 0) FROM event`).Scan(&v.until); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&v.schema); err != nil {
		return err
	}
	if err := v.readEpochs(ctx, tx); err != nil {
		return err
	}
	for _, read := range []func(context.Context, *sql.Tx) error{v.readCursors, v.readStoredCounts, v.readStates} {
		if err := read(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) readEpochs(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT ordinal, id, parent_id, parent_seq, parent_hash, restored FROM epoch ORDER BY ordinal`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var ordinal, restored int64
		var id, parent, hash []byte
		var e epochRow
		var seq int64
		if err := rows.Scan(&ordinal, &id, &parent, &seq, &hash, &restored); err != nil {
			return err
		}
		copy(e.id[:], id)
		copy(e.parent.Epoch[:], parent)
		copy(e.parent.Hash[:], hash)
		e.parent.Seq, e.restored = uint64(seq), restored != 0
		v.epochs[ordinal] = e
		v.ids[e.id] = ordinal
		v.report.Epochs++
	}
	return rows.Err()
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.report.Faults) < maxFaults {
		v.report.Faults = append(v.report.Faults, fmt.Sprintf(format, args...))
	}
}

func (v *verifier) broken(format string, args ...any) {
	v.report.Broken++
	v.fault(format, args...)
}

// conclude fills in the projections' words and the verdict.
func (v *verifier) conclude() {
	for c, n := range v.counts {
		if n != 0 {
			v.projection("crossing_count", "crossing_count: %s, counter %s, %s, %s is off by %d", c.Day, c.Counter, c.Direction, c.Outcome, n)
		}
	}
	v.compareStates()
	v.report.OK = v.report.Gaps == 0 && v.report.Broken == 0
	tables := []string{"crossing", "document", "crossing_count"}
	if v.moreTables() {
		tables = append(tables, "state", "change")
	}
	for _, p := range tables {
		v.report.Projections[p] = "ok"
		if n := v.wrong[p]; n > 0 {
			v.report.OK = false
			v.report.Projections[p] = fmt.Sprintf("%d wrong", n)
		}
	}
}

func (v *verifier) projection(name, format string, args ...any) {
	v.wrong[name]++
	v.fault(format, args...)
}
