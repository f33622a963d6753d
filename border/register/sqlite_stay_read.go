package register

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"garita/border"
)

const staySelect = `SELECT s.document, s.at, coalesce(s.exit_at, 0), s.state, s.doubt, s.paired, s.until, s.born, s.full_date, s.birth_year, s.sex,
	e.crossing, e.post, e.occurred_at, e.local_date, e.category, e.nationality, e.purpose,
	x.crossing, x.post, x.occurred_at, x.local_date, x.category, x.nationality, x.purpose
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
	// The stay is one of the crossing's own document, or of the entry that it names.
	all, err := r.stayRows(ctx, staySelect+`WHERE s.document IN (SELECT document FROM crossing WHERE crossing = ?1
		UNION SELECT entry_document FROM link WHERE exit_crossing = ?1) AND (s.entry_crossing = ?1 OR s.exit_crossing = ?1)`, crossing[:])
	if err != nil || len(all) == 0 {
		return Stay{}, false, err
	}
	return all[0], true, nil
}

// side is one crossing of a joined row, or none.
type side struct {
	crossing                             []byte
	post, day, category, nation, purpose sql.NullString
	at                                   sql.NullInt64
}

func (s *side) dest() []any {
	return []any{&s.crossing, &s.post, &s.at, &s.day, &s.category, &s.nation, &s.purpose}
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

func (r sqliteReader) stayRows(ctx context.Context, q string, args ...any) ([]Stay, error) {
	out := []Stay{}
	err := r.rows(ctx, q, args, func(rs *sql.Rows) error {
		s := Stay{Doubts: []string{}}
		var entry, exit side
		var document, born []byte
		var doubt string
		dest := append([]any{&document, &s.at, &s.exitAt, &s.State, &doubt, &s.Paired, &s.Until, &born, &s.full, &s.birthYear, &s.sex}, entry.dest()...)
		err := rs.Scan(append(dest, exit.dest()...)...)
		copy(s.document[:], document)
		s.born, s.Entry, s.Exit = blindOf(born), entry.movement(), exit.movement()
		s.Doubts = append(s.Doubts, strings.Fields(doubt)...)
		out = append(out, s)
		return err
	})
	return out, err
}

// The questions that doubt a stay. Somebody may have left on another document under another
// name: whoever left without a known entry may be this person, and so may whoever's stay
// spans this entry, for two documents of one person that are used in turn pair crosswise. A
// pair by one document is in doubt if somebody moved in between without the other half, or if
// their stay overlaps it in part. ?5 and ?6 are the beginning and the end, less and plus the
// drift of clocks.
var (
	possibleExit = []string{`state = 'entry_unknown' AND (at >= ?5 OR certain = 0)`, `state = 'closed' AND (at <= ?6 AND exit_at >= ?5 OR certain = 0)`}
	crossed      = []string{`state IN ('inside', 'exit_unknown', 'entry_unknown') AND (at BETWEEN ?5 AND ?6 OR certain = 0)`,
		`state = 'closed' AND (at < ?5 AND exit_at BETWEEN ?5 AND ?6 OR at BETWEEN ?5 AND ?6 AND exit_at > ?6 OR certain = 0)`}
)

// alike chooses who may be the person of an open stay: born on the same day, or where one of
// the two birth dates is not a full one in the same year. Each form has an index; ?1 is the
// birth date, ?2 the year.
func (s *Stay) alike() []string {
	switch {
	case s.full && s.birthYear != 0:
		return []string{`born = ?1`, `birth_year = ?2 AND full_date = 0`, `birth_year = 0 AND full_date = 0`}
	case s.full:
		return []string{`born = ?1`, `full_date = 0`}
	case s.birthYear != 0:
		return []string{`birth_year = ?2`, `birth_year = 0`}
	}
	return []string{`true`}
}

// question joins people and conditions: anybody of them, on another document, and of a sex that
// does not contradict. ?3 is the sex, ?4 the document.
func question(people, conditions []string) string {
	var all []string
	for _, who := range people {
		for _, c := range conditions {
			all = append(all, `EXISTS (SELECT 1 FROM stay WHERE `+who+` AND `+c+` AND (sex = ?3 OR sex IN ('', 'X') OR ?3 IN ('', 'X')) AND document <> ?4)`)
		}
	}
	return `SELECT ` + strings.Join(all, ` OR `) + `, ?1, ?2, ?5, ?6`
}

func (r sqliteReader) doubts(ctx context.Context, s *Stay) error {
	switch {
	case s.State == stayInside:
		return r.insideDoubts(ctx, s)
	case s.State == stayClosed && s.Paired == pairedByDocument:
		// A pair by one document stands unless somebody with the very same birth date crossed it:
		// who might only be the same person would leave no pair standing in a large country.
		return r.doubt(ctx, s, DoubtPossibleExit, question([]string{`born = ?1`}, crossed), s.exitAt)
	}
	return nil
}

// doubt puts one question about a stay that ends at a time.
func (r sqliteReader) doubt(ctx context.Context, s *Stay, doubt, question string, end int64) error {
	var yes bool
	var unused any // every number is used, whichever conditions there are
	err := r.tx.QueryRowContext(ctx, question, blindBlob(s.born), s.birthYear, s.sex, s.document[:],
		s.at-drift.Microseconds(), end+drift.Microseconds()).Scan(&yes, &unused, &unused, &unused, &unused)
	if yes {
		s.Doubts = append(s.Doubts, doubt)
	}
	return err
}

func (r sqliteReader) insideDoubts(ctx context.Context, s *Stay) error {
	if err := r.doubt(ctx, s, DoubtPossibleExit, question(s.alike(), possibleExit), s.at); err != nil {
		return err
	}
	var proposed, unread bool
	err := r.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM proposal WHERE entry_crossing = ?1), EXISTS (SELECT 1 FROM crossing
		WHERE part <> 'open' AND direction = 'exit' AND outcome = 'departed' AND (occurred_at >= ?2 OR clock_state NOT IN ('synced', 'holdover')))`,
		s.Entry.Crossing[:], s.at-drift.Microseconds()).Scan(&proposed, &unread)
	if proposed {
		s.Doubts = append(s.Doubts, DoubtProposal)
	}
	if unread {
		s.Doubts = append(s.Doubts, DoubtNoKey)
	}
	return err
}

