package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type selectInput struct {
	AtCounter
	Body struct {
		Encounter string `json:"encounter" format:"uuid"`
	}
}

// selectMember puts an open member of the group on the screen; it answers with the view.
func selectMember(s *counter.Service) func(context.Context, *selectInput) (counter.View, error) {
	return func(ctx context.Context, in *selectInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			id, err := border.ParseID(in.Body.Encounter)
			if err != nil {
				return err
			}
			return s.Select(ctx, a, id)
		})
	}
}
