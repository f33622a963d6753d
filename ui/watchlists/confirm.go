package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"
)

// confirm puts an import in force.
func (s *screen) confirm(c *fiber.Ctx) error {
	id, err := importID(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	if _, err := s.cfg.Lists.Confirm(ctx, id, badge(c, "by"), badge(c, "second")); err != nil {
		p, broken := s.previewPage(c)
		if broken != nil {
			return broken
		}
		return s.failed(c, p, err)
	}
	return done(c, "/lists/imports/"+id.String(), "confirmed")
}
