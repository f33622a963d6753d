package reports

import (
	"context"
	"slices"
	"time"

	"garita/border"
	"garita/border/flows"
)

// number is a count as it may be shown.
type number struct {
	N      int64
	Hidden bool
	Merged bool // the code is so rare here that it is counted among all others
}

// numbers is all that a report tells, of all posts.
type numbers struct {
	period   period
	posts    []string
	groups   table // by direction and outcome, "entry/admitted"
	days     map[flows.Group]table
	by       map[flows.Group]map[flows.Dimension]table
	coverage []flows.Coverage
}

// table is a grid as it may be shown: posts by codes.
type table struct {
	grid flows.Grid
	mask flows.Mask
}

// dimensions are what arrivals and departures are divided by; refusals are by ground.
var dimensions = [...]flows.Dimension{flows.Nationality, flows.Residence, flows.Sex, flows.Age, flows.Category, flows.Purpose, flows.Transport, flows.Document}

// gather asks for all numbers of a period; k is the number below which they are hidden, 0 for
// somebody who may see all.
func (s *screen) gather(ctx context.Context, p period, k int64) (*numbers, error) {
	q := flows.Question{From: p.from.Format(time.DateOnly), To: p.to.Format(time.DateOnly)}
	out := &numbers{period: p, days: map[flows.Group]table{}, by: map[flows.Group]map[flows.Dimension]table{}}
	var err error
	if out.groups, err = s.groups(ctx, p, k); err != nil {
		return nil, err
	}
	out.posts = out.groups.grid.Rows
	if out.coverage, err = s.cfg.Register.FlowCoverage(ctx, q.From, q.To); err != nil {
		return nil, err
	}
	for _, g := range [...]flows.Group{flows.Arrivals(), flows.Departures(), flows.Refusals()} {
		q.Group = g
		by := dimensions[:]
		if g == flows.Refusals() {
			by = []flows.Dimension{flows.Ground}
		}
		out.by[g] = map[flows.Dimension]table{}
		for _, d := range by {
			grid, err := s.cfg.Register.FlowGrid(ctx, q, d)
			if err != nil {
				return nil, err
			}
			out.by[g][d] = out.groups.divided(grid, g, k)
		}
		grid, err := s.cfg.Register.FlowDays(ctx, q)
		if err != nil {
			return nil, err
		}
		if k > 0 {
			grid = together(grid)
		}
		out.days[g] = out.groups.divided(grid, g, k)
	}
	return out, nil
}

// groups counts by post, direction and outcome.
func (s *screen) groups(ctx context.Context, p period, k int64) (table, error) {
	grid, err := s.cfg.Register.FlowGrid(ctx, flows.Question{From: p.from.Format(time.DateOnly), To: p.to.Format(time.DateOnly)}, "")
	return table{grid, flows.Hide(grid, k, nil)}, err
}

// divided hides what must be hidden of a table whose rows sum to a group of this one.
func (t *table) divided(grid flows.Grid, g flows.Group, k int64) table {
	j := slices.Index(t.grid.Columns, name(g))
	if k == 0 || j < 0 {
		return table{grid, flows.Hide(grid, k, nil)}
	}
	totals := t.mask.Totals(j)
	if len(grid.Rows) == 1 && len(t.grid.Rows) != 1 { // of all posts together
		totals = []bool{t.mask.Columns[j], t.mask.Columns[j]}
	}
	if len(grid.Rows) != 1 {
		grid = grid.Merge(k)
	}
	return table{grid, flows.Hide(grid, k, totals)}
}

// together sums all rows into one. Days of single posts are told to nobody who may see aggregates
// only: there are too many small ones.
func together(g flows.Grid) flows.Grid {
	sum := make([]int64, len(g.Columns))
	for _, row := range g.N {
		for j, n := range row {
			sum[j] += n
		}
	}
	return flows.Grid{Rows: []string{flows.All}, Columns: g.Columns, N: [][]int64{sum}}
}

// name writes a group as the register does.
func name(g flows.Group) string { return g.Direction + "/" + g.Outcome }

// of gives the number of a column at one post or ("") at all.
func (t *table) of(post border.PostID, column string) number {
	j := slices.Index(t.grid.Columns, column)
	if j < 0 {
		return number{}
	}
	if post == "" {
		n := number{Hidden: t.mask.Columns[j]}
		for _, row := range t.grid.N {
			n.N += row[j]
		}
		return n.shown()
	}
	i := slices.Index(t.grid.Rows, string(post))
	if i < 0 {
		return number{}
	}
	n := number{N: t.grid.N[i][j], Hidden: t.mask.Cells[i][j]}
	return n.shown()
}

// shown forgets a number that is hidden.
func (n number) shown() number {
	if n.Hidden {
		n.N = 0
	}
	return n
}
