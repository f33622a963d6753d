package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type answersInput struct {
	AtEncounter
	Body struct {
		Values map[string]string `json:"values" maxProperties:"64" doc:"Answers by the form's field names, at most 500 bytes each; an empty one takes an answer away"`
	}
}

// answers enters answers of the form; it answers with the view.
func answers(s *counter.Service) func(context.Context, *answersInput) (counter.View, error) {
	return func(ctx context.Context, in *answersInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At, id border.ID) error {
			return s.Answers(ctx, a, id, in.Body.Values)
		})
	}
}
