package reports

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

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
	FlowDay(ctx context.Context, post border.PostID) (string, error)
	FlowCoverage(ctx context.Context, from, to string) ([]flows.Coverage, error)
}

// Config says what the pages work with. All fields but Area, Log and SmallCell are required.
type Config struct {
	Register Register
	Clock    border.Clock
	Audit    border.Auditor
	// Form has the words of the country's codes.
	Form *form.Form
	// Area is the country in the files, REF_AREA of SDMX; "": they do not say it.
	Area string
	// SmallCell is the number below which counts are hidden; 0: flows.SmallCell.
	SmallCell int64
	Log       *slog.Logger // nil: no log
}

type screen struct {
	cfg    Config
	layout *layout.Layout
}

// answerTimeout bounds what one answer may take.
const answerTimeout = 20 * time.Second

// Mount adds the pages' routes to an app, which must be made with Immutable: true. The assets
// are the operations screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Register == nil || cfg.Clock == nil || cfg.Audit == nil || cfg.Form == nil {
		return errors.New("mount the reports: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the reports: the app is not immutable")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.SmallCell == 0 {
		cfg.SmallCell = flows.SmallCell
	}
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg}
	if s.layout, err = layout.New(assets, templates); err != nil {
		return fmt.Errorf("mount the reports: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	add := func(path string, h fiber.Handler) { app.Get(path, append(before[:len(before):len(before)], h)...) }
	add("/reports", s.list)
	add("/reports/:period", s.report)
	add("/reports/:period/file", s.file)
	add("/reports/:period/posts/:post", s.report)
	return nil
}
