package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/ui/layout"
)

// decide records how the open encounter ends. Sending the same decision again is safe:
// the encounter's id is the crossing's.
func (s *screen) decide(c *fiber.Ctx) error {
	var in struct {
		Encounter string `json:"encounter" form:"encounter"`
		Revision  uint64 `json:"revision" form:"revision"`
		Outcome   string `json:"outcome" form:"outcome"`
		Ground    string `json:"ground" form:"ground"`
		Note      string `json:"note" form:"note"`
		Officer   string `json:"officer" form:"officer"`
		Stated    string `json:"stated_date" form:"stated_date"`
		seconded
		HandedTo  string            `json:"handed_to"`
		Receipt   string            `json:"receipt"`
		Continues string            `json:"continues"`
		Values    map[string]string `json:"values"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	continues, err := optionalID(in.Continues)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	agreement, err := s.agreed(ctx, in.seconded, access.Deciding(border.Outcome(in.Outcome)), in.Encounter)
	if err != nil {
		return err
	}
	r, err := s.service(c).Decide(ctx, counter.Decision{
		Counter: counterOf(c), Encounter: id, Revision: in.Revision,
		Outcome: border.Outcome(in.Outcome), Ground: in.Ground, Note: in.Note, Officer: badge(c), StatedDate: in.Stated,
		Agreement: agreement, HandedTo: in.HandedTo, Receipt: in.Receipt, Continues: continues, Values: in.Values,
	})
	if err != nil {
		return err
	}
	return c.JSON(done{Text: recorded(layout.Printer(c), r)})
}
