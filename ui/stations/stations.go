package stations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/stations"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/problem"
	"garita/ui/wording"
)

//go:embed *.html
var templates embed.FS

// Config says what the page works with. Keeper and Clock are required.
type Config struct {
	Keeper Keeper
	Heard  Heard // nil: not known
	Clock  border.Clock
	URL    string       // at which stations reach this hub to enrol, for the command that is shown
	Log    *slog.Logger // nil: no log
}

type screen struct {
	cfg    Config
	layout *layout.Layout
}

// answerTimeout bounds what one answer may take.
const answerTimeout = 10 * time.Second

// Mount adds the page's routes to an app, which must be made with Immutable: true. The assets
// are the operations screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Keeper == nil || cfg.Clock == nil {
		return errors.New("mount the stations' page: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the stations' page: the app is not immutable")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s := &screen{cfg: cfg}
	if s.layout, err = layout.New(assets, templates); err != nil {
		return fmt.Errorf("mount the stations' page: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	add := func(method, path string, h fiber.Handler) {
		app.Add(method, path, append(before[:len(before):len(before)], h)...)
	}
	add(fiber.MethodGet, "/stations", s.list)
	add(fiber.MethodPost, "/stations", s.add)
	add(fiber.MethodPost, "/stations/:station/rotate", s.rotate)
	add(fiber.MethodPost, "/stations/:station/replace", s.replace)
	add(fiber.MethodPost, "/stations/:station/revoke", s.revoke)
	return nil
}

func limited(c *fiber.Ctx) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.UserContext(), answerTimeout)
}

// page is what the page shows, and what the last action came to.
type page struct {
	Done, Trouble string
	Code          *invitation
	Rows          []row
	New           newStation
	Work          bool // who looks may change something
}

// invitation is a one-time code that is shown once.
type invitation struct {
	Station, Code, Command, Until string
	Seconds                       int
}

// newStation is the form to add one, as it was written.
type newStation struct{ Station, Post, Zone string }

// row is one station.
type row struct {
	ID, Post, Zone, State, Tag, Enrolled, Expires, Heard, Software, Code, Ended string
	Warnings                                                                    []string
	Invited, Revoked                                                            bool
}

var stateWords = map[stations.State]i18n.Msg{
	stations.Invited: "station::Invited", stations.Enrolled: "station::Belongs", stations.Expired: "station::Expired", stations.Revoked: "station::Revoked",
}

// stateTags are the styles of the states' tags.
var stateTags = map[stations.State]string{stations.Invited: "warn", stations.Enrolled: "ok", stations.Expired: "refer", stations.Revoked: "none"}

func rowOf(w *i18n.Printer, st *stations.Station, heard time.Time, now time.Time) row {
	r := row{ID: string(st.ID), Post: string(st.Post), Zone: st.Zone, State: wording.Word(w, stateWords, st.State), Tag: stateTags[st.State], Enrolled: wording.At(w, st.EnrolledAt, now), Expires: "–", Heard: w.T("never"),
		Software: st.Software, Invited: st.State == stations.Invited, Revoked: st.State == stations.Revoked}
	for _, warning := range st.Warnings {
		r.Warnings = append(r.Warnings, problem.Say(w, warning))
	}
	switch {
	case st.Expires.IsZero():
	case st.Expires.Before(now):
		r.Expires = wording.Ago(w, now.Sub(st.Expires))
	default:
		r.Expires = w.T("in {0}", w.Span(st.Expires.Sub(now)))
	}
	if !heard.IsZero() {
		r.Heard = wording.Ago(w, now.Sub(heard))
	}
	if !st.CodeUntil.IsZero() {
		r.Code = w.T("a code holds until {0}", wording.At(w, st.CodeUntil, now))
	}
	if r.Revoked {
		r.Ended = w.T("Revoked {0} by {1}: {2}", wording.At(w, st.RevokedAt, now), st.RevokedBy, st.Reason)
	}
	return r
}

// list shows who belongs.
func (s *screen) list(c *fiber.Ctx) error { return s.send(c, page{}) }

// send shows the page with the stations as they are now.
func (s *screen) send(c *fiber.Ctx, p page) error {
	ctx, cancel := limited(c)
	defer cancel()
	all, err := s.cfg.Keeper.All(ctx)
	if err != nil {
		return err
	}
	heard := map[border.StationID]time.Time{}
	if s.cfg.Heard != nil {
		if heard, err = s.cfg.Heard(ctx); err != nil {
			return err
		}
	}
	w, now := layout.Printer(c), s.cfg.Clock.Now()
	for i := range all {
		p.Rows = append(p.Rows, rowOf(w, &all[i], heard[all[i].ID], now))
	}
	p.Work = access.From(c.UserContext()).May(access.StationsWork)
	return s.layout.Send(c, layout.Page{Title: w.T("Stations") + " – Garita", Kind: "stations", Screen: p})
}

// failed shows the page with what went wrong; a fault of ours goes on as an error.
func (s *screen) failed(c *fiber.Ctx, p page, err error) error {
	text, status, ok := problem.OnForm(layout.Printer(c), err)
	if !ok {
		return err
	}
	p.Trouble = text
	c.Status(status)
	return s.send(c, p)
}

// by is the badge of who is signed in.
func by(c *fiber.Ctx) string {
	if p := access.From(c.UserContext()); p != nil {
		return p.Badge
	}
	return ""
}

// invited shows a code that was just made.
func (s *screen) invited(c *fiber.Ctx, i stations.Invitation, err error, p page) error {
	if err != nil {
		return s.failed(c, p, err)
	}
	now := s.cfg.Clock.Now()
	url := s.cfg.URL
	if url == "" {
		url = "HUB-URL"
	}
	return s.send(c, page{Code: &invitation{Station: string(i.Station), Code: i.Code.String(), Command: "garita-post enrol " + url + " " + i.Code.String(),
		Until: i.Expires.UTC().Format("15:04:05") + " UTC", Seconds: max(0, int(i.Expires.Sub(now).Seconds()))}})
}

// add invites a station.
func (s *screen) add(c *fiber.Ctx) error {
	n := newStation{strings.TrimSpace(c.FormValue("station")), strings.TrimSpace(c.FormValue("post")), strings.TrimSpace(c.FormValue("zone"))}
	ctx, cancel := limited(c)
	defer cancel()
	i, err := s.cfg.Keeper.Add(ctx, border.StationID(n.Station), border.PostID(n.Post), n.Zone, by(c))
	return s.invited(c, i, err, page{New: n})
}

// rotate invites a station to come with new keys.
func (s *screen) rotate(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	i, err := s.cfg.Keeper.Rotate(ctx, border.StationID(c.Params("station")), by(c))
	return s.invited(c, i, err, page{})
}

// replace invites another machine in a station's place.
func (s *screen) replace(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	i, err := s.cfg.Keeper.Replace(ctx, border.StationID(c.Params("station")), by(c))
	return s.invited(c, i, err, page{})
}

// revoke ends a station's belonging.
func (s *screen) revoke(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.cfg.Keeper.Revoke(ctx, border.StationID(c.Params("station")), c.FormValue("reason"), by(c)); err != nil {
		return s.failed(c, page{}, err)
	}
	return s.send(c, page{Done: layout.Printer(c).T("The station does not belong any more. Its connections are cut.")})
}
