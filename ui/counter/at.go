package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border/counter"
)

// by is what a request says of who asks, and about whom. An encounter is not always named.
type by struct {
	Officer   string `json:"officer" form:"officer"`
	Encounter string `json:"encounter" form:"encounter"`
}

func (b by) at(c *fiber.Ctx) counter.At {
	return counter.At{Counter: counterOf(c), Officer: b.Officer}
}
