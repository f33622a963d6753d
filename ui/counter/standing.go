package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// standing gives the correction dialog a crossing as it stands.
func (s *screen) standing(c *fiber.Ctx) error {
	id, err := encounterID(c.Params("crossing"))
	if err != nil {
		return err
	}
	v, err := s.cfg.Service.View(counterOf(c))
	if err != nil {
		return err
	}
	if v.Holder == nil {
		return &border.Error{Code: border.Forbidden, Op: "look up a crossing", Message: "Nobody holds this counter. Choose who you are first."}
	}
	ctx, cancel := limited()
	defer cancel()
	st, err := s.cfg.Service.Standing(ctx, id, v.Holder.Badge)
	if err != nil {
		return err
	}
	return s.fragment(c, "standing", s.correctable(st))
}

// fragment sends a part of the page. It is never stored: it shows people.
func (s *screen) fragment(c *fiber.Ctx, name string, data any) error {
	html, err := s.layout.Fragment(name, data)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		HTML string `json:"html"`
	}{string(html)})
}
