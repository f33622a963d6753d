package journal_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/journal"
)

// change makes a correction of a crossing, or an extension of its stay.
func (r *rig) change(typ string, crossing, change border.ID, who ...byte) *journal.Entry {
	e := r.about(border.Header{Type: typ, Crossing: &crossing, Change: &change}, who...)
	e.Crossing = change
	return e
}

func keysOf(events []border.Event) []border.Key {
	var out []border.Key
	for i := range events {
		out = append(out, events[i].Key)
	}
	return out
}

// wantChanges fails the test unless these are the changes of a crossing, oldest first.
func wantChanges(t testing.TB, j *journal.Journal, crossing border.ID, want ...journal.Receipt) {
	t.Helper()
	got, err := j.Amendments(context.Background(), crossing)
	check(t, err)
	var keys []border.Key
	for _, rc := range want {
		keys = append(keys, rc.Key)
	}
	if d := cmp.Diff(keys, keysOf(got)); d != "" {
		t.Fatalf("changes: %s", d)
	}
}

// A correction and an extension are recorded once by their own id, are found by the
// crossing they change, and are no crossings.
func TestAmendments(t *testing.T) {
	r := newRig(t)
	j := r.open()
	id, corrected, extended := r.id(), r.id(), r.id()
	wantChanges(t, j, id)
	first := r.put(j, r.crossing(id, 1))
	a := r.put(j, r.change(border.TypeCrossingCorrected, id, corrected, 2))
	b := r.put(j, r.change(border.TypeStayExtended, id, extended, 1))
	again := r.change(border.TypeCrossingCorrected, id, corrected, 9)
	again.Header.Outcome = string(border.Refused)
	if rc := r.put(j, again); !rc.Replayed || rc.Key != a.Key || rc.Header.Outcome != "" || *rc.Header.Change != corrected {
		t.Errorf("the correction sent again: %+v", rc)
	}
	look := func() {
		t.Helper()
		wantChanges(t, j, id, a, b)
		wantChanges(t, j, corrected)
		if ev, err := j.Crossing(t.Context(), id); err != nil || ev.Key != first.Key {
			t.Errorf("the crossing is %s, %v", ev.Key, err)
		}
		for _, change := range []border.ID{corrected, extended} {
			_, err := j.Crossing(t.Context(), change)
			wantCode(t, err, border.NotFound)
		}
		if got := counts(t, j, "2026-11-02"); len(got) != 1 || got[0].N != 1 {
			t.Errorf("counts %+v, want one crossing", got)
		}
		wantDocument(t, j, 2, a)
		wantDocument(t, j, 9)
	}
	look()
	check(t, j.Rebuild(t.Context()))
	look()
	check(t, j.Close())
	r.sound()
	j = r.open()
	look()
	if rc := r.put(j, r.change(border.TypeStayExtended, id, extended, 1)); !rc.Replayed || rc.Key != b.Key {
		t.Errorf("the extension sent again after a restart: %+v", rc)
	}
}

// An abandoned encounter has ended: its draft is gone, its id is used up, and it is no
// crossing.
func TestAbandonedIsAnEnd(t *testing.T) {
	r := newRig(t)
	j := r.open()
	id := r.id()
	check(t, j.SaveDraft(t.Context(), journal.Draft{Encounter: id, Counter: "1", Content: []byte("x")}))
	gone := r.put(j, r.about(border.Header{Type: border.TypeEncounterAbandoned, Crossing: &id}))
	look := func() {
		t.Helper()
		if drafts, _, err := j.Drafts(t.Context()); err != nil || len(drafts) != 0 {
			t.Errorf("drafts %v, %v", drafts, err)
		}
		_, err := j.Crossing(t.Context(), id)
		wantCode(t, err, border.NotFound)
		if rc := r.put(j, r.crossing(id, 1)); !rc.Replayed || rc.Key != gone.Key || rc.Header.Type != border.TypeEncounterAbandoned {
			t.Errorf("a decision after the end: %+v", rc)
		}
	}
	look()
	check(t, j.Rebuild(t.Context()))
	look()
	r.sound()
}

