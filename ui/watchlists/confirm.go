package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
)

// confirm puts an import in force, by who is signed in and somebody else: who has read the file.
func (s *screen) confirm(c *fiber.Ctx) error {
	id, err := importID(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	x, err := s.cfg.Lists.PreviewByID(ctx, id)
	if err == nil {
		_, err = s.cfg.Lists.Confirm(ctx, id, x.By, badge(c))
	}
	act := border.Act{Action: string(access.ListsDecide), Object: "confirm " + id.String(), Second: x.By}
	if err := s.did(c, act, err); err != nil {
		p, broken := s.previewPage(c)
		if broken != nil {
			return broken
		}
		return s.failed(c, p, err)
	}
	return done(c, "/lists/imports/"+id.String(), "confirmed")
}
