package officers

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/gate"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/problem"
)

//go:embed *.html
var templates embed.FS

// Config says what the pages work with. Keeper, Own, Cookie and Clock are required.
type Config struct {
	Keeper Keeper
	Own    Own
	Cookie gate.Cookie // a changed PIN begins the session anew
	Clock  border.Clock
	Log    *slog.Logger // nil: no log
}

type screen struct {
	cfg    Config
	layout *layout.Layout
}

// answerTimeout bounds what one answer may take.
const answerTimeout = 10 * time.Second

// Mount adds the pages' routes to an app, which must be made with Immutable: true. The assets
// are the operations screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Keeper == nil || cfg.Own == nil || cfg.Clock == nil || cfg.Cookie.Name() == "" {
		return errors.New("mount the officers' pages: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the officers' pages: the app is not immutable")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg}
	if s.layout, err = layout.New(assets, templates); err != nil {
		return fmt.Errorf("mount the officers' pages: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	add := func(method, path string, h fiber.Handler) {
		app.Add(method, path, append(before[:len(before):len(before)], h)...)
	}
	add(fiber.MethodGet, "/officers", s.list)
	add(fiber.MethodPost, "/officers", s.add)
	add(fiber.MethodPost, "/officers/change", s.change)
	add(fiber.MethodPost, "/officers/revoke", s.revoke)
	add(fiber.MethodPost, "/officers/pin", s.resetPIN)
	add(fiber.MethodPost, "/officers/passkeys/remove", s.removePasskey)
	add(fiber.MethodGet, "/account", s.account)
	add(fiber.MethodPost, "/account/pin", s.changePIN)
	add(fiber.MethodPost, "/account/passkeys/begin", s.beginPasskey)
	add(fiber.MethodPost, "/account/passkeys/finish", s.finishPasskey)
	add(fiber.MethodPost, "/account/passkeys/remove", s.removeOwn)
	return nil
}

func limited(c *fiber.Ctx) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.UserContext(), answerTimeout)
}

// page is what a page shows, and what the last action came to.
type page struct {
	Done, Trouble string
	Secret        *secret
	List          *listPage
	Account       *accountPage
}

// secret is a PIN that is shown once.
type secret struct{ Badge, Name, PIN string }

func (s *screen) send(c *fiber.Ctx, p page) error {
	kind, title, script := "officers", i18n.Msg("Officers"), "page"
	if p.Account != nil {
		kind, title, script = "account", i18n.Msg("My account"), ""
	}
	return s.layout.Send(c, layout.Page{Title: layout.Printer(c).T(title) + " – Garita", Kind: kind, Script: script, Screen: p})
}

// failed shows a page with what went wrong; a fault of ours goes on as an error.
func (s *screen) failed(c *fiber.Ctx, p page, err error) error {
	text, status, ok := problem.OnForm(layout.Printer(c), err)
	if !ok {
		return err
	}
	p.Trouble = text
	c.Status(status)
	return s.send(c, p)
}

// principal is who is signed in.
func principal(c *fiber.Ctx) (*access.Principal, error) {
	if p := access.From(c.UserContext()); p != nil {
		return p, nil
	}
	return nil, &border.Error{Code: border.Unauthenticated, Op: "look who is signed in"}
}
