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

// question chooses the days that end with one, a calendar day at the post.
func (f filter) question(today string) (flows.Question, error) {
	last, err := time.Parse(time.DateOnly, today)
	return flows.Question{From: last.AddDate(0, 0, 1-f.Days).Format(time.DateOnly), To: today, Post: f.Post, Group: groups[f.Group]}, err
}

// dimensions are those that the page divides by.
func (f filter) dimensions() []flows.Dimension {
	d := []flows.Dimension{flows.Nationality, flows.Sex, flows.Age, flows.Category, flows.Purpose, flows.Transport}
	if f.Group == "refusals" {
		d = append([]flows.Dimension{flows.Ground}, d...)
	}
	return d
}

// division is how crossings divide by a dimension.
type division struct {
	Dimension flows.Dimension
	Codes     []string
	Counts    []flows.Number
	Total     flows.Number
}

// answer is what the page shows, as the register says it.
type answer struct {
	Filter    filter
	Question  flows.Question
	Posts     []border.PostID
	Today     *flows.Today // nil: not for whoever may see aggregates only
	Step      flows.Step
	Series    []flows.Point
	Divisions []division
	Total     flows.Number
	Presence  flows.Presence
	Coverage  []flows.Coverage
	Small     int64 // what is below is hidden; 0: nothing is
}

// ask reads what some roles are shown.
func (s *screen) ask(ctx context.Context, f filter, roles []access.Role) (a answer, err error) {
	r := s.cfg.Register
	today, err := r.FlowDay(ctx, f.Post)
	if err != nil {
		return a, err
	}
	q, err := f.question(today)
	if err != nil {
		return a, err
	}
	a.Filter, a.Question, a.Step = f, q, flows.Daily
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
	if a.Coverage, err = r.FlowCoverage(ctx, q.From, q.To); err != nil {
		return a, err
	}
	for _, c := range a.Coverage {
		a.Posts = append(a.Posts, c.Post)
	}
	if err := s.divide(ctx, &a, q); err != nil {
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

// divide gives the tables, of one post or of all. Whoever may see every number is counted what they asked for.
func (s *screen) divide(ctx context.Context, a *answer, q flows.Question) error {
	if a.Small > 0 {
		return s.publish(ctx, a, q)
	}
	for i, d := range a.Filter.dimensions() {
		t, err := s.cfg.Register.FlowsBy(ctx, q, d)
		if err != nil {
			return err
		}
		if i == 0 {
			a.Total.N = t.Total
		}
		x := division{Dimension: d, Total: a.Total}
		for _, c := range t.Counts {
			x.Codes, x.Counts = append(x.Codes, c.Code), append(x.Counts, flows.Number{N: c.N})
		}
		if t.Unknown > 0 {
			x.Codes, x.Counts = append(x.Codes, ""), append(x.Counts, flows.Number{N: t.Unknown})
		}
		a.Divisions = append(a.Divisions, x)
	}
	return nil
}

// publish hides small numbers over the tables of all posts and groups together, as the reports of the same days do,
// and takes what was asked for out of them: so nobody learns by asking for one post after the other, or on
// the other page, what none of them shows.
func (s *screen) publish(ctx context.Context, a *answer, q flows.Question) error {
	by := []flows.Division{{By: flows.ByGroup}}
	for _, d := range a.Filter.dimensions() {
		by = append(by, flows.Division{Group: q.Group, By: d})
	}
	grids, err := s.cfg.Register.FlowGrids(ctx, q.From, q.To, by...)
	if err != nil {
		return err
	}
	told := flows.Publish(grids[0], a.Small)
	a.Total = told.Groups().Of(q.Post, q.Group.String())
	for i, grid := range grids[1:] {
		t := told.Divide(grid, q.Group)
		x := division{Dimension: by[i+1].By, Total: a.Total}
		for _, code := range t.Grid.Columns {
			if n := t.Of(q.Post, code); n.N > 0 || n.Hidden {
				x.Codes, x.Counts = append(x.Codes, code), append(x.Counts, n)
			}
		}
		a.Divisions = append(a.Divisions, x)
	}
	return nil
}
