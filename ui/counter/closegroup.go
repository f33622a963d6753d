package counter

import (
	"github.com/gofiber/fiber/v2"
)

// closeGroup ends the group; who is on its list and did not come is a no-show.
func (s *screen) closeGroup(c *fiber.Ctx) error {
	var in by
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited()
	defer cancel()
	if err := s.cfg.Service.CloseGroup(ctx, in.at(c)); err != nil {
		return err
	}
	return c.JSON(done{"The group is closed."})
}
