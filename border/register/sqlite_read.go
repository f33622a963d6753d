package register

import (
	"context"
	"database/sql"
	"time"

	"garita/border"
)

// sqliteReader is one reading transaction: all its queries see the same state.
type sqliteReader struct{ tx *sql.Tx }

func (r sqliteReader) rows(ctx context.Context, q string, args []any, scan func(*sql.Rows) error) error {
	rs, err := r.tx.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	return each(rs, scan)
}

func (r sqliteReader) holdings(ctx context.Context, station border.StationID, offset, limit int) (out []border.Holding, err error) {
	err = r.rows(ctx, `SELECT epoch, held, highest, announced FROM epoch WHERE station = ? ORDER BY no LIMIT ? OFFSET ?`,
		[]any{string(station), limit, offset}, func(rs *sql.Rows) error {
			var h border.Holding
			var epoch sql.RawBytes
			err := rs.Scan(&epoch, &h.Held, &h.Highest, &h.Announced)
			copy(h.Epoch[:], epoch)
			out = append(out, h)
			return err
		})
	return out, err
}

func (r sqliteReader) countEpochs(ctx context.Context, station border.StationID) (n int, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT count(*) FROM epoch WHERE station = ?`, string(station)).Scan(&n)
	return n, err
}

func (r sqliteReader) events(ctx context.Context, station border.StationID, epoch border.Epoch, after uint64, limit, size int) (out []rawRow, err error) {
	rs, err := r.tx.QueryContext(ctx, `SELECT r.arrival, r.epoch_no, e.station, e.epoch, r.seq, r.state, r.digest, r.hash, r.prev, r.received_at, r.bytes
		FROM raw_event r JOIN epoch e ON e.no = r.epoch_no WHERE e.station = ? AND e.epoch = ? AND r.seq > ? ORDER BY r.seq LIMIT ?`,
		string(station), epoch[:], number(after), limit)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	for rs.Next() {
		row, err := scanRaw(rs)
		if err != nil {
			return nil, err
		}
		size -= len(row.bytes)
		if row.key.Seq != after+1 || size < 0 && len(out) > 0 {
			break
		}
		after = row.key.Seq
		out = append(out, row)
	}
	return out, rs.Err()
}

const pastColumns = `crossing, station, post, occurred_at, direction, outcome, clock_state, local_date, category, purpose, residence,
	ground, days_granted, permitted_until`

func (r sqliteReader) ask(ctx context.Context, q border.DocumentQuestion) (out []border.PastCrossing, err error) {
	return r.past(ctx, `SELECT `+pastColumns+` FROM crossing WHERE document = ? AND station <> ?
		ORDER BY occurred_at DESC, station DESC, epoch DESC, seq DESC LIMIT ?`, q.Blind[:], string(q.Station), q.Limit)
}

func (r sqliteReader) askPerson(ctx context.Context, q border.DocumentQuestion) (out []border.PastCrossing, err error) {
	if q.Person == nil {
		return nil, nil
	}
	return r.past(ctx, `SELECT `+pastColumns+` FROM crossing WHERE person = ? AND document <> ? AND station <> ?
		AND NOT EXISTS (SELECT 1 FROM restricted WHERE blind = document)
		ORDER BY occurred_at DESC, station DESC, epoch DESC, seq DESC LIMIT ?`, q.Person[:], q.Blind[:], string(q.Station), q.Limit)
}

func (r sqliteReader) past(ctx context.Context, query string, args ...any) (out []border.PastCrossing, err error) {
	err = r.rows(ctx, query, args, func(rs *sql.Rows) error {
		var c border.PastCrossing
		var id sql.RawBytes
		var at int64
		err := rs.Scan(&id, &c.Station, &c.Post, &at, &c.Direction, &c.Outcome, &c.ClockState, &c.LocalDate, &c.Category, &c.Purpose,
			&c.Residence, &c.Ground, &c.DaysGranted, &c.PermittedUntil)
		copy(c.Crossing[:], id)
		c.OccurredAt = fromMicros(at)
		out = append(out, c)
		return err
	})
	return out, err
}

func (r sqliteReader) crossings(ctx context.Context, after int64, limit int) ([]Crossing, error) {
	return r.crossingRows(ctx, `SELECT `+crossingColumns+` FROM crossing WHERE arrival > ? ORDER BY arrival LIMIT ?`, after, limit)
}

func (r sqliteReader) latest(ctx context.Context, limit int) ([]Crossing, error) {
	return r.crossingRows(ctx, `SELECT `+crossingColumns+` FROM crossing ORDER BY arrival DESC LIMIT ?`, limit)
}

func (r sqliteReader) crossing(ctx context.Context, id border.ID) (Crossing, bool, error) {
	cs, err := r.crossingRows(ctx, `SELECT `+crossingColumns+` FROM crossing WHERE crossing = ?`, id[:])
	if err != nil || len(cs) == 0 {
		return Crossing{}, false, err
	}
	return cs[0], true, nil
}

func (r sqliteReader) crossingRows(ctx context.Context, q string, args ...any) ([]Crossing, error) {
	out := []Crossing{}
	err := r.rows(ctx, q, args, func(rs *sql.Rows) error {
		var c Crossing
		err := scanCrossing(rs, &c)
		out = append(out, c)
		return err
	})
	return out, err
}

func (r sqliteReader) stations(ctx context.Context) ([]Station, error) {
	out := []Station{}
	err := r.rows(ctx, `SELECT s.station, s.post, s.zone, s.software, s.greeted_at, s.event_at, s.offset_ms, s.clock_state,
			s.clock_age_s, s.clock_offset_ms, s.clock_reason, s.head_epoch, s.head_seq, s.backlog, s.generation, s.complete_at, s.health,
			count(e.no), coalesce(sum(e.held), 0), coalesce(sum(max(e.highest, e.announced) - e.held), 0),
			(SELECT count(*) FROM alarm a WHERE a.station = s.station AND a.acknowledged_at IS NULL)
		FROM station s LEFT JOIN epoch e ON e.station = s.station GROUP BY s.station ORDER BY s.station`, nil,
		func(rs *sql.Rows) error {
			var s Station
			var head []byte
			var greeted, event, complete sql.NullInt64
			var health string
			err := rs.Scan(&s.Station, &s.Post, &s.Zone, &s.Software, &greeted, &event, &s.OffsetMS, &s.Clock.State,
				&s.Clock.AgeS, &s.Clock.OffsetMS, &s.Clock.Reason, &head, &s.Head.Seq, &s.Backlog, &s.Generation, &complete, &health,
				&s.Epochs, &s.Held, &s.Missing, &s.Alarms)
			copy(s.Head.Epoch[:], head)
			s.Health = healthOf(health)
			s.GreetedAt, s.EventAt, s.CompleteAt = nullTime(greeted), nullTime(event), nullTime(complete)
			s.LastSeen = s.GreetedAt
			if s.EventAt.After(s.LastSeen) {
				s.LastSeen = s.EventAt
			}
			s.Lists = []border.ListReport{}
			out = append(out, s)
			return err
		})
	if err != nil {
		return nil, err
	}
	at := 0 // both are by station
	err = r.rows(ctx, listColumns+`ORDER BY station, list`, nil, func(rs *sql.Rows) error {
		station, report, err := scanList(rs)
		for at < len(out) && out[at].Station < station {
			at++
		}
		if at < len(out) && out[at].Station == station {
			out[at].Lists = append(out[at].Lists, report)
		}
		return err
	})
	return out, err
}

func nullTime(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return fromMicros(n.Int64)
}

func (r sqliteReader) alarms(ctx context.Context, limit int) ([]Alarm, error) {
	out := []Alarm{}
	err := r.rows(ctx, `SELECT id, kind, station, subject, detail, count, opened_at, last_at, acknowledged_at FROM alarm
		ORDER BY acknowledged_at IS NOT NULL, last_at DESC, id DESC LIMIT ?`, []any{limit}, func(rs *sql.Rows) error {
		var a Alarm
		var opened, last int64
		var acknowledged sql.NullInt64
		err := rs.Scan(&a.ID, &a.Kind, &a.Station, &a.Subject, &a.Detail, &a.Count, &opened, &last, &acknowledged)
		a.OpenedAt, a.LastAt = fromMicros(opened), fromMicros(last)
		if acknowledged.Valid {
			at := fromMicros(acknowledged.Int64)
			a.Acknowledged = &at
		}
		out = append(out, a)
		return err
	})
	return out, err
}

func (r sqliteReader) counts(ctx context.Context) (c Counts, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT
		(SELECT value FROM meta WHERE name = 'crossings'),
		(SELECT value FROM meta WHERE name = 'duplicates'),
		(SELECT coalesce(sum(messages), 0) FROM quarantine_size),
		(SELECT coalesce(sum(beyond), 0) FROM quarantine_size),
		(SELECT count(*) FROM raw_event WHERE state <> 'ok' AND state = 'malformed'),
		(SELECT count(*) FROM raw_event WHERE state <> 'ok' AND state = 'unknown_type'),
		(SELECT count(*) FROM pending),
		(SELECT value FROM meta WHERE name = 'inside'),
		(SELECT value FROM meta WHERE name = 'inside_uncertain'),
		(SELECT count(*) FROM alarm WHERE acknowledged_at IS NULL),
		(SELECT value FROM meta WHERE name = 'generation'),
		(SELECT count(*) FROM raw_event WHERE arrival > (SELECT value FROM meta WHERE name = 'projection_cursor'))`).Scan(
		&c.Crossings, &c.DuplicatesSuppressed, &c.Quarantined, &c.BeyondQuarantine, &c.Malformed, &c.UnknownTypes, &c.Waiting,
		&c.Inside, &c.InsideUncertain, &c.Alarms, &c.Generation, &c.ProjectionLag)
	return c, err
}

func (r sqliteReader) flows(ctx context.Context, from, to time.Time) ([]Flow, error) {
	out := []Flow{}
	err := r.rows(ctx, `SELECT bucket, post, direction, outcome, trusted, n FROM flow WHERE bucket >= ? AND bucket < ?
		ORDER BY bucket, post, direction, outcome, trusted LIMIT 100000`, []any{bucketOf(from), bucketOf(to)},
		func(rs *sql.Rows) error {
			var f Flow
			var bucket int64
			err := rs.Scan(&bucket, &f.Post, &f.Direction, &f.Outcome, &f.Trusted, &f.N)
			f.From = time.Unix(bucket*bucketSeconds, 0).UTC()
			out = append(out, f)
			return err
		})
	return out, err
}