// An entry whose id is not its header's, or that could not be indexed again, is refused
// and leaves no trace.
func TestEntriesThatContradictThemselves(t *testing.T) {
	r := newRig(t)
	j := r.open()
	id := r.id()
	for name, spoil := range map[string]func(*journal.Entry){
		"another id":            func(e *journal.Entry) { e.Crossing = r.id() },
		"the crossing's id":     func(e *journal.Entry) { e.Crossing = id },
		"no change":             func(e *journal.Entry) { e.Header.Change = nil },
		"blinds without a part": func(e *journal.Entry) { e.Personal = nil },
	} {
		e := r.change(border.TypeCrossingCorrected, id, r.id(), 1)
		spoil(e)
		_, err := j.Append(t.Context(), e)
		if border.CodeOf(err) != border.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := r.change(border.TypeCrossingCorrected, id, r.id(), 1)
	e.Blinds = make([]border.BlindIndex, 513)
	_, err := j.Append(t.Context(), e)
	wantCode(t, err, border.TooLarge)
	if h := j.Head(); h.Seq != 1 {
		t.Errorf("a refused entry was written: %+v", h)
	}
	e = r.change(border.TypeCrossingCorrected, id, r.id(), 1)
	e.Crossing = border.ID{} // the header's
	if rc := r.put(j, e); r.put(j, e).Key != rc.Key {
		t.Error("without an id of its own an entry was recorded twice")
	}
}

// wantState fails the test unless this is the last event of a state; nil: there is none.
func wantState(t failer, j *journal.Journal, name string, want *journal.Receipt) {
	t.Helper()
	ev, err := j.State(context.Background(), name)
	if want == nil {
		wantCode(t, err, border.NotFound)
		return
	}
	if err != nil || ev.Key != want.Key {
		t.Fatalf("state %s is %s (%v), want %s", name, ev.Key, err, want.Key)
	}
}

// A state is the last event of its name, after a restart and a rebuild too.
func TestStates(t *testing.T) {
	r := newRig(t)
	j := r.open()
	last := map[string]*journal.Receipt{journal.StateShift: nil, journal.StateHolder("1"): nil, journal.StateHolder("2"): nil}
	look := func() {
		t.Helper()
		for name, rc := range last {
			wantState(t, j, name, rc)
		}
	}
	look()
	set := func(name string, h border.Header) {
		t.Helper()
		rc := r.put(j, r.about(h))
		last[name] = &rc
		look()
	}
	set(journal.StateShift, border.Header{Type: border.TypeShiftOpened, Shift: "a"})
	set(journal.StateHolder("2"), border.Header{Type: border.TypeCounterTaken, Counter: "2"})
	r.append(j, 3)
	check(t, j.Close())
	j = r.open()
	look()
	set(journal.StateShift, border.Header{Type: border.TypeShiftClosed, Shift: "a", Counts: []border.Count{{Type: border.TypeCrossingRecorded, N: 3}}})
	set(journal.StateHolder("1"), border.Header{Type: border.TypeCounterTaken, Counter: "1"})
	set(journal.StateHolder("2"), border.Header{Type: border.TypeCounterTaken, Counter: "2", From: "0123456789abcdef"})
	r.put(j, r.about(border.Header{Type: border.TypeCounterTaken})) // of no counter: nobody's state
	wantState(t, j, journal.StateHolder(""), nil)
	check(t, j.Rebuild(t.Context()))
	look()
	check(t, j.Close())
	r.sound()
}

// scan gives the keys that Scan visits.
func scan(t testing.TB, j *journal.Journal, from border.Position) []border.Key {
	t.Helper()
	var out []border.Key
	check(t, j.Scan(context.Background(), from, func(ev border.Event) error {
		out = append(out, ev.Key)
		return nil
	}))
	return out
}

// Scan reads on from an event, it included, over pages and epochs, and ends where the
// journal ended when it began.
func TestScan(t *testing.T) {
	r := newRig(t)
	var want []border.Key
	var j *journal.Journal
	for range 3 {
		if j != nil {
			check(t, j.Close())
		}
		j = r.open()
		want = append(want, border.Key{Station: station, Epoch: j.Head().Epoch, Seq: 1})
		for _, rc := range r.append(j, 300) { // more than a page
			want = append(want, rc.Key)
		}
	}
	for _, from := range []int{0, 1, 255, 256, 300, 301, 500, 902} {
		if d := cmp.Diff(want[from:], scan(t, j, border.Position{Epoch: want[from].Epoch, Seq: want[from].Seq})); d != "" {
			t.Fatalf("from %d: %s", from, d)
		}
	}
	if d := cmp.Diff(want, scan(t, j, border.Position{})); d != "" {
		t.Errorf("from the beginning: %s", d)
	}
	head := j.Head()
	for _, beyond := range []uint64{head.Seq + 1, 1<<40 - 1} {
		if got := scan(t, j, border.Position{Epoch: head.Epoch, Seq: beyond}); len(got) != 0 {
			t.Errorf("beyond the end: %v", got)
		}
	}
	nowhere := func(border.Event) error { t.Error("visited"); return nil }
	wantCode(t, j.Scan(t.Context(), border.Position{Epoch: border.Epoch{1}, Seq: 1}, nowhere), border.NotFound)
	wantCode(t, j.Scan(t.Context(), border.Position{Epoch: head.Epoch, Seq: 1 << 40}, nowhere), border.NotFound)

	n, enough := 0, errors.New("enough")
	err := j.Scan(t.Context(), border.Position{}, func(border.Event) error {
		if n++; n == 300 {
			return enough
		}
		return nil
	})
	if n != 300 || !errors.Is(err, enough) {
		t.Errorf("%d visited, %v", n, err)
	}
	n = 0
	check(t, j.Scan(t.Context(), border.Position{Epoch: head.Epoch, Seq: 1}, func(border.Event) error {
		n++
		r.append(j, 1) // while it reads others record, and it locks nothing
		return nil
	}))
	if n != 301 {
		t.Errorf("%d visited while others recorded, want 301", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = j.Scan(ctx, border.Position{}, func(border.Event) error { cancel(); return nil })
	if err == nil {
		t.Error("a cancelled Scan went on to the end")
	}
}
