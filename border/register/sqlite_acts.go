package register

import (
	"context"
	"database/sql"

	"garita/border"
)

func (t *sqliteTx) putAct(arrival int64, station border.StationID, h *border.Header) error {
	_, err := t.exec(`INSERT INTO act (arrival, station, action, result, officer, second, occurred_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (arrival) DO NOTHING`, arrival, string(station), text(h.Act.Action), text(string(h.Act.Result)), text(h.Officer), text(h.Second), micros(h.OccurredAt))
	return err
}

func (r sqliteReader) acts(ctx context.Context, f ActFilter, before int64, limit int) (out []rawRow, err error) {
	q := `SELECT r.arrival, r.epoch_no, e.station, e.epoch, r.seq, r.state, r.digest, r.hash, r.prev, r.received_at, r.bytes
		FROM act a JOIN raw_event r USING (arrival) JOIN epoch e ON e.no = r.epoch_no WHERE a.arrival < ?`
	args := []any{before}
	for _, c := range []struct {
		with bool
		sql  string
		args []any
	}{
		{f.Station != "", ` AND a.station = ?`, []any{string(f.Station)}},
		{f.Action != "", ` AND a.action = ?`, []any{f.Action}},
		{f.Result != "", ` AND a.result = ?`, []any{string(f.Result)}},
		{f.Officer != "", ` AND (a.officer = ? OR a.second = ?)`, []any{f.Officer, f.Officer}},
		{!f.From.IsZero(), ` AND a.occurred_at >= ?`, []any{micros(f.From)}},
		{!f.To.IsZero(), ` AND a.occurred_at < ?`, []any{micros(f.To)}},
	} {
		if c.with {
			q, args = q+c.sql, append(args, c.args...)
		}
	}
	err = r.rows(ctx, q+` ORDER BY a.arrival DESC LIMIT ?`, append(args, limit), func(rs *sql.Rows) error {
		row, err := scanRaw(rs)
		out = append(out, row)
		return err
	})
	return out, err
}

func (r sqliteReader) logs(ctx context.Context) (out []Log, err error) {
	err = r.rows(ctx, `SELECT e.station, e.epoch, e.held, coalesce(l.size, 0), coalesce(l.at, 0),
			coalesce((SELECT kind FROM alarm a WHERE a.kind IN ('log_forked', 'log_rolled_back') AND a.station = e.station
				AND a.acknowledged_at IS NULL ORDER BY a.kind LIMIT 1), '')
		FROM epoch e LEFT JOIN log l ON l.epoch_no = e.no
		WHERE e.no = (SELECT max(no) FROM epoch AS other WHERE other.station = e.station) ORDER BY e.station`, nil, func(rs *sql.Rows) error {
		var l Log
		var epoch sql.RawBytes
		var at int64
		err := rs.Scan(&l.Station, &epoch, &l.Held, &l.Cosigned, &at, &l.Trouble)
		copy(l.Epoch[:], epoch)
		if at > 0 {
			l.At = fromMicros(at)
		}
		out = append(out, l)
		return err
	})
	return out, err
}
