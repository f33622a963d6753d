package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/ui/layout"
)

// join says that a waiting document belongs to the open person.
func (s *screen) join(c *fiber.Ctx) error {
	var in struct {
		about
		Waiting string `json:"waiting"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	open, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	waiting, err := encounterID(in.Waiting)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).Join(ctx, at(c), open, waiting); err != nil {
		return err
	}
	return c.JSON(done{layout.Printer(c).T("Added to the open person.")})
}
