package counter

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border/access"
	"garita/border/counter"
	"garita/ui/layout"
)

// degrade lets the post go without fingerprints for a while, by a supervisor's word.
func (s *screen) degrade(c *fiber.Ctx) error {
	var in struct {
		seconded
		Reason string `json:"reason"`
		Hours  int    `json:"hours,string"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if in.Hours < 0 || in.Hours > 24 { // beyond it the product would not fit
		in.Hours = 0
	}
	ctx, cancel := limited(c)
	defer cancel()
	agreement, err := s.agreed(ctx, in.seconded, access.BiometricsOff, string(counterOf(c)))
	if err != nil {
		return err
	}
	if err := s.service(c).DegradeBiometrics(ctx, counter.Degradation{At: at(c), Agreement: agreement, Reason: in.Reason,
		For: time.Duration(in.Hours) * time.Hour}); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("No fingerprints are taken for now. It ends by itself.")})
}
