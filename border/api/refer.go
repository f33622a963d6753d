package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type referInput struct {
	AtCounter
	Body struct {
		Encounter string `json:"encounter" format:"uuid"`
		Reason    string `json:"reason" maxLength:"40" doc:"Code of the form's list referral_reasons"`
		Note      string `json:"note,omitempty" maxLength:"500" doc:"At most 500 bytes; sealed"`
	}
}

// refer puts an encounter on the post's list; it answers with the view.
func refer(s *counter.Service) func(context.Context, *referInput) (counter.View, error) {
	return func(ctx context.Context, in *referInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			id, err := border.ParseID(in.Body.Encounter)
			if err != nil {
				return err
			}
			return s.Refer(ctx, counter.Referral{At: a, Encounter: id, Reason: in.Body.Reason, Note: in.Body.Note})
		})
	}
}
