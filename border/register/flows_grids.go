package register

import (
	"context"
	"time"

	"garita/border"
	"garita/border/flows"
)

// FlowGrids divides the crossings of some days, given as the first and the last one, by post in several ways,
// all counted from one state of the register: what is published together must sum up, see [flows.Publish]. The
// posts are rows, in order and the same in each grid; what said nothing of a dimension is the column "".
func (r *Register) FlowGrids(ctx context.Context, from, to string, by ...flows.Division) ([]flows.Grid, error) {
	const op = "divide flows by post"
	first, last, err := days2(op, from, to)
	for _, d := range by {
		switch {
		case err != nil:
		case d.By == flows.ByDay && last.Sub(first) > 366*24*time.Hour:
			err = &border.Error{Code: border.Invalid, Op: op, Message: "Ask for at most a year of days."}
		case d.By != flows.ByGroup && d.By != flows.ByDay && !d.By.Known():
			err = &border.Error{Code: border.Invalid, Op: op, Message: "Crossings are not counted by that."}
		}
	}
	if err != nil {
		return nil, err
	}
	out := make([]flows.Grid, len(by))
	err = r.read(ctx, op, func(s reader) error {
		posts, err := s.posts(ctx)
		if err != nil {
			return err
		}
		for i, d := range by {
			if out[i], err = r.gridOf(ctx, s, first, last, posts, d); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// gridOf makes one grid.
func (r *Register) gridOf(ctx context.Context, s reader, first, last time.Time, posts []border.PostID, by flows.Division) (flows.Grid, error) {
	b := flows.NewBuilder()
	for _, p := range posts {
		b.Row(string(p))
	}
	q := countQuestion{posts: posts, group: by.Group, byPost: true}
	column := func(k countKey) string { return k.code }
	switch by.By {
	case flows.ByDay:
		for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
			q.periods = append(q.periods, dayNumber(d))
			b.Column(d.Format(time.DateOnly))
		}
		q.byPeriod, column = true, func(k countKey) string { return dayOf(k.period).Format(time.DateOnly) }
	case flows.ByGroup:
		q.periods, q.byGroup = spans(first, last), true
		column = func(k countKey) string { return flows.Group{Direction: k.direction, Outcome: k.outcome}.String() }
	default:
		q.periods, q.dimension, q.byCode = spans(first, last), by.By, true
	}
	if !q.byCode {
		err := s.counted(ctx, q, func(k countKey, n int64) { b.Add(string(k.post), column(k), n) })
		return b.Grid(), err
	}
	if err := r.grids.sum(ctx, s, q, func(post, code string, n int64) { b.Add(post, code, n) }); err != nil {
		return flows.Grid{}, err
	}
	said := b.Rows()
	all, err := r.grids.totals(ctx, s, q)
	for post, n := range all {
		if n -= said[string(post)]; n != 0 {
			b.Add(string(post), "", n)
		}
	}
	return b.Grid(), err
}
