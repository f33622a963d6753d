// Package operations is the hub's screen: what is silent or late, what alarms, and the
// crossings of all stations as they arrive. It shows open headers only: nobody's name is
// on it.
package operations

import (
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/register"
	"garita/ui/layout"
	"garita/ui/live"
)

//go:embed *.html
var templates embed.FS

// Config says what the screen works with. Register, Clock and Audit are required.
type Config struct {
	Register  *register.Register
	Clock     border.Clock
	Audit     border.Auditor
	Stop      <-chan struct{} // closed: all live streams end
	Log       *slog.Logger    // nil: no log
	Heartbeat time.Duration   // of live streams; 0: the default of package live
}

type screen struct {
	cfg     Config
	layout  *layout.Layout
	streams *live.Streams
}

// Mount adds the screen's routes to an app, which must be made with Immutable: true.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Register == nil || cfg.Clock == nil || cfg.Audit == nil {
		return errors.New("mount the hub's screen: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the hub's screen: the app is not immutable")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg, streams: live.New(live.Config{Stop: cfg.Stop, Heartbeat: cfg.Heartbeat, Log: cfg.Log})}
	if s.layout, err = layout.New(assets, templates); err != nil {
		return fmt.Errorf("mount the hub's screen: %w", err)
	}
	assets.Mount(app)
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	add := func(method, path string, h fiber.Handler) {
		app.Add(method, path, append(before[:len(before):len(before)], h)...)
	}
	add(fiber.MethodGet, "/", s.page)
	add(fiber.MethodGet, "/live/operations", s.live)
	add(fiber.MethodPost, "/alarms/:alarm/acknowledge", s.acknowledge)
	return nil
}
