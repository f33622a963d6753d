package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/training"
)

// present puts a specimen on the counter's reader: of training, or of the demo.
func (s *screen) present(c *fiber.Ctx) error {
	var in struct {
		Index int `json:"index" form:"index"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if desk, ok := s.service(c).(*training.Desk); ok {
		if err := desk.Present(ctx, counterOf(c), in.Index); err != nil {
			return err
		}
		return c.JSON(done{})
	}
	if s.cfg.Presenter == nil {
		return &border.Error{Code: border.NotFound, Op: "present a specimen"}
	}
	if err := s.cfg.Presenter.Present(ctx, counterOf(c), in.Index); err != nil {
		return err
	}
	return c.JSON(done{})
}