// inside counts with the doubts that can be counted in one pass: clocks, and exits without
// entry of the same birth date.
func (r sqliteReader) inside(ctx context.Context) (i Inside, err error) {
	var doubted int64
	err = r.tx.QueryRowContext(ctx, `SELECT (SELECT value FROM meta WHERE name = 'inside'),
		(SELECT value FROM meta WHERE name = 'inside_uncertain')`).Scan(&i.Certain, &i.Uncertain)
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
		e.crossing, e.post, e.occurred_at, e.local_date, e.category, e.nationality, e.purpose,
		x.crossing, x.post, x.occurred_at, x.local_date, x.category, x.nationality, x.purpose
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

func (r sqliteReader) incomplete(ctx context.Context, now time.Time) (out []lateStation, err error) {
	// A message may have lain on the way for days: only a hello says that a station is heard.
	err = r.rows(ctx, `SELECT coalesce(s.complete_at, 0), coalesce(s.complete_at, (SELECT r.received_at FROM epoch e
			JOIN raw_event r ON r.epoch_no = e.no WHERE e.station = s.station ORDER BY e.no, r.seq LIMIT 1), s.greeted_at, 0)
		FROM station s WHERE s.backlog > 0 OR coalesce(s.complete_at, 0) < ?
		OR EXISTS (SELECT 1 FROM epoch e WHERE e.station = s.station AND e.held < max(e.highest, e.announced))`,
		[]any{micros(now.Add(-lateAfter))}, func(rs *sql.Rows) error {
			var complete, since int64
			err := rs.Scan(&complete, &since)
			out = append(out, lateStation{fromMicros(complete), fromMicros(since)})
			return err
		})
	return out, err
}
