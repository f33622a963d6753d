package counter

import (
	"github.com/gofiber/fiber/v2"
)

// share enters answers that hold for everybody in the group.
func (s *screen) share(c *fiber.Ctx) error {
	var in struct {
		about
		Values map[string]string `json:"values"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).Share(ctx, at(c), in.Values); err != nil {
		return err
	}
	return c.JSON(done{})
}
