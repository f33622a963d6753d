package flows

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/flows"
)

// filter chooses what the page shows. It stands in the address: nobody is in it.
type filter struct {
	Post  border.PostID // "": all
	Days  int           // the last ones, today included
	Group string        // of groups
}

// groups are the kinds of crossings that the page shows, each for itself.
var groups = map[string]flows.Group{"arrivals": flows.Arrivals(), "departures": flows.Departures(), "refusals": flows.Refusals()}

// periods are the choices of days.
var periods = []int{1, 7, 30, 90, 365}

// readFilter reads the address. What it cannot mean is as if it were not there.
func readFilter(c *fiber.Ctx) filter {
	f := filter{Post: border.PostID(c.Query("post")), Days: 7, Group: "arrivals"}
	if f.Post.Validate() != nil {
		f.Post = ""
	}
	if n, err := strconv.Atoi(c.Query("days")); err == nil && slices.Contains(periods, n) {
		f.Days = n
	}
	if _, known := groups[c.Query("group")]; known {
		f.Group = c.Query("group")
	}
	return f
}

func (f filter) question(now time.Time) flows.Question {
	today := now.UTC()
	return flows.Question{From: today.AddDate(0, 0, 1-f.Days).Format(time.DateOnly), To: today.Format(time.DateOnly), Post: f.Post, Group: groups[f.Group]}
}

// dimensions are those that the page divides by.
func (f filter) dimensions() []flows.Dimension {
	d := []flows.Dimension{flows.Nationality, flows.Sex, flows.Age, flows.Category, flows.Purpose, flows.Transport}
	if f.Group == "refusals" {
		d = append([]flows.Dimension{flows.Ground}, d...)
	}
	return d
}

// count is a number that may be hidden.
type count struct {
	N      int64
	Hidden bool
}

// division is how crossings divide by a dimension.
type division struct {
	Dimension flows.Dimension
	Codes     []string
	Counts    []count
	Total     count
}

// answer is what the page shows, as the register says it.
type answer struct {
	Filter    filter
	Posts     []border.PostID
	Today     *flows.Today // nil: not for whoever may see aggregates only
	Step      flows.Step
	Series    []flows.Point
	Divisions []division
	Total     count
	Presence  flows.Presence
	Coverage  []flows.Coverage
	Small     int64 // what is below is hidden; 0: nothing is
}

// ask reads what some roles are shown.
func (s *screen) ask(ctx context.Context, f filter, roles []access.Role) (a answer, err error) {
	now := s.cfg.Clock.Now()
	r, q := s.cfg.Register, f.question(now)
	a.Filter, a.Step = f, flows.Daily
	switch {
	case f.Days > 100:
		a.Step = flows.Monthly
	case f.Days > 31:
		a.Step = flows.Weekly
	}
	if !access.May(roles, access.RegisterRead) {
		if a.Small = s.cfg.SmallCell; a.Small == 0 {
			a.Small = flows.SmallCell
		}
	}
	all := q
	all.Post = ""
	if a.Coverage, err = r.FlowCoverage(ctx, q.From, q.To); err != nil {
		return a, err
	}
	for _, c := range a.Coverage {
		a.Posts = append(a.Posts, c.Post)
	}
	if err := s.divide(ctx, &a, all); err != nil {
		return a, err
	}
	if a.Presence, err = r.Presence(ctx); err != nil {
		return a, err
	}
	if a.Small > 0 { // a course over time is many small tables: none of them is for these roles
		return a, nil
	}
	if a.Series, err = r.FlowSeries(ctx, q, a.Step); err != nil {
		return a, err
	}
	if f.Group != "refusals" {
		t, err := r.FlowsToday(ctx, f.Post, q.Group)
		if err != nil {
			return a, err
		}
		a.Today = &t
	}
	return a, nil
}

// divide gives the tables, of one post or of all. Small numbers are hidden over the tables of all posts
// together, so that nobody learns by asking for one post after the other what none of them shows.
func (s *screen) divide(ctx context.Context, a *answer, all flows.Question) error {
	totals, err := s.cfg.Register.FlowGrid(ctx, all, flows.Sex) // its rows' totals are everybody's
	if err != nil {
		return err
	}
	sums := flows.NewBuilder()
	for i, post := range totals.Rows {
		n := int64(0)
		for _, x := range totals.N[i] {
			n += x
		}
		sums.Add(post, "all", n)
	}
	sum := sums.Grid()
	var base []bool
	if a.Small > 0 && len(sum.Rows) > 0 {
		m := flows.Hide(sum, a.Small, nil)
		base = m.Totals(0)
	}
	a.Total = pick(sum, base, a.Filter.Post)
	for _, d := range a.Filter.dimensions() {
		g, err := s.cfg.Register.FlowGrid(ctx, all, d)
		if err != nil {
			return err
		}
		var m flows.Mask
		if a.Small > 0 {
			g = g.Merge(a.Small)
			m = flows.Hide(g, a.Small, baseOf(g, sum, base))
		}
		a.Divisions = append(a.Divisions, cut(d, g, m, a))
	}
	return nil
}

// baseOf puts the hidden totals in the order of another grid's rows.
func baseOf(g, sum flows.Grid, base []bool) []bool {
	if base == nil {
		return nil
	}
	out := make([]bool, 0, len(g.Rows)+1)
	for _, row := range g.Rows {
		i := slices.Index(sum.Rows, row)
		out = append(out, i >= 0 && base[i])
	}
	return append(out, base[len(base)-1])
}

// pick gives the total of a post, or of all.
func pick(sum flows.Grid, hidden []bool, post border.PostID) (c count) {
	for i, row := range sum.Rows {
		if post == "" || string(post) == row {
			c.N += sum.N[i][0]
			c.Hidden = post != "" && hidden != nil && hidden[i]
		}
	}
	if post == "" && hidden != nil {
		c.Hidden = hidden[len(hidden)-1]
	}
	return c
}

// cut takes what is asked for out of a grid: a row, or the totals of the columns.
func cut(d flows.Dimension, g flows.Grid, m flows.Mask, a *answer) division {
	out := division{Dimension: d, Total: a.Total}
	row := slices.Index(g.Rows, string(a.Filter.Post))
	for j, code := range g.Columns {
		var c count
		for i := range g.Rows {
			if a.Filter.Post == "" || i == row {
				c.N += g.N[i][j]
			}
		}
		if m.Cells != nil {
			if a.Filter.Post == "" {
				c.Hidden = m.Columns[j]
			} else if row >= 0 {
				c.Hidden = m.Cells[row][j]
			}
		}
		if c.N > 0 {
			out.Codes, out.Counts = append(out.Codes, code), append(out.Counts, c)
		}
	}
	return out
}
