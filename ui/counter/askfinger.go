package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// finger is what a request says of a finger. The page sends its position as the text of a choice.
type finger struct {
	about
	Position border.FingerPosition `json:"position,string"`
	Reason   string                `json:"reason"`
}

// askFinger has the counter's scanner take a finger; the live stream says how it goes on.
func (s *screen) askFinger(c *fiber.Ctx) error {
	var in finger
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).AskFinger(ctx, at(c), id, in.Position, in.Reason); err != nil {
		return err
	}
	return c.JSON(done{})
}
