package counter

import (
	"github.com/gofiber/fiber/v2"
)

// hold makes an officer the holder of the counter, also in place of another one.
func (s *screen) hold(c *fiber.Ctx) error {
	var in by
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited()
	defer cancel()
	if err := s.cfg.Service.Take(ctx, in.at(c)); err != nil {
		return err
	}
	return c.JSON(done{})
}
