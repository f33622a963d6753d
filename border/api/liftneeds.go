package api

import (
	"context"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

type liftInput struct {
	AtEncounter
	Body struct {
		Seconded
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"At most 500 bytes; sealed under a key of its own"`
	}
}

// liftNeeds lifts what was noted, by a supervisor's word; it answers with the view.
func liftNeeds(s *counter.Service, g *access.Agreements) func(context.Context, *liftInput) (counter.View, error) {
	return func(ctx context.Context, in *liftInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At, id border.ID) error {
			agreement, err := in.Body.agreed(ctx, g, access.LiftNeed, in.Encounter)
			if err != nil {
				return err
			}
			return s.LiftNeeds(ctx, counter.Lifting{At: a, Encounter: id, Reason: in.Body.Reason, Agreement: agreement})
		})
	}
}
