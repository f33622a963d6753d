package api

import (
	"context"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

type decideInput struct {
	AtCounter
	Body struct {
		Encounter string            `json:"encounter" format:"uuid" doc:"Also the id of the crossing"`
		Revision  uint64            `json:"verdict_revision" doc:"Of the verdict that was on the screen"`
		Outcome   border.Outcome    `json:"outcome" enum:"admitted,departed,refused,departure_prevented,withdrawn,handed_over"`
		Ground    string            `json:"ground,omitempty" maxLength:"40" doc:"Coded ground; required for refused and departure_prevented"`
		Note      string            `json:"note,omitempty" maxLength:"500"`
		Values    map[string]string `json:"values,omitempty" maxProperties:"64" doc:"Answers that were on the screen, by the form's field names; they join what was entered before"`
		HandedTo  string            `json:"handed_to,omitempty" maxLength:"40" doc:"Code of the form's list recipients; required for handed_over"`
		Receipt   string            `json:"receipt,omitempty" maxLength:"100" doc:"Who signed for the person, and its number, at most 100 bytes; required for handed_over"`
		Continues string            `json:"continues,omitempty" format:"uuid" doc:"The entry on another document whose stay this exit ends; one of the history's same_person"`
		// Agreement to a refusal (action refuse), or to an admission beside a hit (hit.override).
		Seconded
		// Beside a trusted clock it is ignored.
		StatedDate string `json:"stated_date,omitempty" maxLength:"10" doc:"The day at the post, 2026-11-22, while the station's clock cannot be trusted"`
	}
}

// decide records how the open encounter, or a member of the group, ended.
func decide(s *counter.Service, g *access.Agreements) func(context.Context, *decideInput) (counter.Recorded, error) {
	return func(ctx context.Context, in *decideInput) (counter.Recorded, error) {
		b := &in.Body
		id, err := border.ParseID(b.Encounter)
		if err != nil {
			return counter.Recorded{}, err
		}
		continues, err := optional(b.Continues)
		if err != nil {
			return counter.Recorded{}, err
		}
		who, err := badge(ctx)
		if err != nil {
			return counter.Recorded{}, err
		}
		agreement, err := b.agreed(ctx, g, access.Deciding(b.Outcome), b.Encounter)
		if err != nil {
			return counter.Recorded{}, err
		}
		return s.Decide(ctx, counter.Decision{Counter: in.Counter, Encounter: id, Revision: b.Revision, Outcome: b.Outcome,
			Ground: b.Ground, Note: b.Note, Officer: who, Values: b.Values, Agreement: agreement, HandedTo: b.HandedTo,
			Receipt: b.Receipt, Continues: continues, StatedDate: b.StatedDate})
	}
}
