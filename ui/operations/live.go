package operations

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border/access"
	"garita/ui/layout"
	"garita/ui/live"
)

// gap is the shortest time between two states on one stream: under load a person reads
// four a second no better than a hundred, and each one is painted anew.
const gap = 250 * time.Millisecond

// event is what the live stream carries; see ui/counter for the same at a counter.
type event struct {
	Revision uint64 `json:"revision"` // counts the states of this one stream
	HTML     string `json:"html"`
}

// live streams the screen: event "view" with the newest state, whole.
func (s *screen) live(c *fiber.Ctx) error {
	return s.streams.Serve(c, func() (live.Feed, error) { return s.feed(c, "") })
}

// feed is the screen in the language and for the roles of who asks.
func (s *screen) feed(c *fiber.Ctx, _ string) (live.Feed, error) {
	roles, p := access.From(c.UserContext()).Roles, layout.Printer(c)
	changed, cancel := s.cfg.Register.Subscribe()
	pages := s.layout.In(p)
	painted := s.screens.of(p.Lang(), roles, func(ctx context.Context) ([]byte, error) {
		v, err := s.view(ctx, roles)
		if err != nil {
			return nil, err
		}
		return pages.Fragment("panel", s.panel(p, &v, s.cfg.Clock.Now()))
	})
	var revision uint64
	var shown []byte
	next := func(ctx context.Context) (live.Frame, bool, error) {
		html, err := painted.get(ctx)
		if err != nil || bytes.Equal(html, shown) {
			return live.Frame{}, false, err
		}
		shown = html
		revision++
		data, err := json.Marshal(event{Revision: revision, HTML: string(html)})
		return live.Frame{Event: "view", Revision: revision, Data: data}, err == nil, err
	}
	return live.Feed{Changed: changed, Next: next, Close: cancel, MinGap: gap}, nil
}
