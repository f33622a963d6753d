package reports

import (
	"context"

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
	out := &numbers{period: p, days: map[flows.Group]flows.Published{}, by: map[flows.Group]map[flows.Dimension]flows.Published{}}
	by := []flows.Division{{By: flows.ByGroup}}
	for _, g := range [...]flows.Group{flows.Arrivals(), flows.Departures(), flows.Refusals()} {
		out.by[g] = map[flows.Dimension]flows.Published{}
		in := dimensions[:]
		if g == flows.Refusals() {
			in = []flows.Dimension{flows.Ground}
		}
		for _, d := range in {
			by = append(by, flows.Division{Group: g, By: d})
		}
		by = append(by, flows.Division{Group: g, By: flows.ByDay})
	}
	grids, err := s.cfg.Register.FlowGrids(ctx, p.first(), p.last(), by...)
	if err != nil {
		return nil, err
	}
	told := flows.Publish(grids[0], k)
	out.groups = told.Groups()
	out.posts = out.groups.Grid.Rows
	for i, grid := range grids[1:] {
		switch d := by[i+1]; {
		case d.By != flows.ByDay:
			out.by[d.Group][d.By] = told.Divide(grid, d.Group)
		case k > 0:
			out.days[d.Group] = told.Course(together(grid), d.Group)
		default:
			out.days[d.Group] = told.Course(grid, d.Group)
		}
	}
	out.coverage, err = s.cfg.Register.FlowCoverage(ctx, p.first(), p.last())
	return out, err
}

// groups counts by post, direction and outcome, and decides what is told of a period.
func (s *screen) groups(ctx context.Context, p period, k int64) (*flows.Publication, error) {
	grids, err := s.cfg.Register.FlowGrids(ctx, p.first(), p.last(), flows.Division{By: flows.ByGroup})
	if err != nil {
		return nil, err
	}
	return flows.Publish(grids[0], k), nil
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
