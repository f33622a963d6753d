package register

import (
	"context"
	"database/sql"
	"time"

	"garita/border"
)

func (t *sqliteTx) addReview(v *Review) (fresh bool, err error) {
	var crossing []byte
	if v.Crossing != nil {
		crossing = v.Crossing[:]
	}
	var n int64
	_, err = t.row(`INSERT INTO review (id, kind, station, post, action, officer, counter, subject, crossing, occurred_at, last_at, n)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
		ON CONFLICT (id) DO UPDATE SET n = n + 1, last_at = max(last_at, excluded.last_at),
			(subject, crossing, post, counter) = (SELECT excluded.subject, excluded.crossing, excluded.post, excluded.counter
				WHERE (excluded.occurred_at, excluded.subject) < (review.occurred_at, review.subject)
				UNION ALL SELECT review.subject, review.crossing, review.post, review.counter LIMIT 1),
			occurred_at = min(occurred_at, excluded.occurred_at)
		RETURNING n`,
		[]any{v.ID, string(v.Kind), string(v.Station), string(v.Post), v.Action, v.Officer, string(v.Counter), v.Event, crossing,
			micros(v.OccurredAt), micros(v.LastAt)}, &n)
	return n == 1, err
}

func (t *sqliteTx) review(id string) (officer, decided string, ok bool, err error) {
	ok, err = t.row(`SELECT v.officer, coalesce(d.verdict, '') FROM review v LEFT JOIN review_verdict d USING (id) WHERE v.id = ?`,
		[]any{id}, &officer, &decided)
	return officer, decided, ok, err
}

func (t *sqliteTx) putVerdict(id, verdict, by string, at time.Time) error {
	_, err := t.exec(`INSERT INTO review_verdict (id, verdict, by, at) VALUES (?, ?, ?, ?)`, id, verdict, by, micros(at))
	return err
}

func (r sqliteReader) reviews(ctx context.Context, decided bool, limit int) (out []Review, err error) {
	q := `SELECT v.id, v.kind, v.station, v.post, v.action, v.officer, v.counter, v.subject, v.crossing, v.occurred_at, v.last_at, v.n,
		coalesce(d.verdict, ''), coalesce(d.by, ''), d.at FROM review v LEFT JOIN review_verdict d USING (id) `
	if decided {
		q += `WHERE d.id IS NOT NULL ORDER BY d.at DESC, v.id LIMIT ?`
	} else {
		q += `WHERE d.id IS NULL ORDER BY v.occurred_at, v.id LIMIT ?`
	}
	err = r.rows(ctx, q, []any{limit}, func(rs *sql.Rows) error {
		var v Review
		var crossing []byte
		var first, last int64
		var at sql.NullInt64
		if err := rs.Scan(&v.ID, &v.Kind, &v.Station, &v.Post, &v.Action, &v.Officer, &v.Counter, &v.Event, &crossing, &first, &last, &v.Events,
			&v.Verdict, &v.By, &at); err != nil {
			return err
		}
		if len(crossing) == len(border.ID{}) {
			id := border.ID(crossing)
			v.Crossing = &id
		}
		v.OccurredAt, v.LastAt = fromMicros(first), fromMicros(last)
		if at.Valid {
			t := fromMicros(at.Int64)
			v.DecidedAt = &t
		}
		out = append(out, v)
		return nil
	})
	return out, err
}
