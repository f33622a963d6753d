package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/ui/layout"
)

// correct records how a crossing should have been recorded.
func (s *screen) correct(c *fiber.Ctx) error {
	var in struct {
		seconded
		Change      string            `json:"change"`
		Crossing    string            `json:"crossing"`
		Reason      string            `json:"reason"`
		Note        string            `json:"note"`
		Outcome     string            `json:"outcome"`
		Ground      string            `json:"ground"`
		Direction   string            `json:"direction"`
		Particulars *particulars      `json:"particulars"`
		Values      map[string]string `json:"values"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	change, err := encounterID(in.Change)
	if err != nil {
		return err
	}
	crossing, err := encounterID(in.Crossing)
	if err != nil {
		return err
	}
	x := counter.Correction{At: at(c), Change: change, Crossing: crossing, Reason: in.Reason, Note: in.Note, Outcome: border.Outcome(in.Outcome), Ground: in.Ground, Direction: in.Direction, Values: in.Values}
	if in.Particulars != nil {
		k := in.Particulars.read()
		x.Particulars = &k
	}
	ctx, cancel := limited(c)
	defer cancel()
	if x.Agreement, err = s.agreed(ctx, in.seconded, access.LateCorrect, in.Change); err != nil {
		return err
	}
	if _, err := s.service(c).Correct(ctx, x); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Recorded: the correction. What was recorded first stays on record.")})
}
