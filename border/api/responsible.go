package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type responsibleInput struct {
	AtCounter
	Body struct {
		Minor string `json:"minor" format:"uuid" doc:"Encounter of the minor"`
		Adult string `json:"adult,omitempty" maxLength:"36" doc:"Encounter of the adult who answers for the minor; empty takes it back"`
	}
}

// responsible links a minor of the group to an adult of it; it answers with the view.
func responsible(s *counter.Service) func(context.Context, *responsibleInput) (counter.View, error) {
	return func(ctx context.Context, in *responsibleInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			minor, err := border.ParseID(in.Body.Minor)
			if err != nil {
				return err
			}
			var adult border.ID
			if err := adult.UnmarshalText([]byte(in.Body.Adult)); err != nil {
				return err
			}
			return s.Responsible(ctx, a, minor, adult)
		})
	}
}
