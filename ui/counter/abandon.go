package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// abandon ends an encounter without a crossing; it leaves a trace.
func (s *screen) abandon(c *fiber.Ctx) error {
	var in struct {
		about
		Reason string `json:"reason"`
		Note   string `json:"note"`
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
	if err := s.service(c).Abandon(ctx, at(c), id, in.Reason, in.Note); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Abandoned: no crossing was recorded.")})
}
