package counter

import (
	"github.com/gofiber/fiber/v2"
)

// rekey replaces what was keyed of the open person.
func (s *screen) rekey(c *fiber.Ctx) error {
	var in struct {
		about
		particulars
	}
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).Rekey(ctx, at(c), id, in.particulars.read()); err != nil {
		return err
	}
	return c.JSON(done{})
}
