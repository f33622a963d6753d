package register

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"garita/border"
	"garita/border/checkpoint"
)

func (t *sqliteTx) stationKnown(station border.StationID) (bool, error) {
	var n int
	_, err := t.row(`SELECT EXISTS (SELECT 1 FROM station WHERE station = ?1) OR EXISTS (SELECT 1 FROM epoch WHERE station = ?1)`, []any{string(station)}, &n)
	return n > 0, err
}

func (q sqliteReader) cosigned(ctx context.Context, station border.StationID, epoch border.Epoch) (cosigned, error) {
	c := cosigned{epochRow: epochRow{station: station}}
	c.Epoch = epoch
	var size int64
	var edge []byte
	err := q.tx.QueryRowContext(ctx, `SELECT e.no, e.held, e.highest, e.announced, coalesce(l.size, 0), coalesce(l.edge, x''), coalesce(c.note, x'')
		FROM epoch e LEFT JOIN log l ON l.epoch_no = e.no LEFT JOIN checkpoint c ON c.epoch_no = e.no AND c.size = l.size
		WHERE e.station = ? AND e.epoch = ?`, string(station), epoch[:]).Scan(&c.no, &c.Held, &c.Highest, &c.Announced, &size, &edge, &c.note)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.tree, err = checkpoint.ReadEdge(uint64(size), edge)
	return c, err
}

func (q sqliteReader) leaves(ctx context.Context, epochNo int64, after, upto uint64, visit func(seq uint64, hash border.Digest, sound bool) error) error {
	rows, err := q.tx.QueryContext(ctx, `SELECT seq, state, hash FROM raw_event WHERE epoch_no = ? AND seq > ? AND seq <= ? ORDER BY seq`,
		epochNo, int64(after), int64(upto))
	if err != nil {
		return err
	}
	return each(rows, func(rs *sql.Rows) error {
		var seq uint64
		var state string
		var hash sql.RawBytes
		if err := rs.Scan(&seq, &state, &hash); err != nil {
			return err
		}
		var h border.Digest
		sound := state != stateMalformed && copy(h[:], hash) == len(h)
		return visit(seq, h, sound)
	})
}

func (q sqliteReader) checkpoints(ctx context.Context, station border.StationID, limit int) (out [][]byte, err error) {
	rows, err := q.tx.QueryContext(ctx, `SELECT c.note FROM checkpoint c JOIN epoch e ON e.no = c.epoch_no WHERE e.station = ? ORDER BY c.n DESC LIMIT ?`, string(station), limit)
	if err != nil {
		return nil, err
	}
	err = each(rows, func(rs *sql.Rows) error {
		var b []byte
		err := rs.Scan(&b)
		out = append(out, b)
		return err
	})
	return out, err
}

// checkpointsKept is how many checkpoints of an epoch are kept whatever their day.
const checkpointsKept = 100

func (t *sqliteTx) keepCheckpoint(at cosigned, tree checkpoint.Tree, msg []byte, now time.Time) (bool, error) {
	n, err := t.exec(`INSERT INTO log (epoch_no, size, edge, at) VALUES (?1, ?2, ?3, ?5)
		ON CONFLICT (epoch_no) DO UPDATE SET size = ?2, edge = ?3, at = ?5 WHERE size = ?4`, at.no, int64(tree.Size()), tree.Edge(), int64(at.tree.Size()), micros(now))
	if err != nil || n == 0 {
		return false, err
	}
	if _, err := t.exec(`INSERT INTO checkpoint (epoch_no, size, note, day) VALUES (?, ?, ?, ?)`,
		at.no, int64(tree.Size()), msg, now.Unix()/86400); err != nil {
		return false, err
	}
	_, err = t.exec(`DELETE FROM checkpoint WHERE epoch_no = ?1
		AND n < coalesce((SELECT n FROM checkpoint WHERE epoch_no = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2), 0)
		AND EXISTS (SELECT 1 FROM checkpoint AS later WHERE later.epoch_no = ?1 AND later.day = checkpoint.day AND later.n > checkpoint.n)`,
		at.no, checkpointsKept)
	return true, err
}

func (t *sqliteTx) markDamaged(arrival int64) error {
	_, err := t.exec(`UPDATE raw_event SET state = 'malformed', hash = NULL, prev = NULL WHERE arrival = ?`, arrival)
	return err
}

func (t *sqliteTx) mendRaw(r *rawRow) error {
	_, err := t.exec(`UPDATE raw_event SET state = ?, digest = ?, hash = ?, prev = ?, bytes = ? WHERE arrival = ?`,
		r.state, r.digest[:], r.hash[:], r.prev[:], blob(r.bytes), r.arrival)
	return err
}

func (q sqliteReader) malformed(ctx context.Context, limit int) (out []border.Key, err error) {
	rows, err := q.tx.QueryContext(ctx, `SELECT e.station, e.epoch, r.seq FROM raw_event r JOIN epoch e ON e.no = r.epoch_no
		WHERE r.state = 'malformed' ORDER BY r.arrival LIMIT ?`, limit)
	if err != nil {
		return nil, err
	}
	err = each(rows, func(rs *sql.Rows) error {
		var k border.Key
		var epoch sql.RawBytes
		err := rs.Scan(&k.Station, &epoch, &k.Seq)
		copy(k.Epoch[:], epoch)
		out = append(out, k)
		return err
	})
	return out, err
}
