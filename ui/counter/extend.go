package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border/counter"
	"garita/ui/layout"
)

// extend grants more days to somebody who is inside.
func (s *screen) extend(c *fiber.Ctx) error {
	var in struct {
		about
		Change   string `json:"change"`
		Crossing string `json:"crossing"`
		Until    string `json:"until"`
		Reason   string `json:"reason"`
		Note     string `json:"note"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	change, err := encounterID(in.Change)
	if err != nil {
		return err
	}
	entry, err := encounterID(in.Crossing)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	_, err = s.service(c).Extend(ctx, counter.Extension{At: at(c), Change: change, Crossing: entry,
		Until: dashed(in.Until), Reason: in.Reason, Note: in.Note})
	if err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Recorded: the stay is extended.")})
}
