// Package search is the hub's page on which people are looked for: by document, or by name. Who searches says
// why, and that is written down before anything is answered. What it asks and gives travels in bodies
// only, never in addresses.
package search

import (
	"embed"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/cases"
	"garita/border/form"
	"garita/border/register"
	"garita/ui/layout"
)

//go:embed *.html
var templates embed.FS

// Config says what the page works with. All fields but Files, Form and Log are required.
type Config struct {
	Register *register.Register
	Cases    *cases.Service
	Clock    border.Clock
	Audit    border.Auditor
	Files    Files        // nil: no portrait is shown
	Form     *form.Form   // the country's, for the words of codes; nil: the one that ships
	Log      *slog.Logger // nil: no log
}

type screen struct {
	cfg    Config
	layout *layout.Layout
}

// Mount adds the page's routes to an app, which must be made with Immutable: true.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Register == nil || cfg.Cases == nil || cfg.Clock == nil || cfg.Audit == nil {
		return errors.New("mount the page of searches: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the page of searches: the app is not immutable")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Form == nil {
		cfg.Form = form.Default()
	}
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg}
	if s.layout, err = layout.New(assets, templates); err != nil {
		return fmt.Errorf("mount the page of searches: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	app.Add(fiber.MethodGet, "/search", append(before[:2:2], s.empty)...)
	app.Add(fiber.MethodPost, "/search", append(before[:2:2], s.find)...)
	app.Add(fiber.MethodPost, "/search/person", append(before[:2:2], s.person)...)
	return nil
}
