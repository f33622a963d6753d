package training

import (
	"context"
	"time"

	"garita/border"
	"garita/border/seal"
)

// history stands in for the hub: it knows the earlier crossings of the invented travellers and nothing else.
type history struct {
	clock border.Clock
	past  map[border.BlindIndex][]border.PastCrossing
}

// history writes the past of those specimens that have one.
func (r *Room) history(blinder *seal.Blinder, ids *border.IDs, shelf []Specimen) (*history, error) {
	h := &history{clock: r.cfg.Clock, past: make(map[border.BlindIndex][]border.PastCrossing)}
	now := r.cfg.Clock.Now()
	add := func(who *traveller, daysAgo int, direction string, outcome border.Outcome, granted int) error {
		id, err := ids.New()
		if err != nil {
			return err
		}
		at := now.AddDate(0, 0, -daysAgo)
		day := at.In(r.cfg.Zone)
		c := border.PastCrossing{Crossing: id, Station: stationName, Post: r.cfg.Post, OccurredAt: at, Direction: direction, Outcome: string(outcome),
			ClockState: string(border.ClockSynced), LocalDate: day.Format(time.DateOnly), Category: "visitor", Purpose: "holiday", Residence: who.state}
		if granted > 0 {
			c.DaysGranted, c.PermittedUntil = granted, day.AddDate(0, 0, granted-1).Format(time.DateOnly)
		}
		blind := blinder.Document(who.state, who.number)
		h.past[blind] = append([]border.PastCrossing{c}, h.past[blind]...) // the newest first
		return nil
	}
	for i := range shelf {
		who := &shelf[i].who
		var err error
		switch shelf[i].Kind {
		case Returning:
			for _, stay := range [...]struct{ from, to int }{{210, 198}, {64, 50}} {
				if err = add(who, stay.from, border.Entry, border.Admitted, 30); err == nil {
					err = add(who, stay.to, border.Exit, border.Departed, 0)
				}
				if err != nil {
					return nil, err
				}
			}
		case Overstayed:
			err = add(who, 47, border.Entry, border.Admitted, 30)
		default:
		}
		if err != nil {
			return nil, err
		}
	}
	return h, nil
}

// AskDocument implements [border.HubAsker].
func (h *history) AskDocument(_ context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	past := h.past[q.Blind]
	return border.DocumentAnswer{Crossings: append([]border.PastCrossing{}, past[:min(len(past), q.Limit)]...), AsOf: h.clock.Now()}, nil
}

var _ border.HubAsker = (*history)(nil)
