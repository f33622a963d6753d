package counter

import (
	"github.com/gofiber/fiber/v2"
)

// answers enters answers of the form while they are typed: a power cut keeps them.
func (s *screen) answers(c *fiber.Ctx) error {
	var in struct {
		about
		Values map[string]string `json:"values"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).Answers(ctx, at(c), id, in.Values); err != nil {
		return err
	}
	return c.JSON(done{})
}
