package signin

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// rememberFor is how long a browser keeps the language that was chosen, in seconds.
const rememberFor = 365 * 24 * 3600

// language keeps the language that a reader chose: for this browser, and for the officer who is signed in.
func (s *screen) language(c *fiber.Ctx) error {
	var in struct {
		Language string `json:"language" form:"language"`
		To       string `json:"-" form:"to"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	l := i18n.Of(in.Language)
	if l == "" {
		return &border.Error{Code: border.Invalid, Op: "choose a language", Message: "There are no pages in that language."}
	}
	ctx, cancel := limited(c)
	defer cancel()
	if p, err := s.principal(ctx, c); err == nil {
		if err := s.cfg.Service.SetLanguage(ctx, p, string(l)); err != nil {
			return err
		}
	} else if border.CodeOf(err) != border.Unauthenticated {
		return err
	}
	remember(c, l)
	if strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationJSON) {
		return c.SendStatus(fiber.StatusNoContent)
	}
	to := ownPath(in.To)
	if to == "" {
		to = "/"
	}
	return c.Redirect(to, fiber.StatusSeeOther)
}

// remember has a browser keep the language for whoever opens it next.
func remember(c *fiber.Ctx, l i18n.Lang) {
	c.Cookie(&fiber.Cookie{Name: layout.LanguageCookie, Value: string(l), Path: "/", MaxAge: rememberFor, HTTPOnly: true,
		Secure: c.Secure(), SameSite: fiber.CookieSameSiteStrictMode})
}

// printer is that of somebody who is signed in, or has just been: before the gate knows of them.
func printer(c *fiber.Ctx, p *access.Principal) *i18n.Printer {
	if l := i18n.Of(p.Language); l != "" {
		return i18n.In(l)
	}
	return layout.Printer(c)
}
