package register

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"garita/border"
)

// sqliteTx is the writer's connection with its prepared statements. Its statements run
// under the background context: a cancelled one would interrupt the others with it.
type sqliteTx struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // by text; all texts are constants of this package
}

func (t *sqliteTx) stmt(q string) (*sql.Stmt, error) {
	if s := t.stmts[q]; s != nil {
		return s, nil
	}
	s, err := t.conn.PrepareContext(context.Background(), q)
	if err != nil {
		return nil, err
	}
	t.stmts[q] = s
	return s, nil
}

func (t *sqliteTx) exec(q string, args ...any) (int64, error) {
	s, err := t.stmt(q)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// row reads one row; ok is false when there is none.
func (t *sqliteTx) row(q string, args []any, dest ...any) (ok bool, err error) {
	s, err := t.stmt(q)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(context.Background(), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (t *sqliteTx) rows(q string, args []any, scan func(*sql.Rows) error) error {
	s, err := t.stmt(q)
	if err != nil {
		return err
	}
	rs, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	return each(rs, scan)
}

// each scans all rows and closes them.
func each(rs *sql.Rows, scan func(*sql.Rows) error) error {
	defer rs.Close()
	for rs.Next() {
		if err := scan(rs); err != nil {
			return err
		}
	}
	return rs.Err()
}

func (t *sqliteTx) close() error {
	var errs []error
	for _, s := range t.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, t.conn.Close())...)
}

func micros(t time.Time) int64     { return t.UnixMicro() }
func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

func (t *sqliteTx) meta(name string) (n int64, err error) {
	_, err = t.row(`SELECT value FROM meta WHERE name = ?`, []any{name}, &n)
	return n, err
}

func (t *sqliteTx) setMeta(name string, value int64) error {
	_, err := t.exec(`UPDATE meta SET value = ?2 WHERE name = ?1`, name, value)
	return err
}

func (t *sqliteTx) addMeta(name string, delta int64) error {
	if delta == 0 {
		return nil
	}
	_, err := t.exec(`UPDATE meta SET value = value + ?2 WHERE name = ?1`, name, delta)
	return err
}

func (t *sqliteTx) epoch(station border.StationID, epoch border.Epoch) (epochRow, bool, error) {
	r := epochRow{station: station}
	r.Epoch = epoch
	ok, err := t.row(`SELECT no, held, highest, announced FROM epoch WHERE station = ? AND epoch = ?`,
		[]any{string(station), epoch[:]}, &r.no, &r.Held, &r.Highest, &r.Announced)
	return r, ok, err
}

func (t *sqliteTx) ensureEpoch(station border.StationID, epoch border.Epoch) (epochRow, error) {
	r, ok, err := t.epoch(station, epoch)
	if ok || err != nil {
		return r, err
	}
	if _, err := t.exec(`INSERT INTO epoch (station, epoch) VALUES (?, ?)`, string(station), epoch[:]); err != nil {
		return r, err
	}
	r, _, err = t.epoch(station, epoch)
	return r, err
}

func (t *sqliteTx) saveEpoch(r epochRow) error {
	_, err := t.exec(`UPDATE epoch SET held = ?, highest = ?, announced = ? WHERE no = ?`,
		int64(r.Held), int64(r.Highest), int64(r.Announced), r.no)
	return err
}

func (t *sqliteTx) insertRaw(r *rawRow) (bool, error) {
	var hash, prev []byte
	if r.state != stateMalformed {
		hash, prev = r.hash[:], r.prev[:]
	}
	n, err := t.exec(`INSERT INTO raw_event (epoch_no, seq, state, digest, hash, prev, received_at, bytes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (epoch_no, seq) DO NOTHING`,
		r.epochNo, int64(r.key.Seq), r.state, r.digest[:], hash, prev, micros(r.receivedAt), blob(r.bytes))
	return n == 1, err
}

// blob keeps nothing apart from NULL: an empty message is a message.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (t *sqliteTx) rawAt(epochNo int64, seq uint64, withBytes bool) (rawRow, bool, error) {
	q := `SELECT arrival, state, digest, hash, prev, received_at, NULL FROM raw_event WHERE epoch_no = ? AND seq = ?`
	if withBytes {
		q = `SELECT arrival, state, digest, hash, prev, received_at, bytes FROM raw_event WHERE epoch_no = ? AND seq = ?`
	}
	r := rawRow{epochNo: epochNo}
	r.key.Seq = seq
	var digest, hash, prev []byte
	var at int64
	ok, err := t.row(q, []any{epochNo, int64(seq)}, &r.arrival, &r.state, &digest, &hash, &prev, &at, &r.bytes)
	copy(r.digest[:], digest)
	copy(r.hash[:], hash)
	copy(r.prev[:], prev)
	r.receivedAt = fromMicros(at)
	return r, ok, err
}

