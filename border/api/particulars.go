package api

import (
	"context"

	"garita/border"
	"garita/border/counter"
)

type particularsInput struct {
	AtEncounter
	Body struct {
		Particulars Particulars `json:"particulars" doc:"All of them: what is left out is not known"`
	}
}

// rekey replaces what was keyed of a document or a person; it answers with the view.
func rekey(s *counter.Service) func(context.Context, *particularsInput) (counter.View, error) {
	return func(ctx context.Context, in *particularsInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At, id border.ID) error {
			return s.Rekey(ctx, a, id, in.Body.Particulars.keyed())
		})
	}
}
