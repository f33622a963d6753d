package api

import (
	"context"

	"garita/border/counter"
)

type officerInput struct {
	AtCounter
	Body byOfficer
}

// takeCounter makes an officer the holder of a counter; it answers with the view.
func takeCounter(s *counter.Service) func(context.Context, *officerInput) (counter.View, error) {
	return func(ctx context.Context, in *officerInput) (counter.View, error) {
		return in.viewed(s, in.Body.Officer, func(a counter.At) error { return s.Take(ctx, a) })
	}
}
