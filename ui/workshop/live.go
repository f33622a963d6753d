package workshop

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/layout"
	"garita/ui/live"
)

// gap is the shortest time between two states on one stream: a scanner that comes and
// goes without end is read no better at a hundred a second.
const gap = 100 * time.Millisecond

// event is what the live stream carries; garita device watch reads it too.
type event struct {
	Revision uint64 `json:"revision"` // counts the states of this one stream
	View     view   `json:"view"`
	HTML     string `json:"html"`
}

type view struct {
	Scanners []border.ScannerDetail `json:"scanners"`
}

// live streams the screen: event "view" with the newest state, whole.
func (s *screen) live(c *fiber.Ctx) error {
	return s.streams.Serve(c, func() (live.Feed, error) { return s.feed(c, "") })
}

// feed is what one stream shows to who asks.
func (s *screen) feed(c *fiber.Ctx, _ string) (live.Feed, error) {
	to := layout.Printer(c)
	in := s.layout.In(to)
	roles := access.From(c.UserContext()).Roles
	changed, cancel := s.cfg.Scanners.Subscribe()
	var revision uint64
	var shown []byte
	next := func(ctx context.Context) (live.Frame, bool, error) {
		p := s.panel(ctx, to)
		html, err := in.Fragment("panel", p)
		if err != nil {
			return live.Frame{}, false, err
		}
		if bytes.Equal(html, shown) {
			return live.Frame{}, false, nil
		}
		shown = html
		revision++
		data, err := json.Marshal(event{Revision: revision, View: access.Redact(view{p.all}, roles), HTML: string(html)})
		return live.Frame{Event: "view", Revision: revision, Data: data}, err == nil, err
	}
	return live.Feed{Changed: changed, Next: next, Close: cancel, MinGap: gap}, nil
}
