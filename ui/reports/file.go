package reports

import (
	"bytes"
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/flows"
)

// file gives a report's numbers as CSV, small ones hidden whoever asks: a file travels on. That
// somebody took it is in the audit before it is given; a second person is not asked for, because
// nobody is in it.
func (s *screen) file(c *fiber.Ctx) error {
	p, err := periodOf(c.Params("period"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	n, err := s.gather(ctx, p, s.cfg.SmallCell)
	if err != nil {
		return err
	}
	f := flows.File{Area: s.cfg.Area, Made: s.cfg.Clock.Now(), Coverage: n.coverage, Rows: n.observations()}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return err
	}
	if err := access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.ReportsExport), Object: p.name()}); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8; header=present")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="garita-flows-`+p.name()+`.csv"`)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(b.Bytes())
}

// observations lists all numbers: of all posts together, then of each.
func (n *numbers) observations() (out []flows.Observation) {
	add := func(post border.PostID, g flows.Group, d flows.Dimension, code string, x flows.Number) {
		out = append(out, flows.Observation{Freq: n.period.freq(), Period: n.period.name(), Post: post, Group: g, Dimension: d, Code: code, N: x.N, Hidden: x.Hidden})
	}
	for _, post := range append([]string{""}, n.posts...) {
		post := border.PostID(post)
		for _, column := range n.groups.Grid.Columns {
			add(post, groupOf(column), "", "", n.groups.Of(post, column))
		}
		for _, g := range [...]flows.Group{flows.Arrivals(), flows.Departures(), flows.Refusals()} {
			for _, d := range flows.Dimensions() {
				t, ok := n.by[g][d]
				if !ok {
					continue
				}
				for _, code := range t.Grid.Columns {
					add(post, g, d, code, t.Of(post, code))
				}
			}
		}
	}
	for _, g := range [...]flows.Group{flows.Arrivals(), flows.Departures(), flows.Refusals()} {
		t := n.days[g]
		for _, day := range t.Grid.Columns {
			x := t.Of("", day)
			out = append(out, flows.Observation{Freq: "D", Period: day, Group: g, N: x.N, Hidden: x.Hidden})
		}
	}
	return out
}
