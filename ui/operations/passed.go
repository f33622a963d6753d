package operations

import (
	"context"

	"garita/border"
	"garita/border/flows"
)

// Passed is what passed at a post today, by its own clock, as far as it may be shown.
type Passed struct {
	Post     border.PostID `json:"post"`
	Entries  flows.Number  `json:"entries"` // admitted
	Exits    flows.Number  `json:"exits"`   // departed
	Refused  flows.Number  `json:"refused"`
	Sum      flows.Number  `json:"sum"` // of all outcomes
	LastHour flows.Number  `json:"last_hour"`
	Usual    flows.Number  `json:"usual"`
	Weeks    int           `json:"weeks"` // of how many weeks it is usual; 0: nothing is yet
}

// passed tells what passed today at the posts and at all of them. small is the number below which counts are hidden;
// 0: none are, for whoever may see them all.
func (s *screen) passed(ctx context.Context, v *view, small int64) error {
	today, err := s.cfg.Register.FlowsNow(ctx)
	if border.CodeOf(err) == border.Unavailable {
		return nil
	}
	if err != nil {
		return err
	}
	if small > 0 {
		return s.publish(ctx, v, today, small)
	}
	v.Posts = []Passed{}
	for _, t := range today {
		v.Posts = append(v.Posts, Passed{Post: t.Post, Entries: flows.Number{N: t.Entries}, Exits: flows.Number{N: t.Exits}, Refused: flows.Number{N: t.Refused},
			Sum: flows.Number{N: t.Entries + t.Exits + t.Refused + t.Other}, LastHour: flows.Number{N: t.LastHour}, Usual: flows.Number{N: t.Usual}, Weeks: t.Weeks})
		v.Entries.N, v.Exits.N = v.Entries.N+t.Entries, v.Exits.N+t.Exits
	}
	return nil
}

// publish hides small numbers as the page of flows and the reports do of the same days: so the three tell no more
// together than each. The last hour and the usual are many small tables and are not told at all. Where posts have
// not all the same day, of all together only what everybody can sum is told.
func (s *screen) publish(ctx context.Context, v *view, today []flows.PostToday, small int64) error {
	told := map[string]*flows.Publication{}
	for _, t := range today {
		if told[t.Day] != nil {
			continue
		}
		grids, err := s.cfg.Register.FlowGrids(ctx, t.Day, t.Day, flows.Division{By: flows.ByGroup})
		if err != nil {
			return err
		}
		told[t.Day] = flows.Publish(grids[0], small)
	}
	v.Posts = []Passed{}
	hidden := flows.Number{Hidden: true}
	arrivals, departures := flows.Arrivals().String(), flows.Departures().String()
	for _, t := range today {
		g := told[t.Day].Groups()
		p := Passed{Post: t.Post, Entries: g.Of(t.Post, arrivals), Exits: g.Of(t.Post, departures), Refused: g.Of(t.Post, flows.Refusals().String()),
			Sum: g.Total(t.Post), LastHour: hidden, Usual: hidden, Weeks: t.Weeks}
		v.Posts = append(v.Posts, p)
		v.Entries, v.Exits = add(v.Entries, p.Entries), add(v.Exits, p.Exits)
	}
	if len(told) == 1 {
		g := told[today[0].Day].Groups()
		v.Entries, v.Exits = g.Of("", arrivals), g.Of("", departures)
	}
	return nil
}

// add sums what is shown.
func add(a, b flows.Number) flows.Number {
	if a.Hidden || b.Hidden {
		return flows.Number{Hidden: true}
	}
	return flows.Number{N: a.N + b.N}
}
