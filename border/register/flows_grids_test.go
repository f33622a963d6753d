package register

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"garita/border"
	"garita/border/flows"
)

// TestGridsOfOneState: grids that are asked for together are counted together, whatever arrives meanwhile: they have
// the same posts, and the same number of crossings at each.
func TestGridsOfOneState(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(6, 6))
	b := w.book("PUT-1", 1, border.Parent{})
	for range 150 {
		h := anyHeader(r)
		id := b.id()
		h.Crossing, h.StatedDate, h.LocalDate = &id, "", "2026-12-01"
		h.Post = border.PostID([]string{"NOR", "PUT", "SUR", "EST", "ZUR", "AIR"}[r.IntN(6)])
		b.writeOpen(h)
	}
	w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
	by := []flows.Division{{By: flows.ByGroup}, {By: flows.Nationality}, {By: flows.ByDay}, {By: flows.Sex}}
	done := make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, e := range b.events {
			if _, err := w.reg.Store(t.Context(), sent(e)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	})
	states := map[int64]bool{}
	for arriving := true; arriving; {
		select {
		case err := <-done:
			w.must(err)
			arriving = false
		default:
		}
		grids, err := w.reg.FlowGrids(t.Context(), "2026-11-25", "2026-12-10", by...)
		w.must(err)
		all := int64(0)
		for i, row := range grids[0].N {
			n := sum(row)
			all += n
			for j := range grids[1:] {
				if g := grids[j+1]; !slices.Equal(g.Rows, grids[0].Rows) || sum(g.N[i]) != n {
					t.Fatalf("by %s: posts %v, %d at %s; by group: posts %v, %d", by[j+1].By, g.Rows, sum(g.N[i]), g.Rows[i], grids[0].Rows, n)
				}
			}
		}
		states[all] = true
	}
	wg.Wait()
	if !states[150] || len(states) < 3 {
		t.Errorf("seen while they arrived: %v", states)
	}
}

func sum(row []int64) (n int64) {
	for _, x := range row {
		n += x
	}
	return n
}
