package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/layout"
)

// beginEpoch begins a new epoch of the list, after the hub was put back from a copy. It cannot wait
// for another sign-in: the second person agrees beside the first.
func (s *screen) beginEpoch(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	second, _, err := s.agreements.Second(c.UserContext(), access.ListsDecide, "epoch", c.FormValue("second"), "")
	if err == nil {
		_, err = s.cfg.Lists.Restored(ctx, badge(c), second, c.FormValue("reason"))
	}
	act := border.Act{Action: string(access.ListsDecide), Object: "epoch", Second: second}
	if err := s.did(c, act, err); err != nil {
		p, broken := s.overviewPage(layout.Printer(c))
		if broken != nil {
			return broken
		}
		return s.failed(c, p, err)
	}
	return done(c, "/lists", "epoch")
}
