package register

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/bordertest"
)

var sorted = cmpopts.SortSlices(func(a, b string) bool { return a < b })

func position(p border.Parent) border.Position { return border.Position{Epoch: p.Epoch, Seq: p.Seq} }

// scenario is everything that can happen to a country in one go: two stations, restarts,
// a copied-back journal, a crossing under two keys, unknown types, broken chains,
// untrusted clocks, malformed messages in the place of true events, replays.
func scenario(w *world) []border.Received {
	var out []border.Received
	docs := []string{"U1", "U2", "U3", ""}
	clocks := []border.TrustState{border.ClockSynced, border.ClockHoldover, border.ClockSynced, border.ClockSynced, border.ClockUntrusted}
	outcomes := []border.Outcome{border.Admitted, border.Departed, border.Departed, border.Refused}
	r := rand.New(rand.NewPCG(1, 2))
	someone := func() traveller {
		v := traveller{document: docs[r.IntN(len(docs))], direction: border.Entry, outcome: outcomes[r.IntN(4)],
			at: bordertest.Start.Add(time.Duration(r.IntN(200)) * time.Minute), clock: clocks[r.IntN(len(clocks))]}
		if v.outcome == border.Departed {
			v.direction = border.Exit
		}
		return v
	}
	a := w.book("PUT-1", 1, border.Parent{})
	for range 20 {
		a.add(someone())
	}
	copied := a.last()
	for range 6 {
		a.add(someone())
	}
	a.addType("crossing.annulled.v7")
	a2 := w.book("PUT-1", 2, a.last()) // an ordinary restart
	for range 5 {
		a2.add(someone())
	}
	a3 := w.book("PUT-1", 3, copied) // yesterday's copy was put back
	a3.add(someone())
	b := w.book("PUT-2", 4, border.Parent{})
	twice := someone()
	twice.id = b.id()
	b.add(twice)
	twice.at = twice.at.Add(time.Hour)
	b.add(twice)
	a3.add(twice)
	b.events[len(b.events)-1].Hash[3] ^= 1 // what follows names a predecessor that never was
	b.add(someone())
	b.events[len(b.events)-2].Hash[3] ^= 1
	again := w.book("PUT-2", 5, border.Parent{}) // a new journal from nothing
	again.add(someone())
	for _, x := range []*book{a, a2, a3, b, again} {
		out = append(out, sent(x.events...)...)
	}
	broken := out[4]
	broken.Event = append([]byte(nil), broken.Event...)
	broken.Event[90] ^= 4
	out = append(out, broken, out[7], out[12], border.Received{Event: []byte("noise"), At: bordertest.Start})
	return out
}

func TestAnyOrderOfArrivalGivesTheSameRegister(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	first := newWorld(t)
	in := scenario(first)
	wraps := append(first.wraps("PUT-1"), first.wraps("PUT-2")...)
	first.must(first.reg.StoreWraps(t.Context(), wraps))
	first.store(in...)
	want := first.dump()
	for kind, n := range map[AlarmKind]int64{AlarmTwice: 2, AlarmRolledBack: 1, AlarmChainBroken: 1, AlarmUnknownType: 1,
		AlarmMalformed: 1, AlarmUnreadable: 1, AlarmRestarted: 1} {
		if got := first.alarms()[kind]; got != n {
			t.Fatalf("the scenario does not bring its faults: %s %d times, want %d", kind, got, n)
		}
	}
	for _, name := range []string{"crossing", "stay", "flow", "lineage", "quarantine"} {
		if len(want[name]) == 0 {
			t.Fatalf("the scenario leaves %s empty", name)
		}
	}
	for round := range 12 {
		w := newWorld(t)
		w.close()
		w.private, w.prov, w.blinder = first.private, first.prov, first.blinder
		w.dir = t.TempDir()
		w.open()
		msgs := make([]border.Received, len(in))
		for i, j := range rnd.Perm(len(in)) {
			msgs[i] = in[j]
		}
		keysAt, restartAt := rnd.IntN(len(msgs)), rnd.IntN(len(msgs))
		for i := 0; i < len(msgs); {
			n := min(1+rnd.IntN(30), len(msgs)-i)
			if i <= keysAt && keysAt < i+n {
				w.must(w.reg.StoreWraps(t.Context(), wraps))
			}
			w.store(msgs[i : i+n]...)
			if i <= restartAt && restartAt < i+n {
				w.close()
				w.open()
			}
			i += n
		}
		if d := cmp.Diff(want, w.dump(), sorted); d != "" {
			t.Fatalf("round %d: another order of arrival gives another register (-in order +shuffled):\n%s", round, d)
		}
		w.must(w.reg.Rebuild(t.Context()))
		if d := cmp.Diff(want, w.dump(), sorted); d != "" {
			t.Fatalf("round %d: rebuilt (-want +got):\n%s", round, d)
		}
		w.close()
	}
}

// TestStaysAgreeWithASimpleModel compares the incremental fold with one from scratch.
func TestStaysAgreeWithASimpleModel(t *testing.T) {
	w := newWorld(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		doc := fmt.Sprintf("U%d", run)
		b := w.book(border.StationID(fmt.Sprintf("PUT-%d", run)), 1000+run, border.Parent{})
		n := rapid.IntRange(1, 14).Draw(rt, "crossings")
		var all []traveller
		for range n {
			v := enters(doc, rapid.IntRange(0, 30).Draw(rt, "at"))
			if rapid.Bool().Draw(rt, "exit") {
				v = leaves(doc, rapid.IntRange(0, 30).Draw(rt, "at"))
			}
			if rapid.IntRange(0, 6).Draw(rt, "refused") == 0 {
				v.outcome = border.Refused
			}
			if rapid.IntRange(0, 8).Draw(rt, "untrusted") == 0 {
				v.clock = border.ClockUntrusted
			}
			b.add(v)
			all = append(all, v)
		}
		w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
		for _, r := range rapid.Permutation(sent(b.events...)).Draw(rt, "order") {
			w.store(r)
		}
		blind := w.blinder.Document("UTO", doc)
		got := map[string]int{}
		rs, err := w.reg.store.(*sqliteStore).readers.Query(`SELECT state, certain FROM stay WHERE document = ?`, blind[:])
		w.must(err)
		for rs.Next() {
			var state string
			var certain bool
			w.must(rs.Scan(&state, &certain))
			got[fmt.Sprint(state, certain)]++
		}
		w.must(rs.Close())
		if d := cmp.Diff(model(all), got); d != "" {
			rt.Fatalf("stays (-model +register):\n%s", d)
		}
	})
}

// model folds a document's crossings, given in the order of their seq.
func model(all []traveller) map[string]int {
	doubt := false
	var steps []traveller
	for h := range 31 { // a stable sort by hour
		for _, v := range all {
			if v.at.Equal(bordertest.Start.Add(time.Duration(h)*time.Hour)) && v.outcome != border.Refused {
				steps = append(steps, v)
				doubt = doubt || v.clock == border.ClockUntrusted
			}
		}
	}
	out := map[string]int{}
	var open *traveller
	for i := range steps {
		v := &steps[i]
		switch {
		case v.direction == border.Entry:
			if open != nil {
				out[fmt.Sprint(stayExitUnknown, !doubt)]++
			}
			open = v
		case open != nil:
			out[fmt.Sprint(stayClosed, !doubt)]++
			open = nil
		default:
			out[fmt.Sprint(stayEntryUnknown, !doubt)]++
		}
	}
	if open != nil {
		out[fmt.Sprint(stayInside, !doubt)]++
	}
	return out
}
