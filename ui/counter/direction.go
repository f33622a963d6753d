package counter

import (
	"github.com/gofiber/fiber/v2"
)

// direction turns a counter from entry to exit or back.
func (s *screen) direction(c *fiber.Ctx) error {
	var in struct {
		Direction string `json:"direction" form:"direction"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).SetDirection(ctx, counterOf(c), in.Direction, badge(c)); err != nil {
		return err
	}
	return c.JSON(done{})
}
