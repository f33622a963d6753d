package counter

import (
	"github.com/gofiber/fiber/v2"
)

// selectMember puts a member of the group on the screen.
func (s *screen) selectMember(c *fiber.Ctx) error {
	var in about
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).Select(ctx, at(c), id); err != nil {
		return err
	}
	return c.JSON(done{})
}
