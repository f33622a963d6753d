package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

// DecidedMember names a member of a group with the verdict that was on the screen.
type DecidedMember struct {
	Encounter string `json:"encounter" format:"uuid"`
	Revision  uint64 `json:"verdict_revision"`
}

type groupDecisionsInput struct {
	AtCounter
	Body struct {
		Members []DecidedMember `json:"members" minItems:"1" maxItems:"500"`
	}
}

// decideGroup admits those members of the group that are ready, or lets them depart; it
// answers with what came of each.
func decideGroup(s *counter.Service) func(context.Context, *groupDecisionsInput) ([]counter.MemberResult, error) {
	return func(ctx context.Context, in *groupDecisionsInput) ([]counter.MemberResult, error) {
		members := make([]counter.Member, len(in.Body.Members))
		for i, m := range in.Body.Members {
			id, err := border.ParseID(m.Encounter)
			if err != nil {
				return nil, err
			}
			members[i] = counter.Member{Encounter: id, Revision: m.Revision}
		}
		here, err := at(ctx, in.Counter)
		if err != nil {
			return nil, err
		}
		return s.DecideGroup(ctx, here, members)
	}
}
