package register

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/checkpoint"
)

// FileName is the name of the register's database in its folder.
const FileName = "hub.db"

// AuditReport says whether what the register holds of the stations is what it was.
type AuditReport struct {
	OK          bool     `json:"ok"`
	Events      int64    `json:"events"`
	Epochs      int64    `json:"epochs"`
	Malformed   int64    `json:"malformed"`   // held in their place, and no event
	Damaged     int64    `json:"damaged"`     // not what was stored
	Quarantined int64    `json:"quarantined"` // checked against their digests, too
	Broken      int64    `json:"broken"`      // sound, and yet not what the event before says
	Words       []string `json:"words,omitempty"`
	// Log are the findings about the checkpoints that were cosigned here, and those that were given.
	Log checkpoint.Findings `json:"log"`
}

// VerifyAudit checks the raw events of the register at path against their digests, hashes and
// chains, makes the log of every epoch again and holds it against what was cosigned. It needs no
// keys but those that check signatures, writes nothing, and may run beside the hub.
func VerifyAudit(ctx context.Context, path string, others [][]byte, keys ...note.Verifier) (AuditReport, error) {
	const op = "verify the register"
	v := auditor{log: checkpoint.NewComparison(keys...)}
	if _, err := os.Stat(path); err != nil {
		code := border.Internal
		if errors.Is(err, fs.ErrNotExist) {
			code = border.NotFound
		}
		return v.report, &border.Error{Code: code, Op: op, Err: err, Message: "There is no register that can be read under this name."}
	}
	v.db = pool(path, 5*time.Second, url.Values{"mode": {"ro"}, "_query_only": {"1"}})
	v.db.SetMaxOpenConns(1)
	defer v.db.Close()
	for _, n := range others {
		v.log.Add("given", n, false)
	}
	if err := v.run(ctx); err != nil {
		if ctx.Err() != nil {
			return v.report, &border.Error{Code: border.Unavailable, Op: op, Err: err}
		}
		v.report.Damaged++
		v.words("a page of the file cannot be read: %v", err)
	}
	v.report.Log = v.log.Conclude()
	v.report.OK = v.report.Damaged == 0 && v.report.Broken == 0 && v.report.Log.Faults == 0
	return v.report, nil
}

// auditor is one reading of a register's file.
type auditor struct {
	db     *sql.DB
	log    *checkpoint.Comparison
	report AuditReport
}

func (v *auditor) words(format string, args ...any) {
	if len(v.report.Words) < 20 {
		v.report.Words = append(v.report.Words, fmt.Sprintf(format, args...))
	}
}

// edge is an epoch, and how far its log was cosigned.
type edge struct {
	no   int64
	held uint64
	key  border.Key // without a seq
	size uint64
	edge []byte
}

func (v *auditor) run(ctx context.Context) error {
	var schema int
	if err := v.db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&schema); err != nil {
		return err
	}
	q := `SELECT no, station, epoch, held, 0, x'' FROM epoch ORDER BY no`
	if schema >= 5 {
		rows, err := v.db.QueryContext(ctx, `SELECT note FROM checkpoint ORDER BY n`)
		if err != nil {
			return err
		}
		if err := each(rows, func(rs *sql.Rows) error {
			var msg []byte
			err := rs.Scan(&msg)
			v.log.Add("kept at the hub", msg, true)
			return err
		}); err != nil {
			return err
		}
		q = `SELECT e.no, e.station, e.epoch, e.held, coalesce(l.size, 0), coalesce(l.edge, x'') FROM epoch e LEFT JOIN log l ON l.epoch_no = e.no ORDER BY e.no`
	}
	rows, err := v.db.QueryContext(ctx, q)
	if err != nil {
		return err
	}
	var epochs []edge
	if err := each(rows, func(rs *sql.Rows) error {
		var e edge
		var id []byte
		err := rs.Scan(&e.no, &e.key.Station, &id, &e.held, &e.size, &e.edge)
		copy(e.key.Epoch[:], id)
		epochs = append(epochs, e)
		return err
	}); err != nil {
		return err
	}
	if err := v.quarantine(ctx); err != nil {
		return err
	}
	for i := range epochs {
		v.report.Epochs++
		if err := v.epoch(ctx, &epochs[i]); err != nil {
			return err
		}
	}
	return nil
}

// quarantine looks at what was put aside: it is evidence.
func (v *auditor) quarantine(ctx context.Context) error {
	rows, err := v.db.QueryContext(ctx, `SELECT id, digest, bytes FROM quarantine`)
	if err != nil {
		return err
	}
	return each(rows, func(rs *sql.Rows) error {
		var id int64
		var digest, b sql.RawBytes
		if err := rs.Scan(&id, &digest, &b); err != nil {
			return err
		}
		v.report.Quarantined++
		if sum := sha256.Sum256(b); string(sum[:]) != string(digest) {
			v.report.Damaged++
			v.words("message %d in quarantine is not what was put there", id)
		}
		return nil
	})
}

// epoch reads the events of an epoch, a few at a time.
func (v *auditor) epoch(ctx context.Context, e *edge) error {
	sizes := v.log.Sizes(e.key.Station, e.key.Epoch)
	var tree checkpoint.Tree
	var prev border.Digest
	chained, whole := false, true
	for after := int64(0); ; {
		rows, err := v.db.QueryContext(ctx, `SELECT seq, state, digest, hash, prev, bytes FROM raw_event WHERE epoch_no = ? AND seq > ? ORDER BY seq LIMIT ?`, e.no, after, rotPage)
		if err != nil {
			return err
		}
		n := 0
		err = each(rows, func(rs *sql.Rows) error {
			n++
			var row rawRow
			var digest, hash, before []byte
			if err := rs.Scan(&row.key.Seq, &row.state, &digest, &hash, &before, &row.bytes); err != nil {
				return err
			}
			copy(row.digest[:], digest)
			copy(row.hash[:], hash)
			copy(row.prev[:], before)
			row.key.Station, row.key.Epoch = e.key.Station, e.key.Epoch
			v.report.Events++
			gap := row.key.Seq != uint64(after)+1
			after = int64(row.key.Seq)
			if !v.event(&row) {
				chained, whole = false, false
				return nil
			}
			if chained && !gap && row.prev != prev {
				v.report.Broken++
				v.words("event %s does not continue the one before", row.key)
			}
			prev, chained = row.hash, true
			if whole = whole && !gap; !whole {
				return nil
			}
			tree.Add(nil, row.hash)
			if len(sizes) > 0 && sizes[0] == tree.Size() {
				sizes = sizes[1:]
				v.log.At(checkpoint.State{Station: e.key.Station, Epoch: e.key.Epoch, Size: tree.Size(), Root: tree.Root()})
			}
			if tree.Size() == e.size && string(tree.Edge()) != string(e.edge) {
				v.log.Fault("kept at the hub: the tree of %s/%s at event %d is not that of its events", e.key.Station, e.key.Epoch, e.size)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if whole && tree.Size() < e.held {
		v.report.Damaged++
		v.words("events of %s/%s are missing: %d are said to be held, %d are", e.key.Station, e.key.Epoch, e.held, tree.Size())
	}
	return nil
}

// event reports whether a row is a sound event.
func (v *auditor) event(row *rawRow) bool {
	if row.state == stateMalformed {
		v.report.Malformed++
		return false
	}
	if sha256.Sum256(row.bytes) != row.digest || rotten(row) {
		v.report.Damaged++
		v.words("event %s is not what was stored", row.key)
		return false
	}
	return true
}
