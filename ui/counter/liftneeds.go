package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border/counter"
)

// liftNeeds lifts what was noted, with a supervisor's reason.
func (s *screen) liftNeeds(c *fiber.Ctx) error {
	var in struct {
		by
		Supervisor string `json:"supervisor"`
		Reason     string `json:"reason"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	ctx, cancel := limited()
	defer cancel()
	if err := s.cfg.Service.LiftNeeds(ctx, counter.Lifting{At: in.at(c), Encounter: id, Reason: in.Reason, Agreement: counter.Agreement{Second: in.Supervisor}}); err != nil {
		return err
	}
	return c.JSON(done{"The note is lifted."})
}
