package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type takeReferralInput struct {
	AtCounter
	Encounter string `path:"encounter" format:"uuid"`
}

// takeReferral opens an encounter of the post's list; it answers with the view.
func takeReferral(s *counter.Service) func(context.Context, *takeReferralInput) (counter.View, error) {
	return func(ctx context.Context, in *takeReferralInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			id, err := border.ParseID(in.Encounter)
			if err != nil {
				return err
			}
			return s.TakeReferral(ctx, a, id)
		})
	}
}
