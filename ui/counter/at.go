package counter

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border/access"
	"garita/border/counter"
)

// about is what a request says of whom it is about. An encounter is not always named. Who acts no
// request says: that is who is signed in.
type about struct {
	Encounter string `json:"encounter" form:"encounter"`
}

// at says where something is done, and by whom.
func at(c *fiber.Ctx) counter.At {
	return counter.At{Counter: counterOf(c), Officer: badge(c)}
}

// badge is that of who is signed in; [layout.SignedIn] lets nobody else this far.
func badge(c *fiber.Ctx) string {
	if p := access.From(c.UserContext()); p != nil {
		return p.Badge
	}
	return ""
}

// seconded is the second person of a request: what one was given when they agreed with their own
// PIN or key, or why none can be reached.
type seconded struct {
	Second   string `json:"second"`
	Awaiting string `json:"awaiting"`
}

// agreed finds the second person for what is about object.
func (s *screen) agreed(ctx context.Context, in seconded, a access.Action, object string) (counter.Agreement, error) {
	badge, reason, err := s.agreements.Second(ctx, a, object, in.Second, in.Awaiting)
	return counter.Agreement{Second: badge, Awaiting: reason}, err
}
