package counter

import (
	"github.com/gofiber/fiber/v2"
)

// hold makes an officer the holder of the counter, also in place of another one.
func (s *screen) hold(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).Take(ctx, at(c)); err != nil {
		return err
	}
	return c.JSON(done{})
}
