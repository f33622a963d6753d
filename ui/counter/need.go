package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// need notes that a person may need protection. The answer never says which need: neither does
// the screen, a log or a table.
func (s *screen) need(c *fiber.Ctx) error {
	var in struct {
		about
		Kind   string `json:"kind"`
		Reason string `json:"reason"`
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
	if err := s.service(c).Need(ctx, at(c), id, in.Kind, in.Reason); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Noted. Refusal is blocked until handed over or lifted.")})
}
