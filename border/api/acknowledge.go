package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type acknowledgeInput struct {
	AtCounter
	ID string `path:"late_hit" format:"uuid"`
}

// acknowledgeLateHit notes that an officer has taken a late hit in hand; it answers with the view.
func acknowledgeLateHit(s *counter.Service) func(context.Context, *acknowledgeInput) (counter.View, error) {
	return func(ctx context.Context, in *acknowledgeInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			id, err := border.ParseID(in.ID)
			if err != nil {
				return err
			}
			return s.AcknowledgeLateHit(ctx, a, id)
		})
	}
}
