package flows

import (
	"bytes"
	"context"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/flows"
)

// file is where the page's numbers are as a file.
func (f filter) file() string {
	return "/flows/csv?" + url.Values{"post": {string(f.Post)}, "days": {strconv.Itoa(f.Days)}, "group": {f.Group}}.Encode()
}

// file gives the tables as CSV. It leaves the house, so small numbers are hidden in it whoever asks, and that somebody
// took it is in the audit before it is given, as of a report's file.
func (s *screen) file(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	a, err := s.ask(ctx, readFilter(c), nil)
	if err != nil {
		return err
	}
	f := flows.File{Area: s.cfg.Area, Made: s.cfg.Clock.Now(), Coverage: a.Coverage}
	freq, period := a.period()
	row := func(d flows.Dimension, code string, n flows.Number) {
		f.Rows = append(f.Rows, flows.Observation{Freq: freq, Period: period, Post: a.Filter.Post, Group: a.Question.Group, Dimension: d, Code: code, N: n.N, Hidden: n.Hidden})
	}
	row("", "", a.Total)
	for _, d := range a.Divisions {
		for i, code := range d.Codes {
			row(d.Dimension, code, d.Counts[i])
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return err
	}
	object := a.Filter.Group + " " + period
	if a.Filter.Post != "" {
		object += " " + string(a.Filter.Post)
	}
	if err := access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.ReportsExport), Object: object}); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8; header=present")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="flows-`+a.Filter.Group+"-"+a.Question.To+`.csv"`)
	return c.Send(b.Bytes())
}

// period gives frequency and period as SDMX writes them: a day; or the first of several with how many they are, which
// is a time range, and has no frequency (SDMX 2.1, section 6, 4.2.7; code list CL_FREQ).
func (a *answer) period() (freq, period string) {
	if a.Filter.Days == 1 {
		return "D", a.Question.To
	}
	return flows.NoFreq, a.Question.From + "/P" + strconv.Itoa(a.Filter.Days) + "D"
}
