package api

import (
	"context"

	"garita/border/counter"
)

type directionInput struct {
	AtCounter
	Body struct {
		Direction string `json:"direction" enum:"entry,exit"`
	}
}

// setDirection changes between entry and exit; it answers with the view.
func setDirection(s *counter.Service) func(context.Context, *directionInput) (counter.View, error) {
	return func(ctx context.Context, in *directionInput) (counter.View, error) {
		who, err := badge(ctx)
		if err != nil {
			return counter.View{}, err
		}
		if err := s.SetDirection(ctx, in.Counter, in.Body.Direction, who); err != nil {
			return counter.View{}, err
		}
		return s.View(in.Counter)
	}
}
