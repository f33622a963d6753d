package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

// attach keys a further document of the same person; it answers with the view.
func attach(s *counter.Service) func(context.Context, *particularsInput) (counter.View, error) {
	return func(ctx context.Context, in *particularsInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At, id border.ID) error {
			return s.Attach(ctx, a, id, in.Body.Particulars.keyed())
		})
	}
}
