package demo

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/counter"
)

// TestDay plays a whole day at a small post.
func TestDay(t *testing.T) {
	_, seed := random(t)
	script := WriteDay(200, 2, seed, time.Now())
	script.Watch()
	s := &site{t: t, dir: t.TempDir(), ends: make(map[int]*os.ProcessState), national: true}
	s.begin(2, seed, script.Listed()...)
	start := time.Now()
	r, err := s.d.RunDay(t.Context(), script)
	s.must(err)
	t.Logf("%d travellers, %d crossings in %.1f s; on the screen after %+v ms, recorded after %+v ms; mix %v",
		r.Presented, r.Recorded, time.Since(start).Seconds(), r.ScanToVerdict, r.Record, r.Mix)
	for _, f := range r.Faults {
		t.Error(f)
	}
	if r.Failed() || r.Recorded == 0 || r.Registered != r.Recorded || r.Kills != 2 || len(r.Shifts) != 3 {
		t.Errorf("lost %d, duplicated %d, recorded %d, registered %d, %d power cuts, %d shifts",
			r.Lost, r.Duplicated, r.Recorded, r.Registered, r.Kills, len(r.Shifts))
	}
	s.await("the hub has told of the one who was listed late", func() bool {
		v, err := s.post.view(t.Context(), "1")
		s.must(err)
		return len(v.LateHits) == 1 && v.LateHits[0].Surname == script.late.surname
	})
	for i, shift := range r.Shifts {
		if open := len(shift.Open); (open > 0) != (i < 2) {
			t.Errorf("shift %d hands over %d referrals", i+1, open)
		}
	}
}

// TestSoakDay plays the day of a busy post from the command line.
func TestSoakDay(t *testing.T) {
	soak(t)
	start := time.Now()
	c := exec.CommandContext(t.Context(), filepath.Join(programs, "garita"), "demo", "--mix", "day", "--travellers", "2000", "--json")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("garita demo --mix day: %v\n%s", err, errs.Bytes())
	}
	took := time.Since(start)
	var r DayResult
	var keys map[string]json.RawMessage
	for _, into := range []any{&r, &keys} {
		if err := json.Unmarshal(out.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"duplicated", "faults", "journal", "kills", "lost", "mix", "presented", "record_ms", "recorded", "registered",
		"reports_equal_journal", "scan_to_verdict_ms", "shifts", "stays", "verdicts"}
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(keys))); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	t.Logf("%d travellers, %d crossings in %.1f s", r.Presented, r.Recorded, took.Seconds())
	if r.Failed() || r.Presented < 2000 || r.Registered != r.Recorded {
		t.Errorf("%+v", r.Result)
	}
	if took > 90*time.Second {
		t.Errorf("2,000 travellers took %v, more than 90 s", took)
	}
}

// TestDayScript: a seed is one script, another seed is another, and every kind is in it.
func TestDayScript(t *testing.T) {
	now := time.Now()
	sketch := func(n int, seed uint64) (kinds []string, s *Script) {
		s = WriteDay(n, 2, seed, now)
		s.scenes(func(_ int, c *scene) { kinds = append(kinds, c.kind) })
		return kinds, s
	}
	one, s := sketch(300, 5)
	again, s2 := sketch(300, 5)
	other, _ := sketch(300, 6)
	if !slices.Equal(one, again) || !maps.Equal(s.want(), s2.want()) || !slices.EqualFunc(s.all, s2.all, func(a, b Specimen) bool { return slices.Equal(a.Lines, b.Lines) }) {
		t.Error("the same seed gives another script")
	}
	if slices.Equal(one, other) {
		t.Error("another seed gives the same script")
	}
	small, _ := sketch(1, 1)
	slices.Sort(small)
	if kinds := slices.Compact(small); len(kinds) < 37 {
		t.Errorf("a small day has %d kinds of scenes only: %v", len(kinds), kinds)
	}
	for i := range s.all {
		for k := range s.all[:i] {
			if a, b := &s.all[i], &s.all[k]; a.number == b.number && a.state == b.state {
				t.Fatal("two documents have one number")
			}
		}
	}
}

