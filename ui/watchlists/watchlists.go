// Package watchlists is the hub's pages about its lists: what is in force and which station
// holds it, imports with what they would do, entries by hand with a second person, and why a
// traveller is or is not somebody on the list.
//
// They are plain forms, answered with whole pages, because they show people: whom a page is
// about travels in bodies, never in addresses, and is never stored by a browser.
package watchlists

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/lists"
	"garita/border/register"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/problem"
)

//go:embed *.html
var templates embed.FS

// Config says what the pages work with. Lists, Register, Clock, Seconds and Audit are required.
type Config struct {
	Lists    *lists.Keeper
	Register *register.Register
	Clock    border.Clock
	Seconds  access.Seconds
	Audit    border.Auditor
	// Imports is a folder of the hub whose files can be chosen for an import, and where
	// uploaded ones lie until they are read; "": nothing can be imported.
	Imports string
	Log     *slog.Logger // nil: no log
}

type screen struct {
	cfg        Config
	layout     *layout.Layout
	agreements *access.Agreements
	// reading: one file is read at a time, for a big one takes a core and some hundred megabytes.
	reading sync.Mutex
	// uploading: pieces are appended one at a time.
	uploading sync.Mutex
}

// Times that one answer may take.
const (
	readTimeout   = 5 * time.Second
	decideTimeout = 2 * time.Minute // a release of a million entries is made in it
	importTimeout = 15 * time.Minute
)

// Mount adds the pages' routes to an app, which must be made with Immutable: true. The assets
// are the operations screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Lists == nil || cfg.Register == nil || cfg.Clock == nil || cfg.Seconds == nil || cfg.Audit == nil {
		return errors.New("mount the lists' pages: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the lists' pages: the app is not immutable")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg, agreements: access.NewAgreements(cfg.Seconds, cfg.Clock)}
	if s.layout, err = layout.New(assets, templates); err != nil {
		return fmt.Errorf("mount the lists' pages: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	add := func(method, path string, h fiber.Handler) {
		app.Add(method, path, append(before[:len(before):len(before)], h)...)
	}
	add(fiber.MethodGet, "/lists", s.overview)
	add(fiber.MethodPost, "/lists/epoch", s.beginEpoch)
	add(fiber.MethodGet, "/lists/import", s.importForm)
	add(fiber.MethodPost, "/lists/import", s.read)
	add(fiber.MethodPost, "/lists/uploads/:upload/:name", s.upload)
	add(fiber.MethodGet, "/lists/imports/:import", s.preview)
	add(fiber.MethodPost, "/lists/imports/:import/confirm", s.confirm)
	add(fiber.MethodPost, "/lists/imports/:import/discard", s.discard)
	add(fiber.MethodGet, "/lists/entries", s.entries)
	add(fiber.MethodPost, "/lists/entries", s.entry)
	add(fiber.MethodPost, "/lists/proposals", s.propose)
	add(fiber.MethodPost, "/lists/proposals/:proposal/:decision", s.decide)
	add(fiber.MethodGet, "/lists/explain", s.explainForm)
	add(fiber.MethodPost, "/lists/explain", s.explain)
	return nil
}

// page is what a page shows: its own part, and what the last action came to.
type page struct {
	Title   string // of the page, its first heading
	Where   string // of the pages of lists: overview, import, entries, explain
	Done    string // what has been done
	Trouble string // why it has not

	Overview *overviewPage
	Import   *importPage
	Preview  *previewPage
	Entries  *entriesPage
	Explain  *explainPage
}

func (s *screen) send(c *fiber.Ctx, p page) error {
	return s.layout.Send(c, layout.Page{Title: p.Title + " – Garita", Kind: "watchlists", Screen: p})
}

// failed shows a page again with what went wrong on it; what people had entered stays. A fault
// of ours goes on as an error.
func (s *screen) failed(c *fiber.Ctx, p page, err error) error {
	text, status, ok := problem.OnForm(layout.Printer(c), err)
	if !ok {
		return err
	}
	p.Trouble = text
	c.Status(status)
	return s.send(c, p)
}

// done leads back to a page after something has been done, so that loading it again does not
// do it twice. What the page then says is one of a few words.
func done(c *fiber.Ctx, to, what string) error {
	return c.Redirect(to+"?done="+what, fiber.StatusSeeOther)
}

// doneWords are what those words stand for.
var doneWords = map[string]i18n.Msg{
	"confirmed": "The import is in force.", "discarded": "The import is discarded. Nothing has changed.",
	"approved": "Approved: the change is in force.", "rejected": "Rejected: nothing has changed.", "taken-back": "Taken back: nothing has changed.",
	"proposed": "Proposed. Another person has to approve it below.", "epoch": "A new epoch of the list has begun. Stations take it as they call.",
}

// saidDone puts the word of an address into the reader's language; "" for none of ours.
func saidDone(c *fiber.Ctx) string {
	if m := doneWords[c.Query("done")]; m != "" {
		return layout.Printer(c).T(m)
	}
	return ""
}

// badge is that of who is signed in.
func badge(c *fiber.Ctx) string { return access.From(c.UserContext()).Badge }

// reads tells that who is signed in reads about listed persons, before anything is given.
func (s *screen) reads(c *fiber.Ctx, object string) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), readTimeout)
	defer cancel()
	return access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.ListsRead), Object: object})
}

// did tells what came of an act, err, and returns err, or why it could not be told.
func (s *screen) did(c *fiber.Ctx, act border.Act, err error) error {
	if err != nil {
		act.Result, act.Reason = border.ActFailed, string(border.CodeOf(err))
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), readTimeout)
	defer cancel()
	return errors.Join(err, access.Told(ctx, s.cfg.Audit, act))
}
