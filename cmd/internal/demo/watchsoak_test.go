package demo

import (
	"slices"
	"testing"
	"time"

	"garita/border/lists"
	"garita/border/watch"
	"garita/cmd/internal/station"
)

// TestSoakDeltaInForce: from the moment at which a second person approves an entry until both
// posts check with it, with all there is on the way: the keeper's database, the broker, and
// replicas on a disk.
func TestSoakDeltaInForce(t *testing.T) {
	soak(t)
	const deltas = 200
	rng, seed := random(t)
	n, who := newNation(t), invented(seed, deltas+2000)
	north, south := n.posts(systemKeeper)
	var held []*watch.Entry
	for _, p := range who[deltas:] {
		held = append(held, listed(p, "E"+p.number, watch.Refer))
	}
	n.inForce(n.load(held...), north, south)
	var took, late []time.Duration
	for i := range deltas {
		id, err := n.hub.Lists.Propose(t.Context(), lists.Proposal{Op: lists.Add, Entry: listed(who[i], "H"+who[i].number, watch.Refer), By: first, Reason: "as ordered"})
		n.must(err)
		begun := time.Now()
		at, err := n.hub.Lists.Approve(t.Context(), id, second, "seen")
		n.must(err)
		for left := []*station.Station{north, south}; len(left) > 0; time.Sleep(2 * time.Millisecond) {
			left = slices.DeleteFunc(left, func(s *station.Station) bool {
				_, v := n.national(s)
				if v >= at.Version {
					took = append(took, time.Since(begun))
				}
				return v >= at.Version
			})
			if time.Since(begun) > patience {
				t.Fatal("a delta does not come")
			}
		}
		if last := took[len(took)-1]; last > 5*time.Second {
			late = append(late, last)
		}
		time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
	}
	slices.Sort(took)
	at := func(p int) time.Duration { return took[len(took)*p/100].Round(time.Millisecond) }
	t.Logf("%d deltas at two posts, from the approval to in force: p50 %v, p95 %v, longest %v", deltas, at(50), at(95), took[len(took)-1].Round(time.Millisecond))
	if at(95) > 5*time.Second {
		t.Errorf("p95 is more than 5 s; %d deltas took longer", len(late))
	}
}
