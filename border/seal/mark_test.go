package seal_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"garita/border"
	"garita/border/seal"
)

// A journal is within the marks if it reaches the furthest one of every epoch, whatever was marked since.
func TestMarks(t *testing.T) {
	r := newRig(t)
	a, err := seal.OpenAttachments(r.dir, r.station)
	check(t, err)
	one, two := border.Epoch{1}, border.Epoch{2}
	if !a.Within(nil) {
		t.Error("nothing was named yet")
	}
	for _, m := range []border.Position{{Epoch: one, Seq: 11}, {Epoch: one, Seq: 10}, {Epoch: two, Seq: 3}} {
		check(t, a.Mark(m))
	}
	a, err = seal.OpenAttachments(r.dir, r.station)
	check(t, err)
	for _, c := range []struct {
		first, second uint64
		within        bool
	}{{11, 3, true}, {12, 9, true}, {10, 3, false}, {10, 9, false}, {11, 2, false}} {
		if got := a.Within([]border.Extent{{Epoch: two, Last: c.second}, {Epoch: one, Last: c.first}}); got != c.within {
			t.Errorf("a journal up to %d and %d: %v", c.first, c.second, got)
		}
	}
	if a.Within([]border.Extent{{Epoch: two, Last: 3}}) {
		t.Error("a journal without the first epoch is taken for whole")
	}
	check(t, os.WriteFile(filepath.Join(r.dir, seal.AttachmentsDir, ".journal"), []byte("["), 0o600))
	if a.Within([]border.Extent{{Epoch: one, Last: 11}, {Epoch: two, Last: 3}}) || a.Mark(border.Position{Epoch: two, Seq: 4}) == nil {
		t.Error("marks that cannot be read hold nothing back, or were written over")
	}
}

// Two counters mark at once: none fails, and the furthest holds.
func TestMarksFromTwoCounters(t *testing.T) {
	r := newRig(t)
	a, err := seal.OpenAttachments(r.dir, r.station)
	check(t, err)
	e := border.Epoch{1}
	var counters sync.WaitGroup
	for c := range uint64(2) {
		counters.Go(func() {
			for n := range uint64(30) {
				if err := a.Mark(border.Position{Epoch: e, Seq: 2*n + c + 1}); err != nil {
					t.Errorf("%v: %v", err, err.(*border.Error).Err)
				}
			}
		})
	}
	counters.Wait()
	if a.Within([]border.Extent{{Epoch: e, Last: 59}}) || !a.Within([]border.Extent{{Epoch: e, Last: 60}}) {
		t.Error("the furthest mark does not hold")
	}
}

// Of the marks that a journal has reached the last ones are kept, and of the others all.
func TestMarksAreBounded(t *testing.T) {
	r := newRig(t)
	a, err := seal.OpenAttachments(r.dir, r.station)
	check(t, err)
	var journal []border.Extent
	for n := range byte(70) {
		e := border.Epoch{n + 1}
		check(t, a.Mark(border.Position{Epoch: e, Seq: 5}))
		journal = append(journal, border.Extent{Epoch: e, Last: 5})
	}
	if a.Within(journal[1:]) {
		t.Fatal("the first mark was dropped, and no journal had reached it")
	}
	if !a.Within(journal) || !a.Within(journal[6:]) || a.Within(journal[7:]) {
		t.Error("not the last 64 are kept")
	}
}
