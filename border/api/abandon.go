package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type abandonInput struct {
	AtCounter
	Body struct {
		Encounter string `json:"encounter" format:"uuid" doc:"Open, waiting, or of the group"`
		Reason    string `json:"reason" maxLength:"40" doc:"Code of the form's list abandon_reasons"`
		Note      string `json:"note,omitempty" maxLength:"500" doc:"At most 500 bytes; sealed"`
	}
}

// abandon ends an encounter without a crossing; it answers with the view.
func abandon(s *counter.Service) func(context.Context, *abandonInput) (counter.View, error) {
	return func(ctx context.Context, in *abandonInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			id, err := border.ParseID(in.Body.Encounter)
			if err != nil {
				return err
			}
			return s.Abandon(ctx, a, id, in.Body.Reason, in.Body.Note)
		})
	}
}
