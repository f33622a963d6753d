package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type callUpInput struct {
	AtCounter
	Body struct {
		Encounter string `json:"encounter,omitempty" maxLength:"36" doc:"Empty: the first that waits"`
	}
}

// callUp opens an encounter that waits; it answers with the view.
func callUp(s *counter.Service) func(context.Context, *callUpInput) (counter.View, error) {
	return func(ctx context.Context, in *callUpInput) (counter.View, error) {
		var id border.ID
		if err := id.UnmarshalText([]byte(in.Body.Encounter)); err != nil {
			return counter.View{}, err
		}
		who, err := badge(ctx)
		if err != nil {
			return counter.View{}, err
		}
		if err := s.CallUp(ctx, in.Counter, id, who); err != nil {
			return counter.View{}, err
		}
		return s.View(in.Counter)
	}
}
