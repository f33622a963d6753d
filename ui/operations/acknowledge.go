package operations

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
)

// acknowledge notes that a person has seen an alarm.
func (s *screen) acknowledge(c *fiber.Ctx) error {
	id, err := strconv.ParseInt(c.Params("alarm"), 10, 64)
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: "acknowledge an alarm", Message: "There is no such alarm."}
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), readTimeout)
	defer cancel()
	if err := s.cfg.Register.AcknowledgeAlarm(ctx, id); err != nil {
		return err
	}
	if err := access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.AlarmWork), Object: "alarm " + strconv.FormatInt(id, 10)}); err != nil {
		return err
	}
	return c.JSON(struct {
		Text string `json:"text"`
	}{"Alarm acknowledged."})
}
