package counter

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
)

// shift shows the report of the open shift.
func (s *screen) shift(c *fiber.Ctx) error {
	v, err := s.cfg.Service.View(counterOf(c))
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	r, err := s.cfg.Service.Shift(ctx)
	if border.CodeOf(err) == border.NotFound {
		return s.fragment(c, "no-shift", nil)
	}
	if err != nil {
		return err
	}
	return s.fragment(c, "shift", s.report(r, v))
}

// openShift begins a shift.
func (s *screen) openShift(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.cfg.Service.OpenShift(ctx, badge(c)); err != nil {
		return err
	}
	return c.JSON(done{"The shift is open."})
}

// closeShift ends the shift and shows what it did.
func (s *screen) closeShift(c *fiber.Ctx) error {
	v, err := s.cfg.Service.View(counterOf(c)) // the names of who is handed over
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	r, err := s.cfg.Service.CloseShift(ctx, badge(c))
	if err != nil {
		return err
	}
	return s.fragment(c, "shift", s.report(r, v))
}

// Report is a shift's report in words.
type Report struct {
	Closed                                 bool
	OpenedAt, OpenedBy, ClosedAt, ClosedBy string
	Post                                   string
	Rows                                   []ReportRow
	Open                                   []string // names, or numbers where no name is known
}

// ReportRow is one line of a shift's report.
type ReportRow struct {
	What, Counter, Direction, Category, Outcome string
	N                                           int64
}

// report puts a shift's report into words.
func (s *screen) report(r counter.ShiftReport, v counter.View) Report {
	zone := s.zones.get(v.Status.Zone)
	out := Report{Closed: !r.ClosedAt.IsZero(), OpenedAt: r.OpenedAt.In(zone).Format("2 Jan 2006 15:04"), OpenedBy: r.OpenedBy, ClosedBy: r.ClosedBy}
	if out.Closed {
		out.ClosedAt = r.ClosedAt.In(zone).Format("2 Jan 2006 15:04")
	}
	categories := labels(s.cfg.Service.Form().Codes("categories"))
	for _, n := range r.Counts {
		what := eventWords[n.Type]
		if what == "" {
			what = n.Type
		}
		row := ReportRow{What: what, Counter: string(n.Counter), Direction: directionWords[n.Direction], Category: categories[n.Category], N: n.N}
		if row.Category == "" {
			row.Category = n.Category
		}
		if n.Outcome != "" {
			row.Outcome = outcomeWord(border.Outcome(n.Outcome))
		}
		out.Rows = append(out.Rows, row)
	}
	names := make(map[border.ID]string)
	for _, q := range v.Referrals {
		names[q.ID] = fmt.Sprintf("%s, %s", q.Surname, q.GivenNames)
	}
	for _, id := range r.Open {
		name := names[id]
		if name == "" {
			name = id.String()
		}
		out.Open = append(out.Open, name)
	}
	return out
}
