package counter

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/ui/layout"
)

// pageData is the whole page: the live panel and what stays as it is.
type pageData struct {
	Panel     Panel
	Counter   border.CounterID
	Counters  []border.CounterID
	Officers  []counter.Officer
	Specimens []Specimen
	Grounds   []Ground
}

// page shows one counter.
func (s *screen) page(c *fiber.Ctx) error {
	v, err := s.cfg.Service.View(counterOf(c))
	if err != nil {
		return err
	}
	return s.layout.Send(c, layout.Page{Lang: "en", Title: "Counter " + string(v.Counter) + " – Garita", Kind: "counter", Screen: s.pageData(v)})
}

// specimenTimeout bounds how long a page waits for the demo.
const specimenTimeout = 2 * time.Second

func (s *screen) pageData(v counter.View) pageData {
	p := pageData{
		Panel: s.panel(v), Counter: v.Counter, Counters: s.cfg.Service.Counters(), Officers: s.cfg.Service.Officers(),
		Grounds: grounds(),
	}
	if s.cfg.Presenter != nil {
		ctx, cancel := context.WithTimeout(context.Background(), specimenTimeout)
		defer cancel()
		all, err := s.cfg.Presenter.Specimens(ctx)
		if err != nil {
			// The page works without them; presenting one says why it does not.
			s.cfg.Log.Warn("no specimens to offer", "error", err)
		}
		p.Specimens = all
	}
	return p
}
