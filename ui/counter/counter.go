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
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/training"
	"garita/ui/layout"
	"garita/ui/live"
)

//go:embed *.html
var templates embed.FS

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

// Config says what a screen works with. Service, Clock, Seconds and Audit are required.
type Config struct {
	Service   Service
	Clock     border.Clock
	Seconds   access.Seconds
	Audit     border.Auditor
	Presenter Presenter       // nil: no specimens are offered
	Papers    Papers          // nil: no papers are attached
	Training  *training.Room  // nil: there are no training counters
	Live      *live.Mux       // takes the counters as topics; nil: none
	Stop      <-chan struct{} // closed: all live streams end
	Log       *slog.Logger    // nil: no log
	Heartbeat time.Duration   // of live streams; 0: the default of package live
}

// decideTimeout bounds every request that changes something.
const decideTimeout = 10 * time.Second

type screen struct {
	cfg        Config
	layout     *layout.Layout
	script     string // address of the page's script, see event
	streams    *live.Streams
	agreements *access.Agreements
	zones      zones
	codes      []string // of countries, as the form in force knows them
	uploads    uploads
	choice     sync.Map // []Option by the list of the form that they are made of, a choices
}

// Mount adds the screen's routes to an app. The app must be made with Immutable: true: a
// string kept past its handler would else become another traveller's.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Service == nil || cfg.Clock == nil || cfg.Seconds == nil || cfg.Audit == nil {
		return errors.New("mount the counter screen: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the counter screen: the app is not immutable")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg, agreements: access.NewAgreements(cfg.Seconds, cfg.Clock), streams: live.New(live.Config{Stop: cfg.Stop, Heartbeat: cfg.Heartbeat, Log: cfg.Log})}
	s.codes = countries(cfg.Service.Form())
	if s.layout, err = layout.New(assets, templates); err != nil {
		return fmt.Errorf("mount the counter screen: %w", err)
	}
	if s.script, err = assets.URL("counter.js"); err != nil {
		return fmt.Errorf("mount the counter screen: %w", err)
	}
	assets.Mount(app)
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn, s.choose}
	add := func(method, path string, h fiber.Handler) {
		app.Add(method, path, append(before[:len(before):len(before)], h)...)
	}
	add(fiber.MethodGet, "/", s.first)
	add(fiber.MethodGet, "/counters/:counter", s.page)
	add(fiber.MethodGet, "/live/counters/:counter", s.live)
	cfg.Live.Add("/live/counters/:counter", s.feed)
	add(fiber.MethodPost, "/counters/:counter/scans", s.scan)
	add(fiber.MethodPost, "/counters/:counter/decisions", s.decide)
	add(fiber.MethodPost, "/counters/:counter/call-up", s.callUp)
	add(fiber.MethodPost, "/counters/:counter/direction", s.direction)
	s.work(add)
	s.files(add)
	if cfg.Papers != nil {
		s.paperwork(add)
	}
	add(fiber.MethodPost, "/counters/:counter/present", s.present)
	return nil
}

// work adds what officers do besides deciding, one handler a file.
func (s *screen) work(add func(method, path string, h fiber.Handler)) {
	const at = "/counters/:counter"
	add(fiber.MethodPut, at+"/answers", s.answers)
	add(fiber.MethodPost, at+"/encounters", s.open)
	add(fiber.MethodPut, at+"/particulars", s.rekey)
	add(fiber.MethodPost, at+"/documents", s.attach)
	add(fiber.MethodPost, at+"/joined", s.join)
	add(fiber.MethodPost, at+"/referrals", s.refer)
	add(fiber.MethodPost, at+"/taken", s.takeReferral)
	add(fiber.MethodPost, at+"/needs", s.need)
	add(fiber.MethodPost, at+"/needs-lifted", s.liftNeeds)
	add(fiber.MethodPost, at+"/abandoned", s.abandon)
	add(fiber.MethodPost, at+"/fingers", s.askFinger)
	add(fiber.MethodPost, at+"/fingers-cancelled", s.cancelFinger)
	add(fiber.MethodPost, at+"/fingers-not-taken", s.fingerNotTaken)
	add(fiber.MethodPost, at+"/biometrics-degraded", s.degrade)
	add(fiber.MethodPost, at+"/biometrics-restored", s.restoreBiometrics)
	add(fiber.MethodPost, at+"/late-hits", s.acknowledge)
	add(fiber.MethodPost, at+"/holder", s.hold)
	add(fiber.MethodGet, at+"/shift", s.shift)
	add(fiber.MethodGet, at+"/shift-report", s.shiftReport)
	add(fiber.MethodPost, at+"/shift", s.openShift)
	add(fiber.MethodPost, at+"/shift-closed", s.closeShift)
	add(fiber.MethodPost, at+"/group", s.openGroup)
	add(fiber.MethodPut, at+"/group/shared", s.share)
	add(fiber.MethodPost, at+"/group/list", s.list)
	add(fiber.MethodGet, at+"/group/template/:kind", s.template)
	add(fiber.MethodPost, at+"/group/selected", s.selectMember)
	add(fiber.MethodPost, at+"/group/responsible", s.responsible)
	add(fiber.MethodPost, at+"/group/decisions", s.decideGroup)
	add(fiber.MethodPost, at+"/group/closed", s.closeGroup)
	add(fiber.MethodGet, at+"/crossings/:crossing", s.standing)
	add(fiber.MethodPost, at+"/corrections", s.correct)
	add(fiber.MethodPost, at+"/extensions", s.extend)
	add(fiber.MethodGet, at+"/notices/:crossing", s.notice)
}

// paperwork adds what is done with supporting papers.
func (s *screen) paperwork(add func(method, path string, h fiber.Handler)) {
	const at = "/counters/:counter"
	add(fiber.MethodPost, at+"/paper-pieces/:upload/:offset", s.paperPiece)
	add(fiber.MethodPost, at+"/papers", s.paperKeep)
	add(fiber.MethodGet, at+"/papers/:encounter/:hash", s.paperOpen)
	add(fiber.MethodGet, at+"/papers/:encounter/:hash/pages/:page", s.paperPage)
}

// limited gives a request's work its deadline.
func limited(c *fiber.Ctx) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.UserContext(), decideTimeout)
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
	id, err := optionalID(s)
	if err == nil && id == nil {
		err = errOutOfStep
	}
	if err != nil {
		return border.ID{}, err
	}
	return *id, nil
}

// optionalID reads an id that may be missing: nil for "".
func optionalID(s string) (*border.ID, error) {
	if s == "" {
		return nil, nil
	}
	var id border.ID
	if err := id.UnmarshalText([]byte(s)); err != nil || id.IsZero() {
		return nil, errOutOfStep
	}
	return &id, nil
}

var errOutOfStep = &border.Error{Code: border.Invalid, Op: "read an id", Message: "The screen is out of step. Load the page again."}

func counterOf(c *fiber.Ctx) border.CounterID { return border.CounterID(c.Params("counter")) }
