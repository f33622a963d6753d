package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"garita/border"
	"garita/border/flows"
)

func (t *sqliteTx) addCount(k countKey, n int64) error {
	_, err := t.exec(`INSERT INTO flow_count (period, post, dimension, direction, outcome, code, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT DO UPDATE SET n = n + ?7`, k.period, string(k.post), string(k.dimension), k.direction, k.outcome, k.code, n)
	if err != nil || n > 0 {
		return err
	}
	_, err = t.exec(`DELETE FROM flow_count WHERE period = ? AND post = ? AND dimension = ? AND direction = ? AND outcome = ? AND code = ? AND n = 0`,
		k.period, string(k.post), string(k.dimension), k.direction, k.outcome, k.code)
	return err
}

func (t *sqliteTx) addCountry(k countKey, n int64) error {
	_, err := t.exec(`INSERT INTO flow_country (period, dimension, direction, outcome, code, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT DO UPDATE SET n = n + ?6`, k.period, string(k.dimension), k.direction, k.outcome, k.code, n)
	if err != nil || n > 0 {
		return err
	}
	_, err = t.exec(`DELETE FROM flow_country WHERE period = ? AND dimension = ? AND direction = ? AND outcome = ? AND code = ? AND n = 0`,
		k.period, string(k.dimension), k.direction, k.outcome, k.code)
	return err
}

func (t *sqliteTx) addCross(k crossKey, n int64) error {
	_, err := t.exec(`INSERT INTO flow_cross (month, post, direction, outcome, nationality, sex, age, category, n)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET n = n + ?9`,
		k.month, string(k.post), k.direction, k.outcome, k.nationality, k.sex, k.age, k.category, n)
	if err != nil || n > 0 {
		return err
	}
	_, err = t.exec(`DELETE FROM flow_cross WHERE month = ? AND post = ? AND direction = ? AND outcome = ? AND nationality = ? AND sex = ?
		AND age = ? AND category = ? AND n = 0`, k.month, string(k.post), k.direction, k.outcome, k.nationality, k.sex, k.age, k.category)
	return err
}

func (t *sqliteTx) changeFlows(period int) error {
	_, err := t.exec(`INSERT INTO flow_version (period, version) VALUES (?, random()) ON CONFLICT DO UPDATE SET version = random()`, period)
	return err
}

func (r sqliteReader) flowVersions(ctx context.Context, periods []int) (map[int]int64, error) {
	out := make(map[int]int64, len(periods))
	err := r.rows(ctx, `SELECT v.period, v.version FROM json_each(?) p CROSS JOIN flow_version v ON v.period = p.value`, []any{array(periods)}, func(rs *sql.Rows) error {
		var period int
		var version int64
		err := rs.Scan(&period, &version)
		out[period] = version
		return err
	})
	return out, err
}

// array writes what a query takes with json_each. Numbers and names always marshal.
func array[T any](all []T) string {
	b, _ := json.Marshal(all)
	return string(b)
}

// posts lists the posts at which anything was counted.
func (r sqliteReader) posts(ctx context.Context) ([]border.PostID, error) {
	out := []border.PostID{}
	err := r.rows(ctx, `SELECT DISTINCT post FROM flow_count WHERE period = 0 ORDER BY post`, nil, func(rs *sql.Rows) error {
		var p border.PostID
		err := rs.Scan(&p)
		out = append(out, p)
		return err
	})
	return out, err
}

// wanted are the rows of a dimension at some posts and in some periods, found one by one: what lies
// between them is not looked at. ?1 are the periods, ?2 the posts, ?3 the dimension.
const wanted = ` FROM json_each(?1) period CROSS JOIN json_each(?2) post CROSS JOIN flow_count f
	ON f.period = period.value AND f.post = post.value AND f.dimension = ?3 `

// wantedCountry are those of all posts together.
const wantedCountry = ` FROM json_each(?1) period CROSS JOIN flow_country f ON f.period = period.value AND f.dimension = ?3 AND ?2 IS NOT NULL `

// wantedGroup chooses a direction and an outcome of them. A field that is not asked for is not named: so the others are
// found in the table's order, and no row of another group is looked at.
func wantedGroup(g flows.Group) string {
	switch {
	case g.Direction != "" && g.Outcome != "":
		return `AND f.direction = ?4 AND f.outcome = ?5 `
	case g.Direction != "":
		return `AND f.direction = ?4 AND ?5 = '' `
	case g.Outcome != "":
		return `AND f.outcome = ?5 AND ?4 = '' `
	}
	return `AND ?4 = '' AND ?5 = '' `
}

// counted sums the counts of a question by what is asked for of each row.
func (r sqliteReader) counted(ctx context.Context, q countQuestion, visit func(countKey, int64)) error {
	columns, group, from := ``, ``, wanted
	if q.posts == nil {
		from = wantedCountry
	}
	for _, c := range [...]struct {
		want bool
		name string
	}{{q.byPeriod, "f.period"}, {q.byPost, "f.post"}, {q.byGroup, "f.direction"}, {q.byGroup, "f.outcome"}, {q.byCode, "f.code"}} {
		if c.want {
			columns, group = columns+c.name+`, `, group+`, `+c.name
		} else {
			columns += `'', `
			if c.name == "f.period" {
				columns = `0, `
			}
		}
	}
	if group != "" {
		group = `GROUP BY ` + group[2:]
	}
	return r.rows(ctx, `SELECT `+columns+`sum(f.n)`+from+wantedGroup(q.group)+group,
		[]any{array(q.periods), array(q.posts), string(q.dimension), q.group.Direction, q.group.Outcome}, func(rs *sql.Rows) error {
			k := countKey{dimension: q.dimension}
			var n sql.NullInt64 // without a group there is one row, of nothing if there is nothing
			err := rs.Scan(&k.period, &k.post, &k.direction, &k.outcome, &k.code, &n)
			if err == nil && n.Valid {
				visit(k, n.Int64)
			}
			return err
		})
}

