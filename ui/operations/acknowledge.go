package operations

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// acknowledge notes that a person has seen an alarm.
func (s *screen) acknowledge(c *fiber.Ctx) error {
	id, err := strconv.ParseInt(c.Params("alarm"), 10, 64)
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: "acknowledge an alarm", Message: "There is no such alarm."}
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	if err := s.cfg.Register.AcknowledgeAlarm(ctx, id); err != nil {
		return err
	}
	return c.JSON(struct {
		Text string `json:"text"`
	}{"Alarm acknowledged."})
}
