package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui/layout"
)

// acknowledge notes that the officer has taken a late hit in hand.
func (s *screen) acknowledge(c *fiber.Ctx) error {
	var in struct {
		about
		ID border.ID `json:"id"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).AcknowledgeLateHit(ctx, at(c), in.ID); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Taken in hand. The hub is told.")})
}
