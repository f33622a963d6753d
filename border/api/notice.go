package api

import (
	"context"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

// notice gives what a person who was refused is given on paper.
func notice(s *counter.Service, told audited) func(context.Context, *crossingInput) (counter.Notice, error) {
	return func(ctx context.Context, in *crossingInput) (counter.Notice, error) {
		id, err := border.ParseID(in.Crossing)
		if err != nil {
			return counter.Notice{}, err
		}
		if err := told.read(ctx, access.RecordRead, in.Crossing); err != nil {
			return counter.Notice{}, err
		}
		return s.Notice(ctx, id)
	}
}
