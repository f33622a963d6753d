package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// closeGroup ends the group; who is on its list and did not come is a no-show.
func (s *screen) closeGroup(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).CloseGroup(ctx, at(c)); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("The group is closed.")})
}
