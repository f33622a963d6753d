package register

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"garita/border"
)

// passageRow is a crossing with the bytes of the event that says what it is.
type passageRow struct {
	arrival            int64
	crossing           border.ID
	key                border.Key
	direction, outcome string
	bytes              []byte // valid until the next row
}

func (r sqliteReader) arrivals(ctx context.Context, after int64, limit int) (out []rawRow, err error) {
	err = r.rows(ctx, `SELECT r.arrival, r.epoch_no, e.station, e.epoch, r.seq, r.state, r.digest, r.hash, r.prev, r.received_at, r.bytes
		FROM raw_event r JOIN epoch e ON e.no = r.epoch_no WHERE r.arrival > ? ORDER BY r.arrival LIMIT ?`,
		[]any{after, limit}, func(rs *sql.Rows) error {
			row, err := scanRaw(rs)
			out = append(out, row)
			return err
		})
	return out, err
}

func (r sqliteReader) around(ctx context.Context, key border.Key, reach int, visit func(*rawRow) bool) error {
	rs, err := r.tx.QueryContext(ctx, `SELECT r.arrival, r.epoch_no, e.station, e.epoch, r.seq, r.state, r.digest, r.hash, r.prev, r.received_at, r.bytes
		FROM raw_event r JOIN epoch e ON e.no = r.epoch_no WHERE e.station = ? AND e.epoch = ? AND r.seq BETWEEN ? AND ? AND r.state <> 'malformed'
		ORDER BY r.seq`, string(key.Station), key.Epoch[:], number(key.Seq)-int64(reach), number(key.Seq)+int64(reach))
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		row, err := scanRaw(rs)
		if err != nil {
			return err
		}
		if !visit(&row) {
			break
		}
	}
	return rs.Err()
}

func (r sqliteReader) projected(ctx context.Context) (n int64, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'projection_cursor'`).Scan(&n)
	return n, err
}

// passages reads along the arrivals: crossings and raw events both lie in that order.
func (r sqliteReader) passages(ctx context.Context, after, upto int64, limit int, visit func(*passageRow) error) (n int, last int64, err error) {
	var row passageRow
	var id, epoch, change, bytes sql.RawBytes
	var changed []passageRow
	see := func(rs *sql.Rows) error {
		if err := rs.Scan(&row.arrival, &id, &row.key.Station, &epoch, &row.key.Seq, &row.direction, &row.outcome, &change, &bytes); err != nil {
			return err
		}
		n, last = n+1, row.arrival
		copy(row.crossing[:], id)
		copy(row.key.Epoch[:], epoch)
		if row.bytes = bytes; change != nil {
			other := row
			other.bytes = append([]byte(nil), change...)
			changed = append(changed, other)
			return nil
		}
		return visit(&row)
	}
	err = r.rows(ctx, `SELECT c.arrival, c.crossing, c.station, c.epoch, c.seq, c.direction, c.outcome, c.change, r.bytes
		FROM crossing c CROSS JOIN raw_event r ON r.arrival = c.arrival
		WHERE c.arrival > ? AND c.arrival <= ? AND c.part = 'open' ORDER BY c.arrival LIMIT ?`, []any{after, upto, limit}, see)
	if err != nil {
		return n, last, err
	}
	for _, c := range changed {
		err := r.tx.QueryRowContext(ctx, `SELECT a.station, a.epoch, a.seq, r.bytes FROM amendment a
			JOIN epoch e ON e.station = a.station AND e.epoch = a.epoch JOIN raw_event r ON r.epoch_no = e.no AND r.seq = a.seq
			WHERE a.change = ?`, c.bytes).Scan(&c.key.Station, &epochOf{&c.key.Epoch}, &c.key.Seq, &c.bytes)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			err = visit(&c)
		}
		if err != nil {
			return n, last, err
		}
	}
	return n, last, nil
}

// epochOf scans an epoch.
type epochOf struct{ to *border.Epoch }

func (e *epochOf) Scan(v any) error {
	b, _ := v.([]byte)
	copy(e.to[:], b)
	return nil
}

func (r sqliteReader) arrivedBefore(ctx context.Context, at time.Time) (int64, error) {
	var low, high int64
	if err := r.tx.QueryRowContext(ctx, `SELECT coalesce(max(arrival), 0) FROM raw_event`).Scan(&high); err != nil {
		return 0, err
	}
	for low < high { // the first arrival after low that came at or after at
		middle := low + (high-low)/2
		var no, received int64
		err := r.tx.QueryRowContext(ctx, `SELECT arrival, received_at FROM raw_event WHERE arrival > ? ORDER BY arrival LIMIT 1`, middle).
			Scan(&no, &received)
		if err != nil {
			return 0, err
		}
		if received < micros(at) {
			low = no
		} else {
			high = middle
		}
	}
	return low, nil
}

func (r sqliteReader) postOf(ctx context.Context, station border.StationID) (post border.PostID, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT post FROM station WHERE station = ?`, string(station)).Scan(&post)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return post, err
}
