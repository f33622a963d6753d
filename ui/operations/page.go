package operations

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/layout"
)

// readTimeout bounds what one answer may ask of the register.
const readTimeout = 5 * time.Second

// page shows the whole screen, or leads on to where the work of who is signed in is.
func (s *screen) page(c *fiber.Ctx) error {
	p := access.From(c.UserContext())
	if !p.May(access.FlowsRead) {
		start := layout.SiteOf(c).Start(p)
		if start == "" || start == "/" {
			return &border.Error{Code: border.Forbidden, Op: "show the first page", Message: "There is no page for you at the hub."}
		}
		return c.Redirect(start, fiber.StatusSeeOther)
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), readTimeout)
	defer cancel()
	v, err := s.view(ctx, p.Roles)
	if err != nil {
		return err
	}
	screen := s.panel(layout.Printer(c), &v, s.cfg.Clock.Now())
	screen.Ground = s.ground
	return s.layout.Send(c, layout.Page{Title: layout.Printer(c).T("Operations – Garita"), Kind: "operations", Screen: screen})
}
