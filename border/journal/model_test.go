package journal_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/journal"
)

// quiet lets a rig report its failures to rapid, and keeps its folders with the test.
type quiet struct {
	*testing.T
	rt *rapid.T
}

func (q quiet) Fatal(args ...any)                 { q.rt.Fatal(args...) }
func (q quiet) Fatalf(format string, args ...any) { q.rt.Fatalf(format, args...) }
func (q quiet) Errorf(format string, args ...any) { q.rt.Errorf(format, args...) }
func (q quiet) Cleanup(func())                    {} // a run closes what it opened

// journalModel is what a journal ought to answer.
type journalModel struct {
	all       []border.Key // without openings
	about     map[byte][]border.Key
	states    map[string]border.Key
	changes   map[border.ID][]border.Key
	crossings map[border.ID]border.Key
	sent      []*journal.Entry
	receipts  []journal.Receipt
}

func newModel() *journalModel {
	return &journalModel{about: map[byte][]border.Key{}, states: map[string]border.Key{}, changes: map[border.ID][]border.Key{}, crossings: map[border.ID]border.Key{}}
}

func (m *journalModel) recorded(e *journal.Entry, rc journal.Receipt) {
	m.sent, m.receipts = append(m.sent, e), append(m.receipts, rc)
	m.all = append(m.all, rc.Key)
	for _, b := range e.Blinds {
		m.about[b[0]] = append(m.about[b[0]], rc.Key)
	}
	switch e.Header.Type {
	case border.TypeCrossingRecorded:
		m.crossings[*e.Header.Crossing] = rc.Key
	case border.TypeCrossingCorrected, border.TypeStayExtended:
		m.changes[*e.Header.Crossing] = append(m.changes[*e.Header.Crossing], rc.Key)
	case border.TypeShiftOpened, border.TypeShiftClosed:
		m.states["shift"] = rc.Key
	case border.TypeCounterTaken:
		m.states["holder/"+string(e.Header.Counter)] = rc.Key
	}
}

// step makes an entry of any type, about up to three of six people.
func step(rt *rapid.T, r *rig, m *journalModel) *journal.Entry {
	who := rapid.SliceOfNDistinct(rapid.ByteRange(1, 6), 1, 3, rapid.ID[byte]).Draw(rt, "who")
	known := make([]border.ID, 0, len(m.crossings))
	for id := range m.crossings {
		known = append(known, id)
	}
	slices.SortFunc(known, func(a, b border.ID) int { return slices.Compare(a[:], b[:]) })
	id, change := r.id(), r.id()
	types := []string{border.TypeCrossingRecorded, border.TypeCrossingRecorded, border.TypeEncounterReferred, border.TypeEncounterAbandoned,
		border.TypeShiftOpened, border.TypeShiftClosed, border.TypeCounterTaken}
	if len(known) > 0 {
		types = append(types, border.TypeCrossingCorrected, border.TypeStayExtended)
	}
	h := border.Header{Type: rapid.SampledFrom(types).Draw(rt, "type"), Counter: rapid.SampledFrom([]border.CounterID{"1", "2"}).Draw(rt, "counter"),
		Direction: border.Entry, Outcome: string(border.Admitted)}
	switch h.Type {
	case border.TypeCrossingRecorded, border.TypeEncounterReferred, border.TypeEncounterAbandoned:
		h.Crossing = &id
	case border.TypeCrossingCorrected, border.TypeStayExtended:
		id = rapid.SampledFrom(known).Draw(rt, "crossing")
		h.Crossing, h.Change = &id, &change
	}
	return r.about(h, who...)
}

