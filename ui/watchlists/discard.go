package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"
)

// discard ends an import without any change.
func (s *screen) discard(c *fiber.Ctx) error {
	id, err := importID(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	if err := s.cfg.Lists.Discard(ctx, id); err != nil {
		p, broken := s.previewPage(c)
		if broken != nil {
			return broken
		}
		return s.failed(c, p, err)
	}
	return done(c, "/lists/imports/"+id.String(), "discarded")
}
