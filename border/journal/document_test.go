package journal_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/journal"
)

// document returns the keys of the events about somebody, newest first.
func document(t failer, j *journal.Journal, who byte, limit int) []border.Key {
	t.Helper()
	events, err := j.Document(context.Background(), border.BlindIndex{who}, limit)
	check(t, err)
	keys := make([]border.Key, len(events))
	for i := range events {
		keys[i] = events[i].Key
	}
	return keys
}

// wantDocument fails the test unless exactly these events are about somebody, newest first.
func wantDocument(t testing.TB, j *journal.Journal, who byte, want ...journal.Receipt) {
	t.Helper()
	got := document(t, j, who, 1<<30)
	if len(got) != len(want) {
		t.Fatalf("%d events about %d, want %d", len(got), who, len(want))
	}
	for i, rc := range want {
		if got[len(got)-1-i] != rc.Key {
			t.Fatalf("event %d about %d is %s, want %s", i, who, got[len(got)-1-i], rc.Key)
		}
	}
}

// powerCut copies the journal's files as a power cut would leave them, and returns a rig
// for the copy.
func (r *rig) powerCut() *rig {
	r.t.Helper()
	after := *r
	after.dir = r.t.TempDir()
	r.copyTo(after.dir)
	return &after
}

func (r *rig) copyTo(dir string) {
	r.t.Helper()
	for _, name := range []string{journal.FileName, journal.FileName + "-wal"} { // the log last: it may only gain
		raw, err := os.ReadFile(filepath.Join(r.dir, name))
		check(r.t, err)
		check(r.t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
	}
}

// stop makes the index of documents unable to follow, as a damaged page would, though what
// it holds can be read; release lets it go on.
func (r *rig) stop() {
	run(r.t, r.path(), `CREATE TRIGGER stop BEFORE INSERT ON document BEGIN SELECT RAISE(ABORT, 'stopped'); END`)
}

func (r *rig) release() { run(r.t, r.path(), `DROP TRIGGER stop`) }

func (r *rig) rows() int64 { return cursor(r.t, r.path(), `SELECT count(*) FROM document`) }

// Events of any type are found by every document and person they are about, at once and
// whatever the table has reached.
func TestDocumentReadsItsOwnWrites(t *testing.T) {
	t.Parallel() // it waits for ticks
	r := newRig(t)
	j := r.open()
	wantDocument(t, j, 1)
	first := r.put(j, r.crossing(r.id(), 1))
	wantDocument(t, j, 1, first)
	id := r.id()
	referred := r.put(j, r.about(border.Header{Type: border.TypeEncounterReferred, Crossing: &id}, 1, 2, 7))
	e := r.crossing(id, 2)
	e.Personal[1], e.Personal[2] = 1, 7
	e.Blinds = []border.BlindIndex{{1}, {7}, {2}, {7}} // twice is once
	second := r.put(j, e)
	look := func() {
		t.Helper()
		wantDocument(t, j, 1, first, referred, second)
		wantDocument(t, j, 2, referred, second)
		wantDocument(t, j, 7, referred, second)
		wantDocument(t, j, 9)
		for limit, want := range []int{0, 1, 2, 3, 3} {
			if got := document(t, j, 1, limit); len(got) != want || want > 0 && got[0] != second.Key {
				t.Errorf("limit %d: %v", limit, got)
			}
		}
		if got := document(t, j, 1, -1); len(got) != 0 {
			t.Errorf("limit -1: %v", got)
		}
	}
	look()
	waitFor(t, "the index to follow", func() bool { return r.rows() == 7 })
	look()
	third := r.put(j, r.crossing(r.id(), 5)) // from table and tail
	wantDocument(t, j, 5, third)
	look()
	check(t, j.Rebuild(t.Context()))
	look()
	check(t, j.Close())
	r.sound()
	j = r.open()
	look()
	if n := r.rows(); n != 8 {
		t.Errorf("%d rows", n)
	}
	r.sound()
}

// What the index had not reached when the power went is found again from the sealed parts,
// unless their key is gone.
func TestTailIsRecovered(t *testing.T) {
	t.Parallel() // it waits for ticks
	r := newRig(t)
	j := r.open()
	early := r.put(j, r.crossing(r.id(), 1))
	waitFor(t, "the index to follow", func() bool { return r.rows() == 1 })
	r.stop()
	late := r.put(j, r.crossing(r.id(), 1))
	abandoned := r.id()
	trace := r.put(j, r.about(border.Header{Type: border.TypeEncounterAbandoned, Crossing: &abandoned}, 1, 3))
	if r.rows() != 1 {
		t.Fatal("the index followed: this test recovers nothing")
	}
	after := r.powerCut()
	k := after.open() // the index still cannot follow
	wantDocument(t, k, 1, early, late, trace)
	wantDocument(t, k, 3, trace)
	next := after.put(k, after.crossing(after.id(), 1))
	wantDocument(t, k, 1, early, late, trace, next)
	check(t, k.Close())
	after.release()
	k = after.open()
	wantDocument(t, k, 1, early, late, trace, next)
	waitFor(t, "the index to follow", func() bool { return after.rows() == 5 })
	wantDocument(t, k, 1, early, late, trace, next)
	after.sound()

	erased := r.powerCut()
	if n, err := r.keys.Destroy(t.Context(), "2026-11"); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	erased.release()
	wantDocument(t, erased.open(), 1, early)
	wantDocument(t, j, 1, early, late, trace) // still in memory
	check(t, j.Rebuild(t.Context()))
	wantDocument(t, j, 1) // rows whose key is gone go, and so does what waited
}

// The memory for what waits has an end. Behind it the record goes on in its epoch, and
// documents are found by opening events, until the index can follow again.
func TestIndexCannotFollow(t *testing.T) {
	t.Parallel() // it waits for ticks
	r := newRig(t)
	small := func(c *journal.Config) { c.Tail = 4 }
	j := r.open(small)
	r.stop()
	epoch := j.Head().Epoch
	var acked []journal.Receipt
	look := func(j *journal.Journal) {
		t.Helper()
		wantDocument(t, j, 1, acked...)
		if got := document(t, j, 1, 2); len(got) != min(2, len(acked)) || len(got) > 0 && got[0] != acked[len(acked)-1].Key {
			t.Fatalf("the last two: %v", got)
		}
		wantDocument(t, j, 9)
	}
	for i := range 12 {
		acked = append(acked, r.put(j, r.crossing(r.id(), 1)))
		r.put(j, r.crossing(r.id(), byte(i+20)))
		look(j)
	}
	if h := j.Head(); h.Epoch != epoch || r.rows() != 0 {
		t.Fatalf("head %+v and %d rows: the index was to stop and the record to go on", h, r.rows())
	}
	check(t, j.Close())
	j = r.open(small)
	look(j)
	acked = append(acked, r.put(j, r.crossing(r.id(), 1)))
	look(j)
	r.release()
	waitFor(t, "the index to follow", func() bool { return r.rows() == 25 })
	look(j)
	acked = append(acked, r.put(j, r.crossing(r.id(), 1)))
	look(j)
	r.sound()
}

// Without an Index the rows that wait are written when the journal is closed: nobody could
// make them again.
func TestNoIndex(t *testing.T) {
	r := newRig(t)
	none := func(c *journal.Config) { c.Index = nil }
	j := r.open(none)
	acked := r.append(j, 400)
	check(t, j.Close())
	if r.rows() != 400 {
		t.Errorf("%d rows after closing", r.rows())
	}
	j = r.open(none)
	check(t, j.Rebuild(t.Context())) // leaves them as they are
	foundOnce(t, j, acked)
	r.sound()
}

// Whoever has been acknowledged is found, once, while rows wander from memory to the
// table under load, and events that a lost copy wrote come back.
func TestDocumentWhileBusy(t *testing.T) {
	r := newRig(t)
	j := r.open(func(c *journal.Config) { c.Tail = 64 }) // so that it follows all the time
	lost := bordertest.NewChain(station, bordertest.EpochNo(7), border.Parent{})
	lost.Add(20)
	const callers, each = 8, 120
	var wg sync.WaitGroup
	for c := range byte(callers) {
		wg.Go(func() {
			for n := range each {
				rc, err := j.Append(context.Background(), r.crossing(r.id(), c+1))
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				got, err := j.Document(context.Background(), border.BlindIndex{c + 1}, 1<<30)
				if err != nil || len(got) != n+1 || got[0].Key != rc.Key {
					t.Errorf("caller %d has recorded %d and finds %d (%v)", c, n+1, len(got), err)
					return
				}
				if c == 0 && n%6 == 0 {
					if err := j.Restore(context.Background(), lost.Encoded()[:n/6+1]); err != nil {
						t.Errorf("restore: %v", err)
					}
				}
				if c == 1 && n%50 == 49 {
					if err := j.Rebuild(context.Background()); err != nil {
						t.Errorf("rebuild: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := r.rows(); n < callers*each-64 {
		t.Errorf("only %d rows: more than the memory's limit waits", n)
	}
	r.sound()
}

// Events that the hub gives back and that are refused leave no trace in memory either: the
// next that come take their place.
func TestRefusedRestoreIsNotFound(t *testing.T) {
	r := newRig(t)
	j := r.open()
	kept := r.put(j, r.crossing(r.id(), 1))
	check(t, j.Close())
	copied, err := os.ReadFile(r.path())
	check(t, err)
	var lost [2]journal.Receipt
	var records [2][][]byte
	for i := range lost {
		j = r.open()
		lost[i] = r.put(j, r.crossing(r.id(), byte(i+2)))
		records[i], err = j.Read(t.Context(), j.Head().Epoch, 0, 10)
		check(t, err)
		check(t, j.Close())
	}
	check(t, os.WriteFile(r.path(), copied, 0o600))
	j = r.open()
	var wg sync.WaitGroup
	for range 16 { // in one batch with others that are recorded
		wg.Go(func() {
			wantCodeIn(t, j.Restore(context.Background(), append(slices.Clone(records[0]), []byte("no event"))), border.Invalid)
		})
		wg.Go(func() {
			if _, err := j.Append(context.Background(), r.crossing(r.id(), 9)); err != nil {
				t.Errorf("append: %v", err)
			}
		})
	}
	wg.Wait()
	wantDocument(t, j, 2)
	check(t, j.Restore(t.Context(), records[1]))
	wantDocument(t, j, 1, kept)
	wantDocument(t, j, 2)
	wantDocument(t, j, 3, lost[1])
	check(t, j.Restore(t.Context(), records[0]))
	wantDocument(t, j, 2, lost[0])
	r.sound()
}
