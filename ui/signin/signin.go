package signin

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/gate"
	"garita/ui/layout"
)

//go:embed *.html
var templates embed.FS

// Config says what the pages work with. Service, Cookie and Clock are required.
type Config struct {
	Service  Service
	Cookie   gate.Cookie
	Clock    border.Clock
	Trust    func() border.ClockTrust // of a station's clock; nil: it is the hub's own
	Counters []border.CounterID       // of the station; none: the hub
	Training []border.CounterID       // its training counters
	Log      *slog.Logger             // nil: no log
}

type screen struct {
	cfg    Config
	layout *layout.Layout
}

// answerTimeout bounds what one answer may take: checking a PIN is slow on purpose.
const answerTimeout = 10 * time.Second

// Mount adds the routes to an app, which must be made with Immutable: true. The assets are
// another screen's to mount.
func Mount(app *fiber.App, cfg Config) error {
	if cfg.Service == nil || cfg.Clock == nil || cfg.Cookie.Name() == "" {
		return errors.New("mount the pages of signing in: incomplete configuration")
	}
	if !app.Config().Immutable {
		return errors.New("mount the pages of signing in: the app is not immutable")
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
		return fmt.Errorf("mount the pages of signing in: %w", err)
	}
	before := []fiber.Handler{s.layout.Problems(cfg.Log)}
	add := func(method, path string, h fiber.Handler) {
		app.Add(method, path, append(before[:len(before):len(before)], h)...)
	}
	add(fiber.MethodGet, "/signin", s.page)
	add(fiber.MethodPost, "/signin", s.form)
	add(fiber.MethodPost, "/signout", s.leave)
	add(fiber.MethodGet, "/session", s.session)
	add(fiber.MethodPost, "/session", s.begin)
	add(fiber.MethodDelete, "/session", s.end)
	add(fiber.MethodPost, "/session/lock", s.lock)
	add(fiber.MethodPost, "/session/language", s.language)
	add(fiber.MethodPost, "/seconds", s.second)
	add(fiber.MethodPost, "/session/passkey/begin", s.beginPasskey)
	add(fiber.MethodPost, "/session/passkey/finish", s.finishPasskey)
	add(fiber.MethodPost, "/seconds/passkey/begin", s.beginSecond)
	add(fiber.MethodPost, "/seconds/passkey/finish", s.finishSecond)
	if len(cfg.Counters) == 0 {
		add(fiber.MethodPost, "/session/pin", s.changePIN)
	}
	return nil
}

// limited gives a request's work its deadline, and what the gate knows of who asks.
func limited(c *fiber.Ctx) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.UserContext(), answerTimeout)
}

// body reads a JSON body.
func body(c *fiber.Ctx, into any) error {
	if err := c.BodyParser(into); err != nil {
		return &border.Error{Code: border.Invalid, Op: "read a request", Err: errors.New("body of another shape")}
	}
	return nil
}

// principal finds who is signed in; these routes are public where somebody may not be yet.
func (s *screen) principal(ctx context.Context, c *fiber.Ctx) (*access.Principal, error) {
	if p := access.From(ctx); p != nil {
		return p, nil
	}
	token := s.cfg.Cookie.Token(c)
	if token == "" {
		return nil, &border.Error{Code: border.Unauthenticated, Op: "look who is signed in"}
	}
	return s.cfg.Service.Session(ctx, token)
}

// offered reports whether this station has that counter.
func (s *screen) offered(id border.CounterID) bool {
	return slices.Contains(s.cfg.Counters, id) || slices.Contains(s.cfg.Training, id)
}
