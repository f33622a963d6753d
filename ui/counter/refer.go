package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border/counter"
	"garita/ui/layout"
)

// refer puts the open encounter on the post's list.
func (s *screen) refer(c *fiber.Ctx) error {
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
	if err := s.service(c).Refer(ctx, counter.Referral{At: at(c), Encounter: id, Reason: in.Reason, Note: in.Note}); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Referred: on the post’s list.")})
}
