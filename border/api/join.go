package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type joinInput struct {
	AtCounter
	Body struct {
		Encounter string `json:"encounter" format:"uuid" doc:"The open encounter"`
		Waiting   string `json:"waiting" format:"uuid" doc:"The encounter in the queue whose document belongs to the open one"`
	}
}

// join puts the document of a waiting encounter to the open one; it answers with the view.
func join(s *counter.Service) func(context.Context, *joinInput) (counter.View, error) {
	return func(ctx context.Context, in *joinInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			open, err := border.ParseID(in.Body.Encounter)
			if err != nil {
				return err
			}
			waiting, err := border.ParseID(in.Body.Waiting)
			if err != nil {
				return err
			}
			return s.Join(ctx, a, open, waiting)
		})
	}
}
