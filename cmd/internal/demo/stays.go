package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"garita/border/register"
)

// Stays is what the hub makes of the day.
type Stays struct {
	Inside    int64 `json:"inside"`           // nothing known speaks against it
	Uncertain int64 `json:"inside_uncertain"` // somebody who left may be one of them, or data were late
	Closed    int   `json:"closed"`           // at most 100
	Overstays int   `json:"overstays"`
	Proposals int   `json:"proposals"` // pairs that an officer may confirm; at most 100
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

// closed is how many stays each kind of scene begins and ends.
var closed = map[string]int{"returning": 1, "border_worker": 2, "transit": 1, "passport_then_card": 1}

// stays is what the hub must make of the day. A proposal is the least there must be: two
// people may be alike by chance.
func (s *Script) stays() Stays {
	w := Stays{Inside: s.inside()}
	s.scenes(func(_ int, c *scene) {
		if w.Closed += closed[c.kind]; c.kind == "passport_then_card_unconfirmed" {
			w.Proposals++
		}
	})
	w.Closed, w.Proposals = min(w.Closed, most), min(w.Proposals, most)
	return w
}

// faults says in what way the hub's stays are not as wanted, after others that were there
// before the day.
func (s *Stays) faults(want Stays, before *Stays) (faults []string) {
	wrong := func(what string, got, want int64) {
		faults = append(faults, fmt.Sprintf("%s at the hub: %d, not %d", what, got, want))
	}
	if in := before.Inside + before.Uncertain + want.Inside; s.Inside+s.Uncertain != in {
		wrong("inside", s.Inside+s.Uncertain, in)
	}
	if n := min(before.Closed+want.Closed, most); s.Closed != n {
		wrong("closed stays", int64(s.Closed), int64(n))
	}
	if s.Overstays != before.Overstays {
		wrong("overstays", int64(s.Overstays), int64(before.Overstays))
	}
	if s.Proposals < want.Proposals {
		wrong("proposals", int64(s.Proposals), int64(want.Proposals))
	}
	return faults
}

// most is as much of a list as one page holds: all but the largest days are compared whole.
const most = 1000

// staysOf asks the hub when it has projected everything.
func staysOf(ctx context.Context, hub *client) (*Stays, error) {
	for {
		var c register.Counts
		if err := hub.call(ctx, http.MethodGet, "/api/v1/register/counts", nil, &c); err != nil {
			return nil, err
		}
		if c.ProjectionLag == 0 {
			break
		}
		pause(ctx, 50*time.Millisecond)
	}
	var s Stays
	var in register.Inside
	for range 100 { // a station says every few seconds that all it has is there
		if err := hub.call(ctx, http.MethodGet, "/api/v1/register/inside", nil, &in); err != nil {
			return nil, err
		}
		if in.StaleS == 0 || in.Certain+in.Uncertain == 0 {
			break
		}
		pause(ctx, 100*time.Millisecond)
	}
	s.Inside, s.Uncertain = in.Certain, in.Uncertain
	for path, n := range map[string]*int{"stays?state=closed&": &s.Closed, "overstays?": &s.Overstays, "proposals?": &s.Proposals} {
		var all []json.RawMessage
		if err := hub.call(ctx, http.MethodGet, fmt.Sprintf("/api/v1/register/%slimit=%d", path, most), nil, &all); err != nil {
			return nil, err
		}
		*n = len(all)
	}
	return &s, nil
}
