package counter

import (
	"github.com/gofiber/fiber/v2"
)

// callUp makes a waiting encounter the open one.
func (s *screen) callUp(c *fiber.Ctx) error {
	var in struct {
		Encounter string `json:"encounter" form:"encounter"`
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
	if err := s.service(c).CallUp(ctx, counterOf(c), id, badge(c)); err != nil {
		return err
	}
	return c.JSON(done{})
}
