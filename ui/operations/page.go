package operations

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// readTimeout bounds what one answer may ask of the register.
const readTimeout = 5 * time.Second

// page shows the whole screen.
func (s *screen) page(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	v, err := s.view(ctx)
	if err != nil {
		return err
	}
	return s.layout.Send(c, layout.Page{Lang: "en", Title: "Hub – Garita", Kind: "operations", Screen: panel(v, s.cfg.Clock.Now())})
}
