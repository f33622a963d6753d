package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/lists"
	"garita/border/register"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// standing is what the overview shows, as the lists and the register say it.
type standing struct {
	Held      *lists.Held // nil: no release yet
	Entries   int         // of the list in force at the hub
	Sources   []lists.SourceView
	Stations  []register.Station
	Chased    []lists.Chased
	Ahead     []border.StationID
	Steps     []lists.Step
	Previews  []lists.Preview
	Proposals int // that wait for a second person
}

// How many rows the overview shows.
const (
	stepRows     = 15
	previewRows  = 10
	proposalRows = 100
)

// overview shows what is in force, and who holds it.
func (s *screen) overview(c *fiber.Ctx) error {
	p, err := s.overviewPage(layout.Printer(c))
	if err != nil {
		return err
	}
	p.Done = saidDone(c)
	return s.send(c, p)
}

func (s *screen) overviewPage(w *i18n.Printer) (page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	v, err := s.standing(ctx)
	if err != nil {
		return page{}, err
	}
	o := overviewOf(w, v, s.cfg.Clock.Now())
	return page{Title: w.T("The national list"), Where: "overview", Overview: &o}, nil
}

func (s *screen) standing(ctx context.Context) (v standing, err error) {
	if held, ok := s.cfg.Lists.Held(); ok {
		v.Held, v.Entries = &held, held.List.Len()
	}
	if v.Sources, err = s.cfg.Lists.Sources(ctx); err != nil {
		return v, err
	}
	if v.Stations, err = s.cfg.Register.Stations(ctx); err != nil {
		return v, err
	}
	reports := make(map[border.StationID][]border.ListReport, len(v.Stations))
	for i := range v.Stations {
		reports[v.Stations[i].Station] = v.Stations[i].Lists
	}
	if v.Chased, err = s.cfg.Lists.Chase(ctx, reports); err != nil {
		return v, err
	}
	if v.Ahead, err = s.cfg.Lists.Ahead(ctx, reports); err != nil {
		return v, err
	}
	if v.Steps, err = s.cfg.Lists.Steps(ctx, stepRows); err != nil {
		return v, err
	}
	if v.Previews, err = s.cfg.Lists.Previews(ctx, previewRows); err != nil {
		return v, err
	}
	waiting, err := s.cfg.Lists.Proposals(ctx, false, proposalRows)
	v.Proposals = len(waiting)
	return v, err
}