// TestDayIsCompared: what is compared is worth what the comparison finds.
func TestDayIsCompared(t *testing.T) {
	a, b := border.ID{1}, border.ID{2}
	entry := func(id border.ID) border.Header {
		return border.Header{Type: border.TypeCrossingRecorded, Counter: "1", Shift: "s", Crossing: &id, Direction: border.Entry,
			Outcome: string(border.Admitted), Category: "visitor"}
	}
	counts := []border.Count{{Type: border.TypeCrossingRecorded, Counter: "1", Direction: border.Entry, Category: "visitor", Outcome: string(border.Admitted), N: 2}}
	type world struct {
		headers  []border.Header
		reports  []counter.ShiftReport
		crossing map[border.ID]bool
		claims   map[border.ID][]claim
	}
	whole := func() *world {
		return &world{
			headers: []border.Header{{Type: border.TypeEpochOpened}, {Type: border.TypeShiftOpened, Shift: "s"}, entry(a), entry(b),
				{Type: border.TypeShiftClosed, Shift: "s", Counts: counts}},
			reports:  []counter.ShiftReport{{ID: "s", Counts: slices.Clone(counts)}},
			crossing: map[border.ID]bool{a: true, b: true},
			claims:   map[border.ID][]claim{a: {{"kind", "it is an entry", func(h *border.Header) bool { return h.Direction == border.Entry }}}}}
	}
	want := tally{}.in("visitor", "visitor").other(border.TypeShiftOpened, "", 1).other(border.TypeShiftClosed, "", 1)
	for _, c := range []struct {
		name  string
		spoil func(*world)
		fault string // part of one of the faults; "" if there is none
		equal bool
	}{
		{"whole", func(*world) {}, "", true},
		{"a count of a report is changed", func(w *world) { w.reports[0].Counts[0].N = 3 }, "report 1 against the journal", false},
		{"a report calls a category otherwise", func(w *world) { w.reports[0].Counts[0].Category = "crew" }, "report 1 against the journal", false},
		{"a report is of another counter", func(w *world) { w.reports[0].Counts[0].Counter = "2" }, "report 1 against the journal", false},
		{"a report is missing", func(w *world) { w.reports = nil }, "0 reports of 1 shifts", false},
		{"shift.closed counts otherwise", func(w *world) {
			w.headers[4].Counts = []border.Count{{Type: border.TypeCrossingRecorded, Counter: "1", N: 2}}
		}, "shift.closed 1 against the journal", false},
		{"a crossing is dropped, and the reports with it", func(w *world) {
			w.headers = slices.Delete(w.headers, 3, 4)
			w.reports[0].Counts[0].N, w.headers[3].Counts = 1, w.reports[0].Counts
		}, "acknowledged is not in the journal", true},
		{"a crossing is there twice", func(w *world) { w.headers = append(w.headers, entry(a)) }, "in the journal twice", false},
		{"a crossing was never acknowledged", func(w *world) { delete(w.crossing, b) }, "2 crossings are in the journal, 1 were acknowledged", true},
		{"an outcome is another", func(w *world) { w.headers[2].Outcome = string(border.Refused) }, "the journal against the script", false},
		{"a claim does not hold", func(w *world) { w.headers[2].Direction = border.Exit }, "kind: it does not hold that it is an entry", false},
		{"an event nobody wrote", func(w *world) { w.headers = append(w.headers, border.Header{Type: border.TypeCounterTaken}) }, "the journal against the script", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, book := whole(), newDaybook()
			c.spoil(w)
			for i := range w.headers {
				book.enter(&w.headers[i])
			}
			faults, equal := book.compare(want, w.reports, w.crossing, w.claims)
			r := DayResult{Equal: equal, Faults: faults}
			if equal != c.equal || r.Failed() != (c.fault != "") || c.fault != "" && !strings.Contains(strings.Join(faults, "\n"), c.fault) {
				t.Errorf("equal %v, faults %v", equal, faults)
			}
		})
	}
}

// TestDayTakesTwoCounters: what cannot be played is refused before anything is started.
func TestDayTakesTwoCounters(t *testing.T) {
	for _, args := range [][]string{{"--counters", "1"}, {"--rate", "5"}} {
		c := exec.CommandContext(t.Context(), filepath.Join(programs, "garita"), append([]string{"demo", "--mix", "day", "--travellers", "50"}, args...)...)
		if out, err := c.CombinedOutput(); err == nil {
			t.Errorf("%v: exit code 0:\n%s", args, out)
		}
	}
}

// TestStaysAreCompared: each figure of the hub's that is not the script's is found.
func TestStaysAreCompared(t *testing.T) {
	want, before := Stays{Inside: 10, Closed: 5, Proposals: 2}, Stays{Inside: 1, Uncertain: 2, Closed: 3, Overstays: 1}
	whole := Stays{Inside: 9, Uncertain: 4, Closed: 8, Overstays: 1, Proposals: 3}
	if f := whole.faults(want, &before); len(f) > 0 {
		t.Errorf("faults where there are none: %v", f)
	}
	for what, spoil := range map[string]func(*Stays){
		"inside": func(s *Stays) { s.Inside++ }, "closed stays": func(s *Stays) { s.Closed-- },
		"overstays": func(s *Stays) { s.Overstays++ }, "proposals": func(s *Stays) { s.Proposals = 1 },
	} {
		s := whole
		spoil(&s)
		if f := s.faults(want, &before); len(f) != 1 || !strings.HasPrefix(f[0], what) {
			t.Errorf("%s: %v", what, f)
		}
	}
}
