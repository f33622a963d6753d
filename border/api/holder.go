package api

import (
	"context"

	"garita/border/counter"
)

// takeCounter makes an officer the holder of a counter; it answers with the view.
func takeCounter(s *counter.Service) func(context.Context, *AtCounter) (counter.View, error) {
	return func(ctx context.Context, in *AtCounter) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error { return s.Take(ctx, a) })
	}
}
