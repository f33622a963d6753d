package api

import (
	"context"

	"garita/border/counter"
)

type groupInput struct {
	AtCounter
	Body struct {
		Kind string `json:"kind" maxLength:"40" doc:"Code of the form's list group_kinds"`
	}
}

// openGroup opens a group at a counter; it answers with the view.
func openGroup(s *counter.Service) func(context.Context, *groupInput) (counter.View, error) {
	return func(ctx context.Context, in *groupInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			_, err := s.OpenGroup(ctx, a, in.Body.Kind)
			return err
		})
	}
}
