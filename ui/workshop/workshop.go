// Package workshop is the technician's screen of a station: each scanner with its state,
// the reason and what to do, what is known of it, and what can be tried. What is done on
// it goes through the same operations as everywhere (border/api).
package workshop

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui/layout"
	"garita/ui/live"
)

//go:embed page.html
var templates embed.FS

//go:embed learn.html
var learnTemplates embed.FS

// Scanners is what the screen shows. It does nothing to them: that is the API's.
type Scanners interface {
	// Scanners lists what is configured and what was found, in a stable order.
	Scanners() []border.ScannerDetail
	// Subscribe gives a channel that carries one signal after one or more changes. stop
	// gives it back.
	Subscribe() (changes <-chan struct{}, stop func())
}

// Learning is what the page of learning shows. It does nothing to it: that is the API's.
type Learning interface {
	// Learning says what is being done, and which profiles were learned here.
	Learning() border.LearningView
	// Subscribe gives a channel that carries one signal after one or more changes. stop
	// gives it back.
	Subscribe() (changes <-chan struct{}, stop func())
}

// Config says what the screen works with. Scanners, Learning and Clock are required.
type Config struct {
	Scanners Scanners
	Learning Learning
	Station  border.StationID
	Counters []border.CounterID
	Clock    border.Clock
	// Health says how the station is; it answers at once. nil: the page shows nothing of it.
	Health func(context.Context) Health
	// Measure measures the disk anew; with Health only.
	Measure   func(context.Context) error
	Live      *live.Mux       // takes the screen as a topic; nil: none
	Stop      <-chan struct{} // closed: all live streams end
	Log       *slog.Logger    // nil: no log
	Heartbeat time.Duration   // of live streams; 0: the default of package live
}

type screen struct {
	cfg     Config
	layout  *layout.Layout // of the scanners
	lessons *layout.Layout // of learning
	streams *live.Streams
}

// Mount adds the screen's routes to an app, which must be made with Immutable: true. The
// assets are the counter screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Scanners == nil || cfg.Learning == nil || cfg.Clock == nil {
		return errors.New("mount the workshop: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the workshop: the app is not immutable")
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
		return fmt.Errorf("mount the workshop: %w", err)
	}
	if s.lessons, err = layout.New(assets, learnTemplates); err != nil {
		return fmt.Errorf("mount the workshop: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	app.Add(fiber.MethodGet, "/workshop", append(before[:len(before):len(before)], s.page)...)
	app.Add(fiber.MethodPost, "/workshop/words", append(before[:len(before):len(before)], s.words)...)
	app.Add(fiber.MethodPost, "/workshop/floor", append(before[:len(before):len(before)], s.measure)...)
	app.Add(fiber.MethodGet, "/live/workshop", append(before[:len(before):len(before)], s.live)...)
	app.Add(fiber.MethodGet, "/workshop/learn", append(before[:len(before):len(before)], s.learnPage)...)
	app.Add(fiber.MethodGet, "/live/workshop/learn", append(before[:len(before):len(before)], s.learnLive)...)
	cfg.Live.Add("/live/workshop", s.feed)
	cfg.Live.Add("/live/workshop/learn", s.learnFeed)
	return nil
}

// page shows the whole screen.
func (s *screen) page(c *fiber.Ctx) error {
	p := layout.Printer(c)
	return s.layout.Send(c, layout.Page{Title: p.T("Workshop") + " – Garita", Kind: "workshop", Screen: s.panel(c.UserContext(), p)})
}

// What one question for words may hold: the notes of a scanner's last frames.
const (
	maxSaid     = 1000
	maxSaidText = 1000
)

// words puts what the API says in English into the reader's language. It knows the program's own sentences and
// tells nothing else.
func (s *screen) words(c *fiber.Ctx) error {
	var in struct {
		Texts []string `json:"texts"`
	}
	if err := json.Unmarshal(c.Body(), &in); err != nil || len(in.Texts) > maxSaid {
		return &border.Error{Code: border.Invalid, Op: "say it in the reader's language", Err: err}
	}
	p := layout.Printer(c)
	for i, text := range in.Texts {
		if len(text) <= maxSaidText {
			in.Texts[i] = said(p, text)
		}
	}
	return c.JSON(fiber.Map{"texts": in.Texts})
}

// measure measures the disk; the page shows what came of it.
func (s *screen) measure(c *fiber.Ctx) error {
	if s.cfg.Measure == nil {
		return &border.Error{Code: border.NotFound, Op: "measure the disk"}
	}
	if err := s.cfg.Measure(c.UserContext()); err != nil {
		return err
	}
	return c.JSON(fiber.Map{})
}
