package help

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// card is one role's page.
type card struct {
	Role      access.Role
	Word      i18n.Msg
	Lang      i18n.Lang
	Languages []i18n.Lang
}

// card shows the quick card of a role, in the language that lang names or the reader's.
func (s *screen) card(c *fiber.Ctx) error {
	role := access.Role(c.Params("role"))
	if !slices.ContainsFunc(layout.Cards(), func(c layout.Card) bool { return c.Role == role }) {
		return &border.Error{Code: border.NotFound, Op: "read a quick card"}
	}
	p := layout.Printer(c)
	if asked := i18n.Of(c.Query("lang")); asked != "" {
		p = i18n.In(asked)
	}
	v := card{Role: role, Word: layout.RoleWords[role], Lang: p.Lang(), Languages: i18n.Langs()}
	return s.cards.Send(c, layout.Page{Lang: string(v.Lang), Title: p.T("Quick card: {0}", v.Word) + " – Garita", Kind: "quick-card", Script: "page", Screen: v})
}
