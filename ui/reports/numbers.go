package reports

import (
	"context"
	"time"

	"garita/border/flows"
)

// numbers is all that a report tells, of all posts.
type numbers struct {
	period   period
	posts    []string
	groups   *flows.Published // by direction and outcome, "entry/admitted"
	days     map[flows.Group]flows.Published
	by       map[flows.Group]map[flows.Dimension]flows.Published
	coverage []flows.Coverage
}

// dimensions are what arrivals and departures are divided by; refusals are by ground.
var dimensions = [...]flows.Dimension{flows.Nationality, flows.Residence, flows.Sex, flows.Age, flows.Category, flows.Purpose, flows.Transport, flows.Document}

// gather asks for all numbers of a period; k is the number below which they are hidden, 0 for
// somebody who may see all.
func (s *screen) gather(ctx context.Context, p period, k int64) (*numbers, error) {
	q := flows.Question{From: p.from.Format(time.DateOnly), To: p.to.Format(time.DateOnly)}
	out := &numbers{period: p, days: map[flows.Group]flows.Published{}, by: map[flows.Group]map[flows.Dimension]flows.Published{}}
	told, err := s.groups(ctx, p, k)
	if err != nil {
		return nil, err
	}
	out.groups = told.Groups()
	out.posts = out.groups.Grid.Rows
	if out.coverage, err = s.cfg.Register.FlowCoverage(ctx, q.From, q.To); err != nil {
		return nil, err
	}
	for _, g := range [...]flows.Group{flows.Arrivals(), flows.Departures(), flows.Refusals()} {
		q.Group = g
		by := dimensions[:]
		if g == flows.Refusals() {
			by = []flows.Dimension{flows.Ground}
		}
		out.by[g] = map[flows.Dimension]flows.Published{}
		for _, d := range by {
			grid, err := s.cfg.Register.FlowGrid(ctx, q, d)
			if err != nil {
				return nil, err
			}
			out.by[g][d] = told.Divide(grid, g)
		}
		grid, err := s.cfg.Register.FlowDays(ctx, q)
		if err != nil {
			return nil, err
		}
		if k > 0 {
			grid = together(grid)
		}
		out.days[g] = told.Course(grid, g)
	}
	return out, nil
}

// groups counts by post, direction and outcome, and decides what is told of a period.
func (s *screen) groups(ctx context.Context, p period, k int64) (*flows.Publication, error) {
	grid, err := s.cfg.Register.FlowGrid(ctx, flows.Question{From: p.from.Format(time.DateOnly), To: p.to.Format(time.DateOnly)}, "")
	return flows.Publish(grid, k), err
}

// together sums all rows into one.
func together(g flows.Grid) flows.Grid {
	sum := make([]int64, len(g.Columns))
	for _, row := range g.N {
		for j, n := range row {
			sum[j] += n
		}
	}
	return flows.Grid{Rows: []string{flows.All}, Columns: g.Columns, N: [][]int64{sum}}
}