// quarters sums the flows of [from, to) at some posts (nil: all) by quarter of an hour, or by post.
func (r sqliteReader) quarters(ctx context.Context, from, to int64, posts []border.PostID, g flows.Group, byPost bool, visit func(bucket int64, post border.PostID, n int64)) error {
	by := `bucket, ''`
	if byPost {
		by = `0, post`
	}
	return r.rows(ctx, `SELECT `+by+`, sum(n) FROM flow WHERE bucket >= ?1 AND bucket < ?2 AND trusted
		AND (?3 OR post IN (SELECT value FROM json_each(?4))) AND (?5 = '' OR direction = ?5) AND (?6 = '' OR outcome = ?6) GROUP BY 1, 2`,
		[]any{from, to, posts == nil, array(posts), g.Direction, g.Outcome}, func(rs *sql.Rows) error {
			var bucket, n int64
			var post border.PostID
			err := rs.Scan(&bucket, &post, &n)
			visit(bucket, post, n)
			return err
		})
}

// cross reads a month's cross table of a post, or ("") of all.
func (r sqliteReader) cross(ctx context.Context, month int, post border.PostID, g flows.Group) (out []flows.Cross, err error) {
	out = []flows.Cross{}
	err = r.rows(ctx, `SELECT c.nationality, c.sex, c.age, c.category, sum(c.n) FROM flow_cross c
		WHERE c.month = ?1 AND c.post = ?2 AND (?3 = '' OR c.direction = ?3) AND (?4 = '' OR c.outcome = ?4)
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`, []any{month, string(post), g.Direction, g.Outcome}, func(rs *sql.Rows) error {
		var c flows.Cross
		err := rs.Scan(&c.Nationality, &c.Sex, &c.Age, &c.Category, &c.N)
		out = append(out, c)
		return err
	})
	return out, err
}

// places lists the posts of all stations that have greeted, by name, with the zone that the last
// greeting told.
func (r sqliteReader) places(ctx context.Context) (out []placeRow, err error) {
	err = r.rows(ctx, `SELECT s.post, coalesce((SELECT z.zone FROM station z WHERE z.post = s.post AND z.zone <> '' ORDER BY z.greeted_at DESC, z.station LIMIT 1), ''),
		count(*), min(coalesce(s.complete_at, 0)) FROM station s WHERE s.post <> '' GROUP BY s.post ORDER BY s.post`, nil, func(rs *sql.Rows) error {
		var p placeRow
		var complete int64
		err := rs.Scan(&p.post, &p.zone, &p.stations, &complete)
		if p.complete = fromMicros(complete); complete == 0 {
			p.complete = time.Time{}
		}
		out = append(out, p)
		return err
	})
	return out, err
}

// lateStations lists the stations whose data lack, see incomplete.
func (r sqliteReader) lateStations(ctx context.Context, now time.Time) (out []flows.Late, err error) {
	err = r.rows(ctx, `SELECT s.post, s.station, coalesce(s.complete_at, 0) FROM station s WHERE s.backlog > 0 OR coalesce(s.complete_at, 0) < ?
		OR EXISTS (SELECT 1 FROM epoch e WHERE e.station = s.station AND e.held < max(e.highest, e.announced))
		ORDER BY coalesce(s.complete_at, 0), s.station`, []any{micros(now.Add(-lateAfter))}, func(rs *sql.Rows) error {
		var l flows.Late
		var complete int64
		err := rs.Scan(&l.Post, &l.Station, &complete)
		if complete != 0 {
			l.Complete = fromMicros(complete)
		}
		out = append(out, l)
		return err
	})
	return out, err
}

// open counts the open stays, and those of them whose last permitted day lies before a day, as far as
// their own document tells.
func (r sqliteReader) open(ctx context.Context, on string) (inside, overstays flows.Certainty, err error) {
	if err = r.tx.QueryRowContext(ctx, `SELECT (SELECT value FROM meta WHERE name = 'inside'),
		(SELECT value FROM meta WHERE name = 'inside_uncertain')`).Scan(&inside.Certain, &inside.Uncertain); err != nil {
		return inside, overstays, err
	}
	err = r.tx.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE certain), count(*) FILTER (WHERE NOT certain) FROM stay
		WHERE state = 'inside' AND until > '' AND until < ?`, on).Scan(&overstays.Certain, &overstays.Uncertain)
	return inside, overstays, err
}

// doubted counts which of those are certain by their own document, and may yet have left on another: with
// an exit without entry of the same birth date.
func (r sqliteReader) doubted(ctx context.Context, on string) (inside, overstays int64, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT count(DISTINCT s.entry_crossing), count(DISTINCT CASE WHEN s.until > '' AND s.until < ?2 THEN s.entry_crossing END)
		FROM stay x JOIN stay s ON s.born = x.born AND s.state = 'inside' AND s.certain = 1 AND s.document <> x.document AND s.at <= x.at + ?1
		WHERE x.state = 'entry_unknown'`, drift.Microseconds(), on).Scan(&inside, &overstays)
	return inside, overstays, err
}
