package officers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// accountPage is the account of who is signed in.
type accountPage struct {
	Badge, Name, Roles string
	MustChange         bool
	Passkeys           bool // keys can be used here
	Keys               []key
}

func keyOf(w *i18n.Printer, k *access.Passkey) key {
	return key{base64.RawURLEncoding.EncodeToString(k.ID), k.Name, w.Day(k.AddedAt.UTC())}
}

func keyID(c *fiber.Ctx) ([]byte, error) {
	id, err := base64.RawURLEncoding.DecodeString(c.FormValue("key"))
	if err != nil || len(id) == 0 || len(id) > 1023 {
		return nil, &border.Error{Code: border.Invalid, Op: "read a passkey's id"}
	}
	return id, nil
}

func (s *screen) account(c *fiber.Ctx) error {
	p, err := s.accountPage(c)
	if err != nil {
		return err
	}
	return s.send(c, page{Account: p})
}

func (s *screen) accountPage(c *fiber.Ctx) (*accountPage, error) {
	who, err := principal(c)
	if err != nil {
		return nil, err
	}
	p := &accountPage{Badge: who.Badge, Name: who.Name, Roles: layout.Roles(layout.Printer(c), who.Roles), MustChange: who.MustChange, Passkeys: layout.SiteOf(c).Passkeys}
	ctx, cancel := limited(c)
	defer cancel()
	all, err := s.cfg.Keeper.Officers(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Badge == who.Badge {
			for _, k := range all[i].Passkeys {
				p.Keys = append(p.Keys, keyOf(layout.Printer(c), &k))
			}
		}
	}
	return p, nil
}

// changePIN changes one's own PIN. Afterwards whoever had to change it may do their work, so the
// page leads there.
func (s *screen) changePIN(c *fiber.Ctx) error {
	who, err := principal(c)
	if err != nil {
		return err
	}
	return s.own(c, i18n.Msg("The PIN is changed."), func(ctx context.Context) error {
		if c.FormValue("new") != c.FormValue("again") {
			return &border.Error{Code: border.Invalid, Op: "change a PIN", Message: "The new PIN was not written twice the same way."}
		}
		signed, err := s.cfg.Own.ChangePIN(ctx, who, c.FormValue("old"), c.FormValue("new"))
		if err == nil {
			s.cfg.Cookie.Set(c, signed.Token)
		}
		return err
	})
}

// removeOwn takes a passkey from one's own account.
func (s *screen) removeOwn(c *fiber.Ctx) error {
	who, err := principal(c)
	if err != nil {
		return err
	}
	id, err := keyID(c)
	if err != nil {
		return err
	}
	return s.own(c, i18n.Msg("The passkey is removed."), func(ctx context.Context) error { return s.cfg.Keeper.RemovePasskey(ctx, who.Badge, id) })
}

func (s *screen) own(c *fiber.Ctx, said i18n.Msg, what func(ctx context.Context) error) error {
	ctx, cancel := limited(c)
	defer cancel()
	err := what(ctx)
	p, broken := s.accountPage(c)
	if broken != nil {
		return broken
	}
	if err != nil {
		if border.CodeOf(err) == border.Unauthenticated && border.MessageOf(err) == "" {
			err = &border.Error{Code: border.Invalid, Op: "change a PIN", Message: "The old PIN is wrong."}
		}
		return s.failed(c, page{Account: p}, err)
	}
	p.MustChange = false
	return s.send(c, page{Account: p, Done: layout.Printer(c).T(said)})
}

// beginPasskey asks the browser to make a passkey.
func (s *screen) beginPasskey(c *fiber.Ctx) error {
	who, err := principal(c)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	name, options, err := s.cfg.Own.BeginRegister(ctx, who)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		Ceremony string          `json:"ceremony"`
		Options  json.RawMessage `json:"options"` // PublicKeyCredentialCreationOptionsJSON
	}{name, options})
}

// finishPasskey keeps it.
func (s *screen) finishPasskey(c *fiber.Ctx) error {
	who, err := principal(c)
	if err != nil {
		return err
	}
	var in struct {
		Ceremony string          `json:"ceremony"`
		Name     string          `json:"name"`
		Answer   json.RawMessage `json:"answer"` // RegistrationResponseJSON
	}
	if err := c.BodyParser(&in); err != nil || len(in.Answer) == 0 || len(in.Answer) > 32<<10 {
		return &border.Error{Code: border.Invalid, Op: "read a key's answer"}
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.cfg.Own.FinishRegister(ctx, who, in.Ceremony, strings.TrimSpace(in.Name), in.Answer); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		Text string `json:"text"`
	}{layout.Printer(c).T("The passkey is added.")})
}
