package counter

import (
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
	p, err := s.pageData(c, v)
	if err != nil {
		return err
	}
	return s.layout.Send(c, layout.Page{Lang: "en", Title: "Counter " + string(v.Counter) + " – Garita", Kind: "counter", Screen: p})
}

func (s *screen) pageData(c *fiber.Ctx, v counter.View) (pageData, error) {
	p := pageData{
		Panel: s.panel(v), Counter: v.Counter, Counters: s.cfg.Service.Counters(), Officers: s.cfg.Service.Officers(),
		Grounds: grounds(),
	}
	if s.cfg.Presenter != nil {
		all, err := s.cfg.Presenter.Specimens(c.Context())
		if err != nil {
			return pageData{}, err
		}
		p.Specimens = all
	}
	return p, nil
}
