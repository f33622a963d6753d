package auditlog

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
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/problem"
	"garita/ui/wording"
)

//go:embed *.html
var templates embed.FS

// Config says what the page works with. Audit and Clock are required.
type Config struct {
	Audit Audit
	Clock border.Clock
	Log   *slog.Logger // nil: no log
}

type screen struct {
	cfg    Config
	layout *layout.Layout
}

const (
	answerTimeout = 10 * time.Second // bounds what one answer may take
	actsShown     = 100              // of acts on one page
)

// late is when a log that has grown and is not cosigned needs a look: checkpoints come at least
// every 60 s or 100 events.
const late = 5 * time.Minute

// Mount adds the page's routes to an app, which must be made with Immutable: true. The assets
// are the operations screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Audit == nil || cfg.Clock == nil {
		return errors.New("mount the audit's page: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the audit's page: the app is not immutable")
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
		return fmt.Errorf("mount the audit's page: %w", err)
	}
	for _, method := range [...]string{fiber.MethodGet, fiber.MethodPost} {
		app.Add(method, "/audit", s.layout.Problems(cfg.Log), layout.SignedIn, s.page)
	}
	return nil
}

// page is what the page shows.
type page struct {
	Trouble     string
	Form        form
	Results     []choice
	Rows        []row
	Next        string
	Checkpoints []checkpoint
}

// form is the filter as it was written.
type form struct{ Action, Result, Station, Officer, From, To, After string }

type choice struct {
	Value, Text string
	Chosen      bool
}

type row struct{ At, Where, Act, Action, Result, Tag, Officer, Second, Object, Purpose, Reason, Session, Key string }

type checkpoint struct {
	Station, Epoch, Size, Cosigned, Age, State, Tag string
}

var results = [...]struct {
	result border.ActResult
	text   i18n.Msg
	tag    string
}{
	{"", i18n.Msg("act::Any"), ""}, {border.ActDone, i18n.Msg("act::Done"), "ok"}, {border.ActRefused, i18n.Msg("act::Refused"), "refer"}, {border.ActFailed, i18n.Msg("act::Failed"), "warn"},
	{border.ActAwaiting, i18n.Msg("Awaits a second person"), "warn"},
}

// page shows the acts that the filter chooses.
func (s *screen) page(c *fiber.Ctx) error {
	v := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	f := form{v("action"), v("result"), v("station"), v("officer"), v("from"), v("to"), v("after")}
	w, p := layout.Printer(c), page{Form: f}
	for _, r := range results {
		p.Results = append(p.Results, choice{string(r.result), w.T(r.text), string(r.result) == f.Result})
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	now := s.cfg.Clock.Now()
	logs, err := s.cfg.Audit.Checkpoints(ctx)
	if err != nil {
		return err
	}
	for i := range logs {
		p.Checkpoints = append(p.Checkpoints, checkpointOf(w, &logs[i], now))
	}
	filter, err := f.filter()
	if err == nil {
		var acts []Act
		if acts, p.Next, err = s.cfg.Audit.Acts(ctx, filter, f.After, actsShown); err == nil {
			for i := range acts {
				p.Rows = append(p.Rows, rowOf(w, &acts[i]))
			}
		}
	}
	if err != nil {
		text, status, ok := problem.OnForm(w, err)
		if !ok {
			return err
		}
		p.Trouble = text
		c.Status(status)
	}
	return s.layout.Send(c, layout.Page{Title: w.T("Audit") + " – Garita", Kind: "auditlog", Script: "page", Screen: p})
}

// filter reads the form.
func (f *form) filter() (Filter, error) {
	x := Filter{Action: f.Action, Station: border.StationID(f.Station), Officer: f.Officer}
	for _, r := range results {
		if string(r.result) == f.Result {
			x.Result = r.result
		}
	}
	var err error
	if x.From, err = moment(f.From, false); err != nil {
		return x, err
	}
	x.To, err = moment(f.To, true)
	return x, err
}

// moment reads a day or a minute, in UTC; a day as an end is its last instant.
func moment(s string, end bool) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	for _, layout := range [...]string{"2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &border.Error{Code: border.Invalid, Op: "read a time", Message: "A time is written 2026-12-31 or 2026-12-31 14:05, in UTC."}
}

func rowOf(w *i18n.Printer, a *Act) row {
	r := row{At: a.At.UTC().Format("2006-01-02 15:04:05"), Where: string(a.Key.Station), Act: wording.Act(w, access.Action(a.Action)), Action: a.Action, Result: w.T("act::Done"), Tag: "ok", Officer: a.Officer, Second: a.Second,
		Object: a.Object, Purpose: wording.Purpose(w, a.Purpose), Reason: a.Reason, Session: a.Session, Key: fmt.Sprintf("%s/%d", a.Key.Epoch, a.Key.Seq)}
	if a.Counter != "" {
		r.Where += " / " + string(a.Counter)
	}
	for _, known := range results {
		if known.result != "" && known.result == a.Result {
			r.Result, r.Tag = w.T(known.text), known.tag
		}
	}
	return r
}

// troubles are the kinds of alarm that speak against a log.
var troubles = map[string]i18n.Msg{
	"log_forked":      "The log contradicts what is held here: see the alarms",
	"log_rolled_back": "The log has gone back behind what was cosigned: see the alarms",
}

func checkpointOf(w *i18n.Printer, l *Checkpoint, now time.Time) checkpoint {
	v := checkpoint{Station: string(l.Station), Epoch: l.Epoch.String(), Size: w.Number(int(l.Size)), Cosigned: w.Number(int(l.Cosigned)), Age: "–", State: w.T("log::Proved"), Tag: "ok"}
	if !l.At.IsZero() {
		v.Age = wording.Ago(w, now.Sub(l.At))
	}
	switch {
	case l.Trouble != "":
		v.State, v.Tag = wording.Word(w, troubles, l.Trouble), "refer"
	case l.Cosigned < l.Size && (l.At.IsZero() || now.Sub(l.At) > late):
		v.State, v.Tag = w.N(int(l.Size-l.Cosigned), "{0} event is not proved yet", "{0} events are not proved yet"), "warn"
	case l.Cosigned < l.Size:
		v.State, v.Tag = w.T("log::Growing"), "none"
	}
	return v
}
