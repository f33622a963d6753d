package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// fingerNotTaken notes why a finger cannot be taken.
func (s *screen) fingerNotTaken(c *fiber.Ctx) error {
	var in struct {
		finger
		Code string `json:"code"`
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
	if err := s.service(c).FingerNotTaken(ctx, at(c), id, in.Position, in.Reason, in.Code); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Noted: not taken. It speaks against nobody.")})
}
