package counter

import (
	"github.com/gofiber/fiber/v2"
)

// restoreBiometrics has fingers taken again.
func (s *screen) restoreBiometrics(c *fiber.Ctx) error {
	var in by
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited()
	defer cancel()
	if err := s.cfg.Service.RestoreBiometrics(ctx, in.at(c)); err != nil {
		return err
	}
	return c.JSON(done{"Fingerprints are taken again."})
}
