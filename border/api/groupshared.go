package api

import (
	"context"

	"garita/border/counter"
)

type sharedInput struct {
	AtCounter
	Body struct {
		Values map[string]string `json:"values" maxProperties:"64" doc:"Answers by the form's field names, at most 500 bytes each; an empty one takes an answer away"`
	}
}

// share enters answers that hold for everybody of the group; it answers with the view.
func share(s *counter.Service) func(context.Context, *sharedInput) (counter.View, error) {
	return func(ctx context.Context, in *sharedInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error { return s.Share(ctx, a, in.Body.Values) })
	}
}
