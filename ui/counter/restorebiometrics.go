package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// restoreBiometrics has fingers taken again.
func (s *screen) restoreBiometrics(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).RestoreBiometrics(ctx, at(c)); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Fingerprints are taken again.")})
}
