package api

import (
	"context"

	"garita/border/counter"
)

type directionInput struct {
	AtCounter
	Body struct {
		Direction string `json:"direction" enum:"entry,exit"`
		Officer   string `json:"officer" maxLength:"40" doc:"Badge number"`
	}
}

// setDirection changes between entry and exit; it answers with the view.
func setDirection(s *counter.Service) func(context.Context, *directionInput) (counter.View, error) {
	return func(ctx context.Context, in *directionInput) (counter.View, error) {
		if err := s.SetDirection(ctx, in.Counter, in.Body.Direction, in.Body.Officer); err != nil {
			return counter.View{}, err
		}
		return s.View(in.Counter)
	}
}
