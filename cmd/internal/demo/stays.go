package demo

import (
	"context"
	"net/http"

	"garita/border/register"
)

// Stays is what the hub says of who is inside.
type Stays struct {
	Inside    int64 `json:"inside"`           // certain
	Uncertain int64 `json:"inside_uncertain"` // a clock could not be trusted
}

// staysOf asks the hub when it has projected everything.
func staysOf(ctx context.Context, hub *client) (*Stays, error) {
	for {
		var c register.Counts
		if err := hub.call(ctx, http.MethodGet, "/api/v1/register/counts", nil, &c); err != nil {
			return nil, err
		}
		if c.ProjectionLag == 0 {
			return &Stays{Inside: c.Inside, Uncertain: c.InsideUncertain}, nil
		}
		pause(ctx, quiet/1000)
	}
}
