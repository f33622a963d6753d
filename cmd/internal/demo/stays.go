package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"garita/border/register"
)

// Stays is what the hub makes of the day.
type Stays struct {
	Inside    int64 `json:"inside"`           // nothing known speaks against it
	Uncertain int64 `json:"inside_uncertain"` // somebody who left may be one of them, or data were late
}

// inside is how many people each kind of scene leaves in the country, as far as the hub can
// tell: who came on one document and left on another, without an officer's word, counts as
// inside.
var inside = map[string]int64{
	"first_time": 1, "returning": 1, "own_national": 1, "resident": 1, "diplomat": 1, "passport_then_card_unconfirmed": 1,
	"several_documents": 1, "refused_then_admitted": 1, "referred_two_officers": 1, "correction_own": 1, "extension": 1,
	"laissez_passer": 1, "border_card": 1, "refugee": 1, "lost_document": 1, "need_lifted": 1, "declared": 1,
	"family": 4, "lorry": 3, "crew": 4, "bus": 46, "power_cut_at_the_counter": 4, "power_cut_in_a_group": 3,
}

// inside counts who is in the country after the day.
func (s *Script) inside() (n int64) {
	s.scenes(func(_ int, c *scene) {
		if n += inside[c.kind]; c.kind == "paper_back_entry" {
			n += c.want[admittedVisitor]
		}
	})
	return n
}

// faults says in what way the hub's stays are not as wanted.
func (s *Stays) faults(want int64) []string {
	if got := s.Inside + s.Uncertain; got != want {
		return []string{fmt.Sprintf("the hub says that %d are inside, not %d", got, want)}
	}
	return nil
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
		pause(ctx, 50*time.Millisecond)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}