// Entries of all types, sent again, restarts, power cuts, rebuilds and an index that
// cannot follow for a while, in any order: documents, states, changes, counts and pages
// are always those of a simple model, and the journal verifies.
func TestJournalAgreesWithASimpleModel(t *testing.T) {
	base := newRig(t)
	rapid.Check(t, func(rt *rapid.T) {
		r := *base
		r.t = quiet{t, rt}
		var err error
		r.dir, err = os.MkdirTemp(base.dir, "run")
		check(r.t, err)
		r.set, err = r.keys.Ready(context.Background(), "2026-11")
		check(r.t, err)
		tail := func(c *journal.Config) { c.Tail = rapid.SampledFrom([]int{1, 5, 1000}).Draw(rt, "tail") }
		j := r.open(tail)
		defer func() { check(r.t, j.Close()) }()
		m, stopped := newModel(), false
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"append", "append", "append", "append", "append", "again", "restart", "power cut", "rebuild", "stop"}).Draw(rt, "step") {
			case "append":
				e := step(rt, &r, m)
				m.recorded(e, r.put(j, e))
			case "again":
				again(rt, &r, j, m)
			case "restart":
				check(r.t, j.Close())
				j = r.open(tail)
			case "power cut":
				after := filepath.Join(r.dir, "after")
				check(r.t, os.Mkdir(after, 0o700))
				r.copyTo(after)
				check(r.t, j.Close())
				r.dir = after
				j = r.open(tail)
			case "rebuild":
				if !stopped {
					check(r.t, j.Rebuild(context.Background()))
				}
			case "stop":
				if stopped = !stopped; stopped {
					r.stop()
				} else {
					r.release()
				}
			}
			m.compare(rt, j)
		}
		if stopped {
			r.release() // a trigger would be found
		}
		soundAt(r.t, r.path())
	})
}

// again sends an entry a second time: with an id it is replayed, without it is another.
func again(rt *rapid.T, r *rig, j *journal.Journal, m *journalModel) {
	if len(m.sent) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.sent)-1).Draw(rt, "again")
	rc := r.put(j, m.sent[i])
	h := &m.sent[i].Header
	once := h.Change != nil || h.Type == border.TypeCrossingRecorded || h.Type == border.TypeEncounterAbandoned
	if rc.Replayed != once || once && rc.Key != m.receipts[i].Key {
		rt.Fatalf("%s sent again: %+v, the first was %s", h.Type, rc, m.receipts[i].Key)
	}
	if !once {
		m.recorded(m.sent[i], rc)
	}
}

func (m *journalModel) compare(rt *rapid.T, j *journal.Journal) {
	for who := byte(1); who <= 7; who++ {
		got := document(rt, j, who, 1000)
		slices.Reverse(got)
		same(rt, "events about somebody", m.about[who], got)
	}
	for _, name := range []string{"shift", "holder/1", "holder/2"} {
		if key, ok := m.states[name]; ok {
			wantState(rt, j, name, &journal.Receipt{Key: key})
		} else {
			wantState(rt, j, name, nil)
		}
	}
	n := int64(0)
	for id, key := range m.crossings {
		n++
		if ev, err := j.Crossing(context.Background(), id); err != nil || ev.Key != key {
			rt.Fatalf("a crossing is %s (%v), want %s", ev.Key, err, key)
		}
		changes, err := j.Amendments(context.Background(), id)
		check(rt, err)
		same(rt, "changes", m.changes[id], keysOf(changes))
	}
	counts, err := j.Counts(context.Background(), "2026-11-02")
	check(rt, err)
	for _, c := range counts {
		n -= c.N
	}
	if n != 0 {
		rt.Fatalf("%+v: off by %d", counts, n)
	}
	var all []border.Key
	check(rt, j.Scan(context.Background(), border.Position{}, func(ev border.Event) error {
		if ev.Type != border.TypeEpochOpened {
			all = append(all, ev.Key)
		}
		return nil
	}))
	same(rt, "all events", m.all, all)
}

func same(rt *rapid.T, what string, want, got []border.Key) {
	if len(want)+len(got) > 0 && !slices.Equal(want, got) {
		rt.Fatalf("%s: %s", what, cmp.Diff(want, got))
	}
}