func (t *sqliteTx) deleteRaw(arrival int64) error {
	_, err := t.exec(`DELETE FROM raw_event WHERE arrival = ?`, arrival)
	return err
}

func (t *sqliteTx) learn(arrival int64) error {
	_, err := t.exec(`UPDATE raw_event SET state = 'ok' WHERE arrival = ?`, arrival)
	return err
}

func (t *sqliteTx) runEnd(epochNo int64, from uint64) (uint64, error) {
	end := from
	s, err := t.stmt(`SELECT seq FROM raw_event WHERE epoch_no = ? AND seq > ? ORDER BY seq`)
	if err != nil {
		return 0, err
	}
	rs, err := s.QueryContext(context.Background(), epochNo, int64(from))
	if err != nil {
		return 0, err
	}
	defer rs.Close()
	for rs.Next() {
		var seq uint64
		if err := rs.Scan(&seq); err != nil {
			return 0, err
		}
		if seq != end+1 {
			break
		}
		end = seq
	}
	return end, rs.Err()
}

func (t *sqliteTx) rawAfter(arrival int64, limit int) (out []rawRow, err error) {
	err = t.rows(`SELECT r.arrival, r.epoch_no, e.station, e.epoch, r.seq, r.state, r.digest, r.hash, r.prev, r.received_at, r.bytes
		FROM raw_event r JOIN epoch e ON e.no = r.epoch_no WHERE r.arrival > ? ORDER BY r.arrival LIMIT ?`,
		[]any{arrival, limit}, func(rs *sql.Rows) error {
			r, err := scanRaw(rs)
			out = append(out, r)
			return err
		})
	return out, err
}

func scanRaw(rs *sql.Rows) (rawRow, error) {
	var r rawRow
	var epoch, digest, hash, prev sql.RawBytes
	var at int64
	err := rs.Scan(&r.arrival, &r.epochNo, &r.key.Station, &epoch, &r.key.Seq, &r.state, &digest, &hash, &prev, &at, &r.bytes)
	copy(r.key.Epoch[:], epoch)
	copy(r.digest[:], digest)
	copy(r.hash[:], hash)
	copy(r.prev[:], prev)
	r.receivedAt = fromMicros(at)
	return r, err
}

func (t *sqliteTx) maxArrival() (n int64, err error) {
	_, err = t.row(`SELECT coalesce(max(arrival), 0) FROM raw_event`, nil, &n)
	return n, err
}

func (t *sqliteTx) quarantined(key border.Key, digest border.Digest) (bool, error) {
	var n int
	_, err := t.row(`SELECT count(*) FROM quarantine WHERE station = ? AND epoch = ? AND seq = ? AND digest = ?`,
		[]any{string(key.Station), key.Epoch[:], int64(key.Seq), digest[:]}, &n)
	return n > 0, err
}

func (t *sqliteTx) quarantine(r quarantineRow) error {
	k := r.key
	n, err := t.exec(`INSERT INTO quarantine (station, epoch, seq, digest, reason, received_at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (station, epoch, seq, digest) DO NOTHING`,
		string(k.Station), k.Epoch[:], int64(k.Seq), r.digest[:], r.reason, micros(r.receivedAt), blob(r.bytes))
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(`INSERT INTO quarantine_size (station, messages, bytes, beyond) VALUES (?1, 1, ?2, 0)
		ON CONFLICT (station) DO UPDATE SET messages = messages + 1, bytes = bytes + ?2`, string(k.Station), len(r.bytes))
	return err
}

func (t *sqliteTx) quarantineSize(station border.StationID) (messages, bytes int64, err error) {
	_, err = t.row(`SELECT messages, bytes FROM quarantine_size WHERE station = ?`, []any{string(station)}, &messages, &bytes)
	return messages, bytes, err
}

func (t *sqliteTx) quarantineBeyond(station border.StationID) error {
	_, err := t.exec(`INSERT INTO quarantine_size (station, messages, bytes, beyond) VALUES (?, 0, 0, 1)
		ON CONFLICT (station) DO UPDATE SET beyond = beyond + 1`, string(station))
	return err
}
