package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/manifest"
)

// template gives an empty list to fill in, as a file.
func (s *screen) template(c *fiber.Ctx) error {
	kind := c.Params("kind")
	if kind != "crew" && kind != "passengers" {
		return &border.Error{Code: border.NotFound, Op: "give a template"}
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+kind+`.csv"`)
	return c.Send(manifest.Template(kind))
}
