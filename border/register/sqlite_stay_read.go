package register

import (
	"context"
	"database/sql"
	"time"

	"garita/border"
)

const staySelect = `SELECT s.document, s.at, coalesce(s.exit_at, 0), s.state, s.certain, s.paired, s.until, s.born, s.sex,
	e.crossing, e.post, e.occurred_at, e.local_date, e.category, e.nationality, e.purpose, e.clock_state,
	x.crossing, x.post, x.occurred_at, x.local_date, x.category, x.nationality, x.purpose, x.clock_state
	FROM stay s LEFT JOIN crossing e ON e.crossing = s.entry_crossing LEFT JOIN crossing x ON x.crossing = s.exit_crossing `

func (r sqliteReader) stays(ctx context.Context, f StayFilter, limit int) ([]Stay, error) {
	const chosen = `WHERE (?1 = '' OR s.state = ?1) AND (?2 = '' OR e.post = ?2 OR x.post = ?2) `
	if f.OverstayOn != "" {
		return r.stayRows(ctx, staySelect+`WHERE s.state = 'inside' AND s.until > '' AND s.until < ?3 AND (?2 = '' OR e.post = ?2) AND (?1 = '' OR s.state = ?1)
			ORDER BY s.until, s.at, s.document LIMIT ?4`, f.State, string(f.Post), f.OverstayOn, limit)
	}
	return r.stayRows(ctx, staySelect+chosen+`ORDER BY s.at DESC, s.document LIMIT ?4`, f.State, string(f.Post), "", limit)
}

func (r sqliteReader) stayOf(ctx context.Context, crossing border.ID) (Stay, bool, error) {
	for _, where := range []string{`WHERE s.entry_crossing = ?1`, `WHERE s.exit_crossing = ?1`} {
		all, err := r.stayRows(ctx, staySelect+where, crossing[:])
		if err != nil {
			return Stay{}, false, err
		}
		if len(all) > 0 {
			return all[0], true, nil
		}
	}
	return Stay{}, false, nil
}

// side is one crossing of a joined row, or none.
type side struct {
	crossing                                    []byte
	post, day, category, nation, purpose, clock sql.NullString
	at                                          sql.NullInt64
}

func (s *side) dest() []any {
	return []any{&s.crossing, &s.post, &s.at, &s.day, &s.category, &s.nation, &s.purpose, &s.clock}
}

func (s *side) movement() *Movement {
	if s.crossing == nil {
		return nil
	}
	m := &Movement{Post: border.PostID(s.post.String), OccurredAt: fromMicros(s.at.Int64), Day: s.day.String, Category: s.category.String,
		Nationality: s.nation.String, Purpose: s.purpose.String}
	copy(m.Crossing[:], s.crossing)
	if m.Day == "" {
		m.Day = m.OccurredAt.Format(time.DateOnly)
	}
	return m
}

func (s *side) untrusted() bool { return s.crossing != nil && !trusted(s.clock.String) }

func (r sqliteReader) stayRows(ctx context.Context, q string, args ...any) ([]Stay, error) {
	out := []Stay{}
	err := r.rows(ctx, q, args, func(rs *sql.Rows) error {
		s := Stay{Doubts: []string{}}
		var entry, exit side
		var document, born []byte
		var certain bool
		dest := append([]any{&document, &s.at, &s.exitAt, &s.State, &certain, &s.Paired, &s.Until, &born, &s.sex}, entry.dest()...)
		err := rs.Scan(append(dest, exit.dest()...)...)
		copy(s.document[:], document)
		s.born, s.Entry, s.Exit = blindOf(born), entry.movement(), exit.movement()
		if !certain {
			doubt := DoubtClock
			if s.State == stayClosed && !entry.untrusted() && !exit.untrusted() {
				doubt = DoubtLink
			}
			s.Doubts = append(s.Doubts, doubt)
		}
		out = append(out, s)
		return err
	})
	return out, err
}

// compatible reads: sexes that may be of one person.
const compatible = `(sex = ?3 OR sex IN ('', 'X') OR ?3 IN ('', 'X'))`

// doubts asks other documents. Somebody may have left on another document under another name:
// whoever was born on the same day, or on a day that is not known, and left without a known
// entry may be this person; so may whoever's stay overlaps this one, for two documents of one
// person that are used in turn pair crosswise.
func (r sqliteReader) doubts(ctx context.Context, s *Stay) error {
	switch s.State {
	case stayInside:
		return r.insideDoubts(ctx, s)
	case stayClosed:
		return r.closedDoubts(ctx, s)
	}
	return nil
}

