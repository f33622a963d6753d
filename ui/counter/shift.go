package counter

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// shift shows the report of the open shift.
func (s *screen) shift(c *fiber.Ctx) error {
	v, err := s.service(c).View(counterOf(c))
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	r, err := s.service(c).Shift(ctx)
	if border.CodeOf(err) == border.NotFound {
		return s.fragment(c, "no-shift", nil)
	}
	if err != nil {
		return err
	}
	return s.fragment(c, "shift", s.words(layout.Printer(c), v.Status.Zone).report(r, v))
}

// openShift begins a shift.
func (s *screen) openShift(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).OpenShift(ctx, badge(c)); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("The shift is open.")})
}

// closeShift ends the shift and shows what it did.
func (s *screen) closeShift(c *fiber.Ctx) error {
	v, err := s.service(c).View(counterOf(c)) // the names of who is handed over
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	r, err := s.service(c).CloseShift(ctx, badge(c))
	if err != nil {
		return err
	}
	return s.fragment(c, "shift", s.words(layout.Printer(c), v.Status.Zone).report(r, v))
}

// shiftReport is the report of the open shift, or of the last one, as a page to print. It names no
// traveller: it is kept, shown and sent on.
func (s *screen) shiftReport(c *fiber.Ctx) error {
	v, err := s.service(c).View(counterOf(c)) // the post's zone
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	r, err := s.service(c).LastShift(ctx)
	if err != nil {
		return err
	}
	to := layout.Printer(c)
	if l := i18n.Of(c.Query("lang")); l != "" {
		to = i18n.In(l)
	}
	html, err := s.shiftPaper(r, v.Status, layout.SiteOf(c).Name, to, counterOf(c).IsTraining())
	if err != nil {
		return err
	}
	return sendPaper(c, html)
}

// shiftPaper renders a shift's report to be printed.
func (s *screen) shiftPaper(r counter.ShiftReport, st counter.Status, station string, to *i18n.Printer, training bool) ([]byte, error) {
	w := s.words(to, st.Zone)
	return s.layout.In(to).Fragment("shift-report", shiftPage{tongues(w.Lang()), station, st.Zone, w.at(st.Now), training, w.report(r, counter.View{})})
}

// shiftPage is a shift's report to be printed.
type shiftPage struct {
	Bar                    []tongue
	Station, Zone, Printed string
	Training               bool
	Report
}

// Report is a shift's report in words.
type Report struct {
	Closed                                 bool
	OpenedAt, OpenedBy, ClosedAt, ClosedBy string
	By                                     string      // who recorded something
	Totals                                 []ReportRow // What and N alone: one of each, and what waits
	Rows                                   []ReportRow
	Open                                   []string // names, or numbers where no name is known
}

// ReportRow is one line of a shift's report.
type ReportRow struct {
	What, Counter, Direction, Category, Outcome, N string
}

// report puts a shift's report into words.
func (w words) report(r counter.ShiftReport, v counter.View) Report {
	out := Report{Closed: !r.ClosedAt.IsZero(), OpenedAt: w.at(r.OpenedAt), OpenedBy: r.OpenedBy, ClosedBy: r.ClosedBy}
	if out.Closed {
		out.ClosedAt = w.at(r.ClosedAt)
	}
	out.By = strings.Join(r.By, ", ")
	totals := make(map[string]int64)
	for _, n := range r.Counts {
		totals[n.Type] += n.N
	}
	for _, typ := range reported {
		out.Totals = append(out.Totals, ReportRow{What: w.T(eventWords[typ]), N: w.Number(int(totals[typ]))})
	}
	out.Totals = append(out.Totals, ReportRow{What: w.T("Awaiting a second person"), N: w.Number(int(r.Awaiting))})
	categories := w.labels(w.form.Codes("categories"))
	for _, n := range r.Counts {
		row := ReportRow{What: wording.Word(w.Printer, eventWords, n.Type), Counter: string(n.Counter), Direction: w.direction(n.Direction),
			Category: categories[n.Category], N: w.Number(int(n.N))}
		if row.Category == "" {
			row.Category = n.Category
		}
		if n.Outcome != "" {
			row.Outcome = w.outcome(border.Outcome(n.Outcome))
		}
		out.Rows = append(out.Rows, row)
	}
	names := make(map[border.ID]string)
	for _, q := range v.Referrals {
		names[q.ID] = q.Surname + ", " + q.GivenNames
	}
	for _, id := range r.Open {
		name := names[id]
		if name == "" {
			name = w.T("(name no longer readable)")
		}
		out.Open = append(out.Open, name)
	}
	return out
}
