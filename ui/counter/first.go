package counter

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// first sends the browser to the station's first counter.
func (s *screen) first(c *fiber.Ctx) error {
	all := s.cfg.Service.Counters()
	if len(all) == 0 {
		return &border.Error{Code: border.NotFound, Op: "show a counter", Message: "This station has no counter. Add one to its configuration."}
	}
	return c.Redirect("/counters/"+url.PathEscape(string(all[0])), fiber.StatusFound)
}
