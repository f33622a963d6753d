package signin

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/signin"
)

// token vouches for a second person once, for two minutes.
type token struct {
	Token string `json:"token"`
}

// second takes a second person's word for one action of who is signed in.
func (s *screen) second(c *fiber.Ctx) error {
	var in struct {
		credentials
		Action access.Action `json:"action"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	p, err := s.principal(ctx, c)
	if err != nil {
		return err
	}
	if access.Second(in.Action) == nil {
		return errNoSecond
	}
	t, err := s.cfg.Service.Approve(ctx, p, in.Action, signin.In{Badge: in.Badge, PIN: in.PIN, Counter: p.Counter})
	if err != nil {
		return err
	}
	return s.answer(c, token{t})
}

var errNoSecond = &border.Error{Code: border.Invalid, Op: "ask a second person", Message: "That takes no second person."}
