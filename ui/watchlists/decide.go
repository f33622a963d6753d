package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/watch"
	"garita/ui/layout"
)

// decide approves, rejects or takes back what somebody has proposed.
func (s *screen) decide(c *fiber.Ctx) error {
	const op = "decide a proposal"
	id, err := border.ParseID(c.Params("proposal"))
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such proposal."}
	}
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	who, why := badge(c), c.FormValue("answer")
	var what string
	switch c.Params("decision") {
	case "approve":
		what = "approved"
		_, err = s.cfg.Lists.Approve(ctx, id, who, why)
	case "reject":
		what = "rejected"
		err = s.cfg.Lists.Reject(ctx, id, who, why)
	case "take-back":
		what = "taken-back"
		err = s.cfg.Lists.TakeBack(ctx, id, who, why)
	default:
		return &border.Error{Code: border.NotFound, Op: op}
	}
	act := border.Act{Action: string(access.ListsDecide), Object: c.Params("decision") + " " + id.String()}
	if err := s.did(c, act, err); err != nil {
		p, broken := s.entriesPage(layout.Printer(c), watch.Key{})
		if broken != nil {
			return broken
		}
		return s.failed(c, p, err)
	}
	return done(c, "/lists/entries", what)
}