func (r sqliteReader) insideDoubts(ctx context.Context, s *Stay) error {
	from := s.at - drift.Microseconds()
	for _, q := range []struct {
		doubt string
		sql   string
	}{
		{DoubtProposal, `SELECT EXISTS (SELECT 1 FROM proposal WHERE entry_crossing = ?4)`},
		{DoubtPossibleExit, `SELECT EXISTS (SELECT 1 FROM stay WHERE born = ?1 AND state = 'entry_unknown' AND (at >= ?2 OR certain = 0) AND ` + compatible + ` AND document <> ?5)
			OR EXISTS (SELECT 1 FROM stay WHERE born IS NULL AND state = 'entry_unknown' AND (at >= ?2 OR certain = 0) AND ` + compatible + ` AND document <> ?5)
			OR ?1 IS NULL AND EXISTS (SELECT 1 FROM stay WHERE state = 'entry_unknown' AND (at >= ?2 OR certain = 0) AND ` + compatible + ` AND document <> ?5)
			OR EXISTS (SELECT 1 FROM stay WHERE born = ?1 AND state = 'closed' AND (at < ?2 + 1200000000 AND exit_at >= ?2 OR certain = 0) AND ` + compatible + ` AND document <> ?5)
			OR EXISTS (SELECT 1 FROM stay WHERE born IS NULL AND state = 'closed' AND (at < ?2 + 1200000000 AND exit_at >= ?2 OR certain = 0) AND ` + compatible + ` AND document <> ?5)`},
		{DoubtNoKey, `SELECT EXISTS (SELECT 1 FROM crossing WHERE part <> 'open' AND direction = 'exit' AND outcome = 'departed'
			AND (occurred_at >= ?2 OR clock_state NOT IN ('synced', 'holdover')))`},
	} {
		var yes bool
		var entry []byte
		if s.Entry != nil {
			entry = s.Entry.Crossing[:]
		}
		if err := r.tx.QueryRowContext(ctx, q.sql, blindBlob(s.born), from, s.sex, entry, s.document[:]).Scan(&yes); err != nil {
			return err
		}
		if yes {
			s.Doubts = append(s.Doubts, q.doubt)
		}
	}
	return nil
}

// closedDoubts: a pair by one document is in doubt if somebody of the same birth date moved in
// between without the other half, or if a stay of theirs overlaps this one in part.
func (r sqliteReader) closedDoubts(ctx context.Context, s *Stay) error {
	if s.Paired != pairedByDocument {
		return nil
	}
	var yes bool
	err := r.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM stay WHERE born = ?1 AND state <> 'closed' AND at BETWEEN ?2 AND ?4 AND `+compatible+` AND document <> ?5)
		OR EXISTS (SELECT 1 FROM stay WHERE born = ?1 AND state = 'closed' AND `+compatible+` AND document <> ?5
			AND (at < ?2 AND exit_at BETWEEN ?2 AND ?4 OR at BETWEEN ?2 AND ?4 AND exit_at > ?4))`,
		blindBlob(s.born), s.at-drift.Microseconds(), s.sex, s.exitAt+drift.Microseconds(), s.document[:]).Scan(&yes)
	if yes {
		s.Doubts = append(s.Doubts, DoubtPossibleExit)
	}
	return err
}

// inside counts with the doubts that can be counted in one pass: clocks, and exits without
// entry of the same birth date.
func (r sqliteReader) inside(ctx context.Context) (i Inside, err error) {
	var doubted int64
	err = r.tx.QueryRowContext(ctx, `SELECT coalesce(sum(certain = 1), 0), coalesce(sum(certain = 0), 0)
		FROM stay WHERE state = 'inside'`).Scan(&i.Certain, &i.Uncertain)
	if err != nil {
		return i, err
	}
	err = r.tx.QueryRowContext(ctx, `SELECT count(DISTINCT s.entry_crossing) FROM stay x JOIN stay s
		ON s.born = x.born AND s.state = 'inside' AND s.certain = 1 AND s.document <> x.document AND s.at <= x.at + ?
		WHERE x.state = 'entry_unknown'`, drift.Microseconds()).Scan(&doubted)
	i.Certain, i.Uncertain = i.Certain-doubted, i.Uncertain+doubted
	return i, err
}

func (r sqliteReader) proposals(ctx context.Context, limit int) ([]Proposal, error) {
	out := []Proposal{}
	err := r.rows(ctx, `SELECT p.score,
		e.crossing, e.post, e.occurred_at, e.local_date, e.category, e.nationality, e.purpose, e.clock_state,
		x.crossing, x.post, x.occurred_at, x.local_date, x.category, x.nationality, x.purpose, x.clock_state
		FROM proposal p JOIN crossing e ON e.crossing = p.entry_crossing JOIN crossing x ON x.crossing = p.exit_crossing
		ORDER BY p.score DESC, p.entry_crossing, p.exit_crossing LIMIT ?`, []any{limit}, func(rs *sql.Rows) error {
		var p Proposal
		var entry, exit side
		err := rs.Scan(append(append([]any{&p.Score}, entry.dest()...), exit.dest()...)...)
		if e, x := entry.movement(), exit.movement(); e != nil && x != nil {
			p.Entry, p.Exit = *e, *x
		}
		out = append(out, p)
		return err
	})
	return out, err
}

func (r sqliteReader) incomplete(ctx context.Context, now time.Time) (out []time.Time, err error) {
	err = r.rows(ctx, `SELECT coalesce(s.complete_at, s.greeted_at, s.event_at, 0) FROM station s
		WHERE s.backlog > 0 OR s.complete_at IS NULL OR max(coalesce(s.greeted_at, 0), coalesce(s.event_at, 0)) < ?
		OR EXISTS (SELECT 1 FROM epoch e WHERE e.station = s.station AND e.held < max(e.highest, e.announced))`,
		[]any{micros(now.Add(-lateAfter))}, func(rs *sql.Rows) error {
			var at int64
			err := rs.Scan(&at)
			out = append(out, fromMicros(at))
			return err
		})
	return out, err
}
