// Package counter is the inspector's screen: one page per counter that never navigates,
// kept up to date by a live stream, with the decision on function keys that no scanner
// sends.
package counter

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/ui"
	"garita/ui/layout"
	"garita/ui/live"
)

//go:embed *.html
var templates embed.FS

// Service is the station as the screen uses it: [counter.Service]. It is an interface
// here because the screen's tests show states that a real station reaches only through
// faults.
type Service interface {
	Counters() []border.CounterID
	View(c border.CounterID) (counter.View, error)
	Subscribe(c border.CounterID) (<-chan struct{}, func(), error)
	Scan(ctx context.Context, scan border.Scan) error
	Decide(ctx context.Context, d counter.Decision) (counter.Recorded, error)
	CallUp(ctx context.Context, c border.CounterID, encounter border.ID, officer string) error
	SetDirection(ctx context.Context, c border.CounterID, direction, officer string) error
	Officers() []counter.Officer
}

// Presenter puts specimen documents of invented travellers on a counter's reader. Only
// the demo has one.
type Presenter interface {
	Specimens(ctx context.Context) ([]Specimen, error)
	// Present puts the specimen with that index on the reader.
	Present(ctx context.Context, counter border.CounterID, index int) error
}

// Specimen describes a specimen document in plain words.
type Specimen struct {
	Label string `json:"label"` // who and what: "Utopian passport, valid"
	Note  string `json:"note"`  // what is special about it; "" if nothing
}

// Config says what a screen works with. Service and Clock are required.
type Config struct {
	Service   Service
	Clock     border.Clock
	Presenter Presenter       // nil: no specimens are offered
	Stop      <-chan struct{} // closed: all live streams end
	Hosts     []string        // names, besides addresses and localhost, under which browsers reach this station
	Log       *slog.Logger    // nil: no log
	Heartbeat time.Duration   // of live streams; 0: the default of package live
}

// decideTimeout bounds every request that changes something.
const decideTimeout = 10 * time.Second

type screen struct {
	cfg     Config
	layout  *layout.Layout
	streams *live.Streams
	zones   zones
}

// Mount adds the screen's routes to an app. The app must be made with Immutable: true: a
// string kept past its handler would else become another traveller's.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Service == nil || cfg.Clock == nil {
		return errors.New("mount the counter screen: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the counter screen: the app is not immutable")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg, streams: live.New(live.Config{Stop: cfg.Stop, Heartbeat: cfg.Heartbeat, Log: cfg.Log})}
	if s.layout, err = layout.New(assets, templates); err != nil {
		return fmt.Errorf("mount the counter screen: %w", err)
	}
	assets.Mount(app)
	before := []fiber.Handler{layout.Headers, s.layout.Problems(cfg.Log), layout.Guard(cfg.Hosts...)}
	add := func(method, path string, h fiber.Handler) {
		app.Add(method, path, append(before[:len(before):len(before)], h)...)
	}
	add(fiber.MethodGet, "/", s.first)
	add(fiber.MethodGet, "/counters/:counter", s.page)
	add(fiber.MethodGet, "/live/counters/:counter", s.live)
	add(fiber.MethodPost, "/counters/:counter/scans", s.scan)
	add(fiber.MethodPost, "/counters/:counter/decisions", s.decide)
	add(fiber.MethodPost, "/counters/:counter/call-up", s.callUp)
	add(fiber.MethodPost, "/counters/:counter/direction", s.direction)
	if cfg.Presenter != nil {
		add(fiber.MethodPost, "/counters/:counter/present", s.present)
	}
	return nil
}

// done is the answer to a request that did what it was asked.
type done struct {
	Text string `json:"text"` // for the screen's message line; no personal data
}

// body reads a JSON or form body.
func body(c *fiber.Ctx, into any) error {
	if err := c.BodyParser(into); err != nil {
		return &border.Error{Code: border.Invalid, Op: "read a request", Err: errors.New("body of another shape")}
	}
	return nil
}

// encounterID reads an encounter's id from a request.
func encounterID(s string) (border.ID, error) {
	var id border.ID
	if err := id.UnmarshalText([]byte(s)); err != nil || id.IsZero() {
		return border.ID{}, &border.Error{Code: border.Invalid, Op: "read an encounter's id",
			Message: "The screen is out of step. Load the page again."}
	}
	return id, nil
}

func counterOf(c *fiber.Ctx) border.CounterID { return border.CounterID(c.Params("counter")) }
