package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border/access"
	"garita/border/counter"
	"garita/ui/layout"
)

// liftNeeds lifts what was noted, with a supervisor's reason.
func (s *screen) liftNeeds(c *fiber.Ctx) error {
	var in struct {
		about
		seconded
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
	agreement, err := s.agreed(ctx, in.seconded, access.LiftNeed, in.Encounter)
	if err != nil {
		return err
	}
	if err := s.service(c).LiftNeeds(ctx, counter.Lifting{At: at(c), Encounter: id, Reason: in.Reason, Agreement: agreement}); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("The note is lifted.")})
}
