package counter

import (
	"github.com/gofiber/fiber/v2"
)

// takeReferral opens an encounter of the post's list here.
func (s *screen) takeReferral(c *fiber.Ctx) error {
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
	if err := s.service(c).TakeReferral(ctx, at(c), id); err != nil {
		return err
	}
	return c.JSON(done{})
}
