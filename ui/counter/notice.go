package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border/counter"
)

// noticePage is a notice in words.
type noticePage struct {
	counter.Notice
	Title, When, Born string
}

// notice is the paper that a refused person is given: a page to print, and nothing that
// moves. It is never stored.
func (s *screen) notice(c *fiber.Ctx) error {
	id, err := encounterID(c.Params("crossing"))
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.reads(ctx, id); err != nil {
		return err
	}
	n, err := s.cfg.Service.Notice(ctx, id)
	if err != nil {
		return err
	}
	html, err := s.layout.Fragment("notice.html", noticePage{Notice: n, Title: noticeTitles[n.Outcome], Born: day(n.BirthDate),
		When: n.OccurredAt.In(s.zones.get(n.Zone)).Format("2 Jan 2006, 15:04")})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(html)
}
