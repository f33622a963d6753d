package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// openGroup opens a family, a bus or a crew at the counter.
func (s *screen) openGroup(c *fiber.Ctx) error {
	var in struct {
		about
		Kind string `json:"kind"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if _, err := s.service(c).OpenGroup(ctx, at(c), in.Kind); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("The group is open. Everybody who is read now belongs to it.")})
}
