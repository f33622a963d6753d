package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type decideInput struct {
	AtCounter
	Body struct {
		Encounter string         `json:"encounter" format:"uuid" doc:"Also the id of the crossing"`
		Revision  uint64         `json:"verdict_revision" doc:"Of the verdict that was on the screen"`
		Outcome   border.Outcome `json:"outcome" enum:"admitted,departed,refused,departure_prevented,withdrawn"`
		Ground    string         `json:"ground,omitempty" maxLength:"40" doc:"Coded ground; required for refused and departure_prevented"`
		Note      string         `json:"note,omitempty" maxLength:"500"`
		Officer   string         `json:"officer" maxLength:"40" doc:"Badge number"`
		// Beside a trusted clock it is ignored.
		StatedDate string `json:"stated_date,omitempty" maxLength:"10" doc:"The day at the post, 2026-11-22, while the station's clock cannot be trusted"`
	}
}

// decide records how the open encounter ended.
func decide(s *counter.Service) func(context.Context, *decideInput) (counter.Recorded, error) {
	return func(ctx context.Context, in *decideInput) (counter.Recorded, error) {
		id, err := border.ParseID(in.Body.Encounter)
		if err != nil {
			return counter.Recorded{}, err
		}
		return s.Decide(ctx, counter.Decision{Counter: in.Counter, Encounter: id, Revision: in.Body.Revision,
			Outcome: in.Body.Outcome, Ground: in.Body.Ground, Note: in.Body.Note, Officer: in.Body.Officer, StatedDate: in.Body.StatedDate})
	}
}
