package counter

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
)

// first leads on to where the work of who is signed in is: at their counter, at the station's
// first one, or in the workshop.
func (s *screen) first(c *fiber.Ctx) error {
	p := access.From(c.UserContext())
	all := s.cfg.Service.Counters()
	switch {
	case !p.May(access.CounterRead) && p.May(access.WorkshopRead):
		return c.Redirect("/workshop", fiber.StatusSeeOther)
	case !p.May(access.CounterRead):
		return &border.Error{Code: border.Forbidden, Op: "show the first page", Message: "There is no page for you at a station. Your work is at the hub."}
	case len(all) == 0:
		return &border.Error{Code: border.NotFound, Op: "show a counter", Message: "This station has no counter. Add one to its configuration."}
	}
	at := p.Counter
	if at == "" {
		at = all[0]
	}
	return c.Redirect("/counters/"+url.PathEscape(string(at)), fiber.StatusSeeOther)
}
