// Package flows is the hub's page of flows: how many crossed where, today beside the usual, over time and by
// what they were; who is inside, and who is beyond the last day permitted. It shows counts only, and to
// whoever may see aggregates only no small ones.
package flows

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/flows"
	"garita/border/form"
	"garita/ui/layout"
)

//go:embed *.html
var templates embed.FS

// Register answers questions about flows; [garita/border/register.Register] is the real one.
type Register interface {
	FlowGrids(ctx context.Context, from, to string, by ...flows.Division) ([]flows.Grid, error)
	FlowsBy(ctx context.Context, q flows.Question, d flows.Dimension) (flows.Table, error)
	FlowSeries(ctx context.Context, q flows.Question, step flows.Step) ([]flows.Point, error)
	FlowDay(ctx context.Context, post border.PostID) (string, error)
	FlowsToday(ctx context.Context, post border.PostID, g flows.Group) (flows.Today, error)
	FlowCoverage(ctx context.Context, from, to string) ([]flows.Coverage, error)
	Presence(ctx context.Context) (flows.Presence, error)
}

// Config says what the page works with. Register, Clock and Audit are required.
type Config struct {
	Register  Register
	Clock     border.Clock
	Audit     border.Auditor
	Form      *form.Form               // the country's, for the words of codes; nil: the one that ships
	Area      string                   // the country in its files, REF_AREA of SDMX; "": they do not say it
	Names     map[border.PostID]string // of posts; one without is known by its id
	SmallCell int64                    // below it a count may point at a person; 0: the usual
	Log       *slog.Logger             // nil: no log
}

type screen struct {
	cfg    Config
	layout *layout.Layout
}

// Mount adds the page's routes to an app, which must be made with Immutable: true. The assets are the
// operations screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Register == nil || cfg.Clock == nil || cfg.Audit == nil {
		return errors.New("mount the page of flows: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the page of flows: the app is not immutable")
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
		return fmt.Errorf("mount the page of flows: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	app.Add(fiber.MethodGet, "/flows", append(before[:2:2], s.page)...)
	app.Add(fiber.MethodGet, "/flows/csv", append(before[:2:2], s.file)...)
	return nil
}
