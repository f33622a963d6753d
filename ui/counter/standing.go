package counter

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/layout"
)

// standing gives the correction dialog a crossing as it stands.
func (s *screen) standing(c *fiber.Ctx) error {
	id, err := encounterID(c.Params("crossing"))
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.reads(ctx, c, id); err != nil {
		return err
	}
	st, err := s.service(c).Standing(ctx, id, badge(c))
	if err != nil {
		return err
	}
	w := s.words(layout.Printer(c), "")
	return s.fragment(c, "standing", s.correctable(w, st))
}

// reads tells that who is signed in reads a crossing, before anything is given. Those of training are nobody's.
func (s *screen) reads(ctx context.Context, c *fiber.Ctx, crossing border.ID) error {
	if counterOf(c).IsTraining() {
		return nil
	}
	return access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.RecordRead), Object: crossing.String()})
}

// fragment sends a part of the page. It is never stored: it shows people.
func (s *screen) fragment(c *fiber.Ctx, name string, data any) error {
	html, err := s.layout.In(layout.Printer(c)).Fragment(name, data)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		HTML string `json:"html"`
	}{string(html)})
}
