package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type needInput struct {
	AtEncounter
	Body struct {
		Kind   string `json:"kind" enum:"asks_protection,child_alone,needs_help"`
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"The officer's words, at most 500 bytes; sealed under a key of its own"`
	}
}

// need notes that a person may need protection; it answers with the view, which does not say
// what was noted.
func need(s *counter.Service) func(context.Context, *needInput) (counter.View, error) {
	return func(ctx context.Context, in *needInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At, id border.ID) error {
			return s.Need(ctx, a, id, in.Body.Kind, in.Body.Reason)
		})
	}
}
