package api

import (
	"context"

	"garita/border/counter"
)

// closeGroup ends the group at a counter; it answers with the view.
func closeGroup(s *counter.Service) func(context.Context, *AtCounter) (counter.View, error) {
	return func(ctx context.Context, in *AtCounter) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error { return s.CloseGroup(ctx, a) })
	}
}
