package register

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/flows"
)

// TestWhatIsRememberedIsWhatIsCounted: whatever arrives and is corrected, also in months long past, grids are those that a
// register gives that remembers nothing; and of a period in which nothing happened nothing is read again.
func TestWhatIsRememberedIsWhatIsCounted(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(7, 7))
	b := w.book("PUT-1", 1, border.Parent{})
	w.store(sent(b.events...)...)
	var recorded []border.Header
	days := []string{"2026-09-03", "2026-10-01", "2026-10-31", "2026-11-30", "2026-12-01"}
	by := []flows.Division{{By: flows.Nationality}, {Group: flows.Arrivals(), By: flows.Age}, {Group: flows.Group{Direction: border.Exit}, By: flows.Sex}, {By: flows.ByGroup}}
	for round := range 40 {
		from := len(b.events)
		for range 1 + r.IntN(4) {
			h := anyHeader(r)
			id := b.id()
			h.Crossing, h.StatedDate, h.LocalDate = &id, "", days[r.IntN(len(days))]
			h.Post = border.PostID([]string{"NOR", "PUT", "SUR"}[r.IntN(3)])
			b.writeOpen(h)
			recorded = append(recorded, h)
		}
		if round%3 == 0 {
			h := hx{recorded[r.IntN(len(recorded))]}
			c := h.correct(b.id(), 5000+round)
			c.Nationality = "QSY"
			b.writeOpen(c)
		}
		w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
		w.store(sent(b.events[from:]...)...)
		if round == 20 {
			w.must(w.reg.Rebuild(t.Context()))
		}
		warm, err := w.reg.FlowGrids(t.Context(), "2026-09-02", "2026-12-01", by...)
		w.must(err)
		w.reg.grids = gridMemo{}
		cold, err := w.reg.FlowGrids(t.Context(), "2026-09-02", "2026-12-01", by...)
		w.must(err)
		if d := cmp.Diff(cold, warm); d != "" {
			t.Fatalf("round %d: (-read anew +remembered)\n%s", round, d)
		}
		used := w.reg.grids.clocked
		again, err := w.reg.FlowGrids(t.Context(), "2026-09-02", "2026-12-01", by...)
		w.must(err)
		if d := cmp.Diff(cold, again); d != "" || w.reg.grids.clocked == used {
			t.Fatalf("round %d: nothing was remembered, or something else\n%s", round, d)
		}
	}
}

// A period that has changed is read again, one that has not is not.
func TestOnlyWhatChangedIsReadAgain(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	on := func(day string) {
		h := entered(1)
		id := b.id()
		h.Type, h.Post, h.Crossing, h.LocalDate = border.TypeCrossingRecorded, "PUT", &id, day
		from := len(b.events)
		b.writeOpen(h)
		w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
		w.store(sent(b.events[from:]...)...)
	}
	w.store(sent(b.events...)...)
	on("2026-11-29")
	on("2026-12-01")
	ask := func() (versions map[int]int64) {
		_, err := w.reg.FlowGrids(t.Context(), "2026-11-29", "2026-12-02", flows.Division{By: flows.Sex})
		w.must(err)
		versions = map[int]int64{}
		for k, v := range w.reg.grids.kept {
			versions[k.period] = v.version
		}
		return versions
	}
	before := ask()
	on("2026-12-01")
	after := ask()
	if len(before) != 2 || before[20261129] != after[20261129] || before[20261201] == after[20261201] {
		t.Errorf("%v, then %v", before, after)
	}
}

// What is remembered is bounded: what was used longest ago goes first.
func TestTheMemoIsBounded(t *testing.T) {
	var m gridMemo
	found := map[[2]string]int64{}
	for i := range 10_000 {
		found[[2]string{"P", fmt.Sprint(i)}] = 1
	}
	key := func(i int) memoKey { return memoKey{period: i, dimension: flows.Sex} }
	for i := range 3 * maxRemembered / len(found) {
		m.put(key(i), 1, found)
		if _, ok := m.get(key(0), 1); !ok {
			t.Fatalf("what is in use was dropped after %d", i)
		}
		cells := 0
		for _, r := range m.kept {
			cells += len(r.cells)
		}
		if cells != m.cells || cells > maxRemembered {
			t.Fatalf("%d cells are kept, %d counted", cells, m.cells)
		}
	}
	if _, ok := m.get(key(1), 1); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := m.get(key(0), 2); ok {
		t.Error("another version was given")
	}
}
