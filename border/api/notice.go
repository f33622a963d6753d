package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

// notice gives what a person who was refused is given on paper.
func notice(s *counter.Service) func(context.Context, *crossingInput) (counter.Notice, error) {
	return func(ctx context.Context, in *crossingInput) (counter.Notice, error) {
		id, err := border.ParseID(in.Crossing)
		if err != nil {
			return counter.Notice{}, err
		}
		return s.Notice(ctx, id)
	}
}
