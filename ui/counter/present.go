package counter

import (
	"github.com/gofiber/fiber/v2"
)

// present puts a specimen on the counter's reader; the demo only.
func (s *screen) present(c *fiber.Ctx) error {
	var in struct {
		Index int `json:"index" form:"index"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.cfg.Presenter.Present(ctx, counterOf(c), in.Index); err != nil {
		return err
	}
	return c.JSON(done{})
}
