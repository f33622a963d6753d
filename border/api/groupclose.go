package api

import (
	"context"

	"garita/border/counter"
)

// closeGroup ends the group at a counter; it answers with the view.
func closeGroup(s *counter.Service) func(context.Context, *officerInput) (counter.View, error) {
	return func(ctx context.Context, in *officerInput) (counter.View, error) {
		return in.viewed(s, in.Body.Officer, func(a counter.At) error { return s.CloseGroup(ctx, a) })
	}
}
