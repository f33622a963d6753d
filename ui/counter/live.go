package counter

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"garita/border/counter"
	"garita/ui/live"
)

// event is what the live stream carries: the view for programs, and the same rendered for
// the page, which puts each region of it in its place.
type event struct {
	Revision uint64       `json:"revision"`
	View     counter.View `json:"view"`
	HTML     string       `json:"html"`
}

// live streams one counter's view: event "view" with the newest one, whole. It is sent
// again within a heartbeat when only its words changed, such as an age.
func (s *screen) live(c *fiber.Ctx) error {
	id := counterOf(c)
	return s.streams.Serve(c, func() (live.Feed, error) {
		changed, cancel, err := s.cfg.Service.Subscribe(id)
		if err != nil {
			return live.Feed{}, err
		}
		var revision uint64
		var shown []byte // last panel sent
		next := func(context.Context) (live.Frame, bool, error) {
			v, err := s.cfg.Service.View(id)
			if err != nil {
				return live.Frame{}, false, err
			}
			html, err := s.layout.Fragment("panel", s.panel(v))
			if err != nil {
				return live.Frame{}, false, err
			}
			if v.Revision == revision && bytes.Equal(html, shown) {
				return live.Frame{}, false, nil
			}
			revision, shown = v.Revision, html
			data, err := json.Marshal(event{Revision: v.Revision, View: v, HTML: string(html)})
			return live.Frame{Event: "view", Revision: v.Revision, Data: data}, err == nil, err
		}
		return live.Feed{Changed: changed, Next: next, Close: cancel}, nil
	})
}
