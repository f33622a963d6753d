package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// decideGroup admits the members that were shown as ready, or lets them depart. Who is no
// longer ready stays, and the screen says why beside the name.
func (s *screen) decideGroup(c *fiber.Ctx) error {
	var in struct {
		about
		Members []struct {
			Encounter string `json:"encounter"`
			Revision  uint64 `json:"revision"`
		} `json:"members"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	var members []counter.Member
	for _, m := range in.Members {
		id, err := encounterID(m.Encounter)
		if err != nil {
			return err
		}
		members = append(members, counter.Member{Encounter: id, Revision: m.Revision})
	}
	ctx, cancel := limited(c)
	defer cancel()
	results, err := s.service(c).DecideGroup(ctx, at(c), members)
	if err != nil {
		return err
	}
	p := layout.Printer(c)
	var recorded, not int
	why := ""
	for _, r := range results {
		if r.Problem == "" {
			recorded++
			continue
		}
		if not++; why == "" {
			why = r.Message
		}
	}
	if recorded == 0 {
		return &border.Error{Code: results[0].Problem, Op: "decide a group", Message: why}
	}
	text := p.N(recorded, "Recorded: {0} person.", "Recorded: {0} people.")
	if not > 0 {
		text += " " + p.N(not, "Not recorded: {0} person.", "Not recorded: {0} people.") + " " + p.T(i18n.Msg(why))
	}
	return c.JSON(done{text})
}
