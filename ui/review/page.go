package review

import (
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/problem"
	"garita/ui/wording"
)

//go:embed *.html
var templates embed.FS

// Config says what the page works with. Reviews and Clock are required.
type Config struct {
	Reviews Reviews
	Clock   border.Clock
	Log     *slog.Logger // nil: no log
}

type screen struct {
	cfg    Config
	layout *layout.Layout
}

const (
	answerTimeout = 10 * time.Second // bounds what one answer may take
	rowsShown     = 50
)

// Mount adds the page's routes to an app, which must be made with Immutable: true. The assets
// are the operations screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Reviews == nil || cfg.Clock == nil {
		return errors.New("mount the reviews' page: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the reviews' page: the app is not immutable")
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
		return fmt.Errorf("mount the reviews' page: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log), layout.SignedIn}
	app.Get("/review", append(before[:len(before):len(before)], s.list)...)
	app.Post("/review/:review", append(before[:len(before):len(before)], s.decide)...)
	return nil
}

// page is what the page shows.
type page struct {
	Done, Trouble string
	Over          bool // shows what was reviewed
	Total         int
	Rows          []row
	Offset, Next  int
	Work          bool   // who looks may decide
	Of, Words     string // the review whose note was not accepted, and the note, which stays
}

// row is one review in words. Its ID is that of the register, spelled as one element of a path.
type row struct {
	ID, What, Why, Where, When, Ago, Officer, About, Reason string
	Alarmed, Open, FollowUp                                 bool
	Verdict, By, Note                                       string
}

func rowOf(w *i18n.Printer, r *Review, now time.Time) row {
	v := row{ID: base64.RawURLEncoding.EncodeToString([]byte(r.ID)), What: r.Action, Why: w.T("No second person could be reached"), Where: string(r.Station), When: wording.At(w, r.At, now), Ago: wording.Ago(w, now.Sub(r.At)),
		Officer: r.Officer, Reason: r.Reason, Alarmed: r.Alarmed, Open: r.Verdict == "", FollowUp: r.Verdict == FollowUp, By: r.By, Note: r.Note}
	if act := wording.Act(w, access.Action(r.Action)); act != "" {
		v.What = act
	}
	if r.Kind == "overdue" {
		v.Why = w.T("By an officer whose roster had expired")
	}
	if r.Counter != "" {
		v.Where += " / " + string(r.Counter)
	}
	if r.Crossing != nil {
		v.About = r.Crossing.String()
	}
	switch r.Verdict {
	case Fine:
		v.Verdict = w.T("review::Fine")
	case FollowUp:
		v.Verdict = w.T("review::Follow up")
	}
	return v
}

// list shows what awaits a review; with ?done what was reviewed.
func (s *screen) list(c *fiber.Ctx) error {
	return s.send(c, page{Over: c.Query("done") != ""})
}

func (s *screen) send(c *fiber.Ctx, p page) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	offset, err := strconv.Atoi(c.Query("offset", "0"))
	if err != nil || offset < 0 {
		offset = 0
	}
	list, total, err := s.cfg.Reviews.Reviews(ctx, p.Over, offset, rowsShown)
	if err != nil {
		return err
	}
	w, now := layout.Printer(c), s.cfg.Clock.Now()
	p.Total, p.Offset, p.Work = total, offset, access.From(c.UserContext()).May(access.ReviewDecide)
	for i := range list {
		p.Rows = append(p.Rows, rowOf(w, &list[i], now))
	}
	if offset+len(list) < total && len(list) > 0 {
		p.Next = offset + len(list)
	}
	return s.layout.Send(c, layout.Page{Title: w.T("Reviews") + " – Garita", Kind: "review", Script: "page", Screen: p})
}

// decide notes what a reviewer found.
func (s *screen) decide(c *fiber.Ctx) error {
	id, err := base64.RawURLEncoding.DecodeString(c.Params("review"))
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: "decide a review", Message: "There is no such review."}
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	verdict, note := Verdict(c.FormValue("verdict")), strings.TrimSpace(c.FormValue("note"))
	switch {
	case verdict != Fine && verdict != FollowUp:
		err = &border.Error{Code: border.Invalid, Op: "decide a review", Message: "Say whether it was fine."}
	case verdict == FollowUp && note == "":
		err = &border.Error{Code: border.Invalid, Op: "decide a review", Message: "Say what is to be followed up."}
	default:
		err = s.cfg.Reviews.Decide(ctx, string(id), verdict, note)
	}
	if err != nil {
		text, status, ok := problem.OnForm(layout.Printer(c), err)
		if !ok {
			return err
		}
		c.Status(status)
		return s.send(c, page{Trouble: text, Of: c.Params("review"), Words: note})
	}
	return s.send(c, page{Done: layout.Printer(c).T("Noted.")})
}
