package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"
)

// beginEpoch begins a new epoch of the list, after the hub was put back from a copy.
func (s *screen) beginEpoch(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	if _, err := s.cfg.Lists.Restored(ctx, badge(c, "by"), badge(c, "second"), c.FormValue("reason")); err != nil {
		p, broken := s.overviewPage()
		if broken != nil {
			return broken
		}
		return s.failed(c, p, err)
	}
	return done(c, "/lists", "epoch")
}
