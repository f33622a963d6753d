package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type liftInput struct {
	AtEncounter
	Body struct {
		Officer    string `json:"officer" maxLength:"40" doc:"Badge number"`
		Supervisor string `json:"supervisor" maxLength:"40" doc:"Badge number of the duty supervisor"`
		Reason     string `json:"reason" minLength:"1" maxLength:"500" doc:"At most 500 bytes; sealed under a key of its own"`
	}
}

// liftNeeds lifts what was noted, by a supervisor's word; it answers with the view.
func liftNeeds(s *counter.Service) func(context.Context, *liftInput) (counter.View, error) {
	return func(ctx context.Context, in *liftInput) (counter.View, error) {
		return in.viewed(s, in.Body.Officer, func(a counter.At, id border.ID) error {
			return s.LiftNeeds(ctx, counter.Lifting{At: a, Encounter: id, Reason: in.Body.Reason, Agreement: counter.Agreement{Second: in.Body.Supervisor}})
		})
	}
}
