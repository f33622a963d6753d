package api

import (
	"context"

	"garita/border"
	"garita/border/access"
)

// Crossings finds the event of a crossing: border/journal.
type Crossings interface {
	Crossing(ctx context.Context, id border.ID) (border.Event, error)
}

type crossingInput struct {
	Crossing string `path:"crossing" format:"uuid"`
}

// getRecord returns the open header of a recorded crossing.
func getRecord(c Crossings, told audited) func(context.Context, *crossingInput) (border.Header, error) {
	return func(ctx context.Context, in *crossingInput) (border.Header, error) {
		id, err := border.ParseID(in.Crossing)
		if err != nil {
			return border.Header{}, err
		}
		if err := told.read(ctx, access.RecordRead, in.Crossing); err != nil {
			return border.Header{}, err
		}
		ev, err := c.Crossing(ctx, id)
		if err != nil {
			return border.Header{}, err
		}
		return ev.ReadHeader()
	}
}
