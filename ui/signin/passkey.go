package signin

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
)

// ceremony is the first half of a passkey's use: what the browser asks the key.
type ceremony struct {
	Ceremony string          `json:"ceremony"`
	Options  json.RawMessage `json:"options"` // PublicKeyCredentialRequestOptionsJSON
}

// answered is the second half: what the key answered.
type answered struct {
	Ceremony string          `json:"ceremony"`
	Answer   json.RawMessage `json:"answer"` // AuthenticationResponseJSON
	Counter  string          `json:"counter"`
	Action   access.Action   `json:"action"`
	Approval string          `json:"approval"`
	Awaiting string          `json:"awaiting"`
}

// maxAnswer bounds what a key may answer, in bytes.
const maxAnswer = 16 << 10

func readAnswer(c *fiber.Ctx) (answered, error) {
	var in answered
	if err := body(c, &in); err != nil {
		return in, err
	}
	if len(in.Answer) == 0 || len(in.Answer) > maxAnswer {
		return in, &border.Error{Code: border.Invalid, Op: "read a key's answer"}
	}
	return in, nil
}

func (s *screen) beginPasskey(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	name, options, err := s.cfg.Service.BeginSignIn(ctx)
	if err != nil {
		return err
	}
	return s.answer(c, ceremony{name, options})
}

func (s *screen) finishPasskey(c *fiber.Ctx) error {
	in, err := readAnswer(c)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	how, err := s.in(c, in.Counter)
	if err != nil {
		return err
	}
	how.Approval, how.Awaiting = in.Approval, in.Awaiting
	signed, err := s.cfg.Service.FinishSignIn(ctx, in.Ceremony, in.Answer, how)
	if err != nil {
		return err
	}
	s.cfg.Cookie.Set(c, signed.Token)
	return s.answer(c, s.told(c, signed.Principal))
}

func (s *screen) beginSecond(c *fiber.Ctx) error {
	var in struct {
		Action access.Action `json:"action"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if access.Second(in.Action) == nil {
		return errNoSecond
	}
	ctx, cancel := limited(c)
	defer cancel()
	p, err := s.principal(ctx, c)
	if err != nil {
		return err
	}
	name, options, err := s.cfg.Service.BeginApprove(ctx, p, in.Action)
	if err != nil {
		return err
	}
	return s.answer(c, ceremony{name, options})
}

func (s *screen) finishSecond(c *fiber.Ctx) error {
	in, err := readAnswer(c)
	if err != nil {
		return err
	}
	if access.Second(in.Action) == nil {
		return errNoSecond
	}
	ctx, cancel := limited(c)
	defer cancel()
	p, err := s.principal(ctx, c)
	if err != nil {
		return err
	}
	t, err := s.cfg.Service.FinishApprove(ctx, p, in.Action, in.Ceremony, in.Answer)
	if err != nil {
		return err
	}
	return s.answer(c, token{t})
}
