// Package cases is the hub's pages about its hits: the inbox, and the case of one traveller
// and one entry with what speaks for and against, where they passed, who was told and what
// was done.
//
// They are plain forms, answered with whole pages, because they show people: whom a page is
// about never travels in an address but by the number of the case, and is never stored by a
// browser. Silent cases are shown here and nowhere else.
package cases

import (
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/cases"
	"garita/border/form"
	"garita/ui/layout"
	"garita/ui/live"
	"garita/ui/problem"
)

//go:embed *.html
var templates embed.FS

// Config says what the pages work with. Cases, Clock and Audit are required.
type Config struct {
	Cases *cases.Service
	Clock border.Clock
	Audit border.Auditor
	Files Files        // nil: nothing that posts attached is shown
	Form  *form.Form   // the country's, for the words of codes; nil: the one that ships
	Log   *slog.Logger // nil: no log

	Live      *live.Mux       // takes each case as a topic; nil: none
	Stop      <-chan struct{} // closed: all live streams end
	Heartbeat time.Duration   // of live streams; 0: the default of package live
}

type screen struct {
	cfg     Config
	layout  *layout.Layout
	streams *live.Streams
}

// answerTimeout bounds what one answer may take.
const answerTimeout = 10 * time.Second

// Mount adds the pages' routes to an app, which must be made with Immutable: true. The assets
// are the operations screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Cases == nil || cfg.Clock == nil || cfg.Audit == nil {
		return errors.New("mount the cases' pages: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the cases' pages: the app is not immutable")
	}
	if cfg.Form == nil {
		cfg.Form = form.Default()
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
		return fmt.Errorf("mount the cases' pages: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	add := func(method, path string, h fiber.Handler) {
		app.Add(method, path, append(before[:len(before):len(before)], h)...)
	}
	add(fiber.MethodGet, "/cases", s.inbox)
	add(fiber.MethodPost, "/cases", s.inbox) // a filter may hold a badge, which is no part of an address
	add(fiber.MethodGet, "/cases/:case", s.file)
	add(fiber.MethodGet, "/live/cases/:case", s.follow)
	cfg.Live.Add("/live/cases/:case", s.feed)
	add(fiber.MethodPost, "/cases/:case/act", s.act)
	add(fiber.MethodGet, "/crossings/:crossing/files/:file", s.picture)
	return nil
}

// page is what a page shows, and what the last action came to.
type page struct {
	Title   string
	Trouble string
	Inbox   *inboxPage
	File    *filePage
}

func (s *screen) send(c *fiber.Ctx, p page) error {
	return s.layout.Send(c, layout.Page{Title: p.Title + " – Garita", Kind: "cases", Screen: p})
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
