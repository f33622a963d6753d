package counter

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border/papers"
)

// Bounds of a drawn page, in pixels: small for choosing it, large for reading.
const (
	smallPage = 200
	largePage = 1600
)

// paperPage draws one page of a paper. It is drawn each time and kept nowhere.
func (s *screen) paperPage(c *fiber.Ctx) error {
	page, err := strconv.Atoi(c.Params("page"))
	if err != nil || page < 0 || page >= papers.MaxPages {
		return errOutOfStep
	}
	ctx, cancel := limited(c)
	defer cancel()
	f, _, err := s.attached(ctx, c)
	if err != nil {
		return err
	}
	defer clear(f.Content)
	side := largePage
	if c.Query("size") == "small" {
		side = smallPage
	}
	p, err := s.cfg.Papers.Draw(ctx, f.Content, page, side, side)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "image/jpeg")
	return c.Send(p.JPEG)
}
