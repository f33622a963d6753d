// Package operations is the hub's screen: what is silent or late, what alarms, and the
// crossings of all stations as they arrive. It shows open headers only: nobody's name is
// on it.
package operations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/cases"
	"garita/border/flows"
	"garita/border/form"
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
	Live      *live.Mux       // takes the screen as a topic; nil: none
	Stop      <-chan struct{} // closed: all live streams end
	Log       *slog.Logger    // nil: no log
	Heartbeat time.Duration   // of live streams; 0: the default of package live

	// Hits counts the cases; nil: they are not shown.
	Hits func(context.Context) (cases.Counts, error)
	// List gives the list in force, nil while there is none; nil: lists are not compared.
	List func() *List
	// Files lists the stations whose files (portraits, papers) have not all arrived; nil: they are not shown.
	Files func(context.Context) ([]Pending, error)
	// Posts names the posts and says where they are, for the map; those that it does not name are
	// known by their ids.
	Posts []Place
	// SmallCell is the number below which counts of travellers are hidden from whoever may see aggregates only; 0: the
	// usual.
	SmallCell int64
	// Form is the country's, for the words of codes; nil: the one that ships.
	Form *form.Form
}

// Place is a post as the hub's configuration names it.
type Place struct {
	ID   border.PostID `toml:"id"`
	Name string        `toml:"name"`
	// Lat and Lon are degrees (WGS 84); both 0: it is on no map.
	Lat float64 `toml:"lat"`
	Lon float64 `toml:"lon"`
}

type screen struct {
	cfg     Config
	layout  *layout.Layout
	ground  *Ground // nil: no post has a place
	streams *live.Streams
	screens screens
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
	if cfg.SmallCell == 0 {
		cfg.SmallCell = flows.SmallCell
	}
	if cfg.Form == nil {
		cfg.Form = form.Default()
	}
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg, streams: live.New(live.Config{Stop: cfg.Stop, Heartbeat: cfg.Heartbeat, Log: cfg.Log})}
	if s.ground, err = groundOf(cfg.Posts); err != nil {
		return fmt.Errorf("mount the hub's screen: %w", err)
	}
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
	cfg.Live.Add("/live/operations", s.feed)
	add(fiber.MethodPost, "/alarms/:alarm/acknowledge", s.acknowledge)
	return nil
}
