package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// responsible says which adult of the group answers for a minor; nobody if none is named.
func (s *screen) responsible(c *fiber.Ctx) error {
	var in struct {
		about
		Adult string `json:"adult"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	minor, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	adult, err := optionalID(in.Adult)
	if err != nil {
		return err
	}
	if adult == nil {
		adult = &border.ID{}
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).Responsible(ctx, at(c), minor, *adult); err != nil {
		return err
	}
	return c.JSON(done{})
}
