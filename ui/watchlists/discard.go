package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
)

// discard ends an import without any change.
func (s *screen) discard(c *fiber.Ctx) error {
	id, err := importID(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	act := border.Act{Action: string(access.ListsWork), Object: "discard " + id.String()}
	if err := s.did(c, act, s.cfg.Lists.Discard(ctx, id)); err != nil {
		p, broken := s.previewPage(c)
		if broken != nil {
			return broken
		}
		return s.failed(c, p, err)
	}
	return done(c, "/lists/imports/"+id.String(), "discarded")
}
