package layout

import (
	"github.com/gofiber/fiber/v2"

	"garita/border/access"
)

// SignedIn refuses requests of nobody. The gate (ui/gate) has asked before who it is and whether
// they may; what no gate stands before is nobody's.
func SignedIn(c *fiber.Ctx) error {
	if access.From(c.UserContext()) == nil {
		return access.Nobody("open a page")
	}
	return c.Next()
}
