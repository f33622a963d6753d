package journal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/journal"
)

func TestDrafts(t *testing.T) {
	r := newRig(t)
	j := r.open()
	a, b, c := r.id(), r.id(), r.id()
	for i, id := range []border.ID{a, b, c} {
		check(t, j.SaveDraft(t.Context(), journal.Draft{Encounter: id, Counter: "1", Content: []byte{byte(i)}}))
	}
	check(t, j.SaveDraft(t.Context(), journal.Draft{Encounter: b, Counter: "2", Content: []byte("SPECIMEN UTOPIA")}, a))
	if _, err := j.Append(t.Context(), r.crossing(c, 1)); err != nil {
		t.Fatal(err)
	}
	want := []journal.Draft{{Encounter: b, Counter: "2", Content: []byte("SPECIMEN UTOPIA")}}
	look := func() {
		t.Helper()
		got, unreadable, err := j.Drafts(t.Context())
		check(t, err)
		if d := cmp.Diff(want, got); d != "" || unreadable != 0 {
			t.Errorf("drafts, %d unreadable: %s", unreadable, d)
		}
	}
	look()
	check(t, j.Close())
	for _, name := range []string{"journal.db", "keys.db", "keys.db-wal"} {
		if raw, err := os.ReadFile(filepath.Join(r.dir, name)); err == nil && bytes.Contains(raw, []byte("SPECIMEN UTOPIA")) {
			t.Errorf("%s holds a draft in clear", name)
		}
	}
	j = r.open()
	look()
	if n, err := r.keys.Destroy(t.Context(), "2026-11"); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if got, unreadable, err := j.Drafts(t.Context()); err != nil || len(got) != 0 || unreadable != 1 {
		t.Errorf("after its key was destroyed: %d drafts, %d unreadable, %v", len(got), unreadable, err)
	}
	r.sound()
}

// Drafts without a counter are on the post's list; drafts are dropped when that is asked for.
func TestDropDrafts(t *testing.T) {
	r := newRig(t)
	j := r.open()
	a, b, c := r.id(), r.id(), r.id()
	for _, id := range []border.ID{a, b, c} {
		check(t, j.SaveDraft(t.Context(), journal.Draft{Encounter: id, Content: []byte("x")}))
	}
	check(t, j.DropDrafts(t.Context()))
	check(t, j.DropDrafts(t.Context(), a, r.id(), c))
	check(t, j.Close())
	j = r.open()
	got, _, err := j.Drafts(t.Context())
	check(t, err)
	if d := cmp.Diff([]journal.Draft{{Encounter: b, Content: []byte("x")}}, got); d != "" {
		t.Error(d)
	}
}

func counts(t *testing.T, j *journal.Journal, day string) []journal.Count {
	t.Helper()
	got, err := j.Counts(t.Context(), day)
	check(t, err)
	sort.Slice(got, func(i, k int) bool { return got[i].Outcome < got[k].Outcome })
	return got
}

// Counts know every crossing as soon as it is acknowledged, before and after the
// projection has followed, and after a rebuild.
func TestCountsReadTheirOwnWrites(t *testing.T) {
	r := newRig(t)
	j := r.open()
	total := int64(0)
	want := func() []journal.Count {
		return []journal.Count{
			{Day: "2026-11-02", Counter: "1", Direction: border.Entry, Outcome: border.Admitted, N: total},
			{Day: "2026-11-02", Counter: "1", Direction: border.Entry, Outcome: border.Refused, N: 1},
		}
	}
	e := r.crossing(r.id(), 1)
	e.Header.Outcome = string(border.Refused)
	if _, err := j.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		r.append(j, 30)
		total += 30
		if d := cmp.Diff(want(), counts(t, j, "2026-11-02")); d != "" {
			t.Fatal(d)
		}
	}
	r.clock.set(bordertest.Start.AddDate(0, 0, 1), border.ClockSynced)
	r.append(j, 3)
	if d := cmp.Diff(want(), counts(t, j, "2026-11-02")); d != "" {
		t.Error(d)
	}
	if got := counts(t, j, "2026-11-03"); len(got) != 1 || got[0].N != 3 {
		t.Errorf("the next day: %+v", got)
	}
	check(t, j.Rebuild(t.Context()))
	if d := cmp.Diff(want(), counts(t, j, "2026-11-02")); d != "" {
		t.Errorf("after a rebuild: %s", d)
	}
	r.append(j, 1)
	if got := counts(t, j, "2026-11-03"); got[0].N != 4 {
		t.Errorf("after a rebuild and one more: %+v", got)
	}
	check(t, j.Close())
	r.sound()
	j = r.open()
	if d := cmp.Diff(want(), counts(t, j, "2026-11-02")); d != "" {
		t.Errorf("after reopening: %s", d)
	}
}

// Days are those of the post: at 22:00 in Panama it is tomorrow in UTC. A post whose zone
// is corrected gets its days counted anew.
func TestCountsAreOfDaysAtThePost(t *testing.T) {
	r := newRig(t)
	panama, err := time.LoadLocation("America/Panama")
	check(t, err)
	in := func(z *time.Location) func(*journal.Config) { return func(c *journal.Config) { c.Zone = z } }
	late := time.Date(2026, 11, 3, 3, 0, 0, 0, time.UTC)
	r.clock.set(late, border.ClockSynced)
	j := r.open(in(panama))
	if d := j.Today(late); d != "2026-11-02" {
		t.Errorf("today is %s", d)
	}
	r.append(j, 3)
	for _, z := range []*time.Location{panama, time.UTC, nil, panama} {
		want := map[bool]string{true: "2026-11-02", false: "2026-11-03"}[z == panama]
		check(t, j.Close())
		j = r.open(in(z))
		for _, projected := range []bool{false, true} {
			if got := counts(t, j, want); len(got) != 1 || got[0].N != 3 {
				t.Errorf("zone %v: %+v on %s (projected: %v)", z, got, want, projected)
			}
			r.sound()
			check(t, j.Rebuild(t.Context()))
		}
		if got := cursor(t, r.path(), "SELECT sum(n) FROM crossing_count WHERE day = '"+want+"'"); got != 3 {
			t.Errorf("zone %v: %d projected", z, got)
		}
	}
}

// A station that is started again and again before its first tick must not read ever more
// events behind its projections at each start.
func TestProjectionFollowsFromTheOpening(t *testing.T) {
	r := newRig(t)
	j := r.open()
	r.append(j, 3)
	check(t, j.Close())
	check(t, r.open().Close())
	if got := cursor(t, r.path(), "SELECT coalesce(max(seq), 0) FROM cursor WHERE ordinal = 1"); got != 4 {
		t.Errorf("after a short life the projection is at event %d of the epoch before, not at 4", got)
	}
}

// The projections follow by themselves while nobody waits.
func TestProjectionFollows(t *testing.T) {
	r := newRig(t)
	j := r.open()
	r.append(j, 300)
	deadline := time.After(30 * time.Second)
	for {
		if cursor(t, r.path(), "SELECT coalesce(max(seq), 0) FROM cursor") == 301 {
			break
		}
		select {
		case <-deadline:
			t.Fatal("the projection did not follow")
		case <-time.After(50 * time.Millisecond):
		}
	}
	if got := counts(t, j, "2026-11-02"); len(got) != 1 || got[0].N != 300 {
		t.Errorf("counts %+v", got)
	}
	r.sound()
}

// A projection that is damaged is left alone for a while; the record goes on in its epoch.
func TestDamagedProjectionBeginsNoEpochs(t *testing.T) {
	r := newRig(t)
	j := r.open()
	run(t, r.path(), "ALTER TABLE crossing_count RENAME TO gone")
	r.append(j, 5)
	head := j.Head()
	time.Sleep(2500 * time.Millisecond) // some ticks
	r.append(j, 5)
	if h := j.Head(); h.Epoch != head.Epoch || h.Seq != head.Seq+5 {
		t.Errorf("head %+v, want five after %+v", h, head)
	}
}

func TestRebuildMakesWhatWasDeleted(t *testing.T) {
	r := newRig(t)
	j := r.open()
	rc := r.append(j, 20)
	id := *rc[0].Header.Crossing
	a := r.put(j, r.change(border.TypeCrossingCorrected, id, r.id(), 1))
	s := r.put(j, r.about(border.Header{Type: border.TypeShiftOpened}))
	before := r.sound()
	for _, q := range []string{"DELETE FROM crossing", "DELETE FROM document", "DELETE FROM state", "DELETE FROM change", "DELETE FROM crossing_count", "DELETE FROM cursor"} {
		run(t, r.path(), q)
	}
	if rep, err := journal.Verify(t.Context(), r.path()); err != nil || rep.OK {
		t.Errorf("a journal without its index verifies: %+v, %v", rep, err)
	}
	check(t, j.Rebuild(t.Context()))
	if d := cmp.Diff(before, r.sound()); d != "" {
		t.Error(d)
	}
	for i := range rc {
		ev, err := j.Crossing(t.Context(), *rc[i].Header.Crossing)
		if err != nil || ev.Key != rc[i].Key {
			t.Errorf("crossing %d: %s, %v", i, ev.Key, err)
		}
	}
	wantChanges(t, j, id, a)
	wantState(t, j, journal.StateShift, &s)
	wantDocument(t, j, 1, rc[0], rc[5], rc[10], rc[15], a)
	for doc := byte(2); doc <= 5; doc++ {
		got, err := j.Document(t.Context(), border.BlindIndex{doc}, 10)
		if err != nil || len(got) != 4 {
			t.Errorf("document %d: %d crossings, %v", doc, len(got), err)
		}
	}
}

// The whole way of a database that was copied back: the lost events come back from the
// hub, byte for byte, and wrong ones are refused without a trace.
func TestCopiedBack(t *testing.T) {
	r := newRig(t)
	j := r.open()
	kept := r.append(j, 10)
	check(t, j.Close())
	copied, err := os.ReadFile(r.path())
	check(t, err)

	j = r.open()
	lost := r.append(j, 10)
	corrected := r.put(j, r.change(border.TypeCrossingCorrected, *kept[0].Header.Crossing, r.id(), 8))
	r.put(j, r.about(border.Header{Type: border.TypeShiftOpened}))
	check(t, j.Close())
	j = r.open()
	lost = append(lost, r.append(j, 5)...)
	extended := r.put(j, r.change(border.TypeStayExtended, *lost[12].Header.Crossing, r.id(), 8))
	hub := bordertest.ReadAll(t, t.Context(), j, 100)
	ex, err := j.Extents(t.Context())
	check(t, err)
	check(t, j.Close())

	check(t, os.WriteFile(r.path(), copied, 0o600))
	j = r.open()
	now, err := j.Extents(t.Context())
	check(t, err)
	if len(now) != 2 || now[1].Parent.Epoch != ex[0].Epoch || now[1].Parent.Seq != ex[0].Last || now[1].Epoch == ex[1].Epoch {
		t.Fatalf("extents %+v: the new epoch must continue the copy", now)
	}
	// An encounter that was restored from its draft is decided again before the hub is reached.
	twice := *lost[0].Header.Crossing
	if rc, err := j.Append(t.Context(), r.crossing(twice, 1)); err != nil || rc.Replayed {
		t.Fatalf("%+v, %v", rc, err)
	}
	holder := r.put(j, r.about(border.Header{Type: border.TypeCounterTaken, Counter: "1"}))
	changedAgain, err := j.Append(t.Context(), r.change(border.TypeStayExtended, *lost[12].Header.Crossing, *extended.Header.Change, 8))
	check(t, err)
	check(t, j.SaveDraft(t.Context(), journal.Draft{Encounter: *lost[3].Header.Crossing, Counter: "1"}))
	var back [][]byte
	for _, x := range ex[1:] {
		for seq := uint64(1); seq <= x.Last; seq++ {
			back = append(back, hub[border.Key{Station: station, Epoch: x.Epoch, Seq: seq}])
		}
	}
	fork := bordertest.Event(station, ex[1].Epoch, 6, border.Digest{7}, border.TypeCrossingRecorded)
	wantCode(t, j.Restore(t.Context(), append(append([][]byte{}, back[:5]...), fork.Encode())), border.Invalid)
	if now, _ := j.Extents(t.Context()); len(now) != 2 {
		t.Errorf("a refused Restore left a trace: %+v", now)
	}
	check(t, j.Restore(t.Context(), back[:7]))
	other := bordertest.Event(station, ex[1].Epoch, 3, border.Digest{7}, border.TypeCrossingRecorded)
	wantCode(t, j.Restore(t.Context(), [][]byte{other.Encode()}), border.Conflict)
	check(t, j.Restore(t.Context(), back[3:]))
	all := bordertest.ReadAll(t, t.Context(), j, 100)
	for k, b := range hub {
		if !bytes.Equal(all[k], b) {
			t.Errorf("%s is not there byte for byte", k)
		}
	}
	for _, rc := range append(kept, lost[1:]...) {
		ev, err := j.Crossing(t.Context(), *rc.Header.Crossing)
		if err != nil || ev.Key != rc.Key {
			t.Errorf("crossing %s: %s, %v", rc.Key, ev.Key, err)
		}
		got, err := j.Append(t.Context(), r.crossing(*rc.Header.Crossing, 1))
		if err != nil || !got.Replayed || got.Key != rc.Key {
			t.Errorf("%s was recorded again as %s", rc.Key, got.Key)
		}
	}
	if drafts, _, _ := j.Drafts(t.Context()); len(drafts) != 0 {
		t.Error("the draft of a crossing that came back is still open")
	}
	wantChanges(t, j, *kept[0].Header.Crossing, corrected)
	wantChanges(t, j, *lost[12].Header.Crossing, changedAgain) // once, though the lost copy has it too
	wantState(t, j, journal.StateHolder("1"), &holder)         // the lost copy's states
	wantState(t, j, journal.StateShift, nil)                   // do not count
	if got := document(t, j, 3, 100); len(got) != 2+2+1 {      // back at once
		t.Errorf("document 3: %v", got)
	}
	if got := document(t, j, 8, 100); len(got) != 3 { // each event, though one change came twice
		t.Errorf("document 8: %v", got)
	}
	if got := scan(t, j, border.Position{}); len(got) != 11+4 {
		t.Errorf("Scan visits %d events, want those of the two epochs that this journal opened", len(got))
	}
	visited := 0
	check(t, j.Scan(t.Context(), border.Position{Epoch: now[1].Epoch, Seq: 1}, func(border.Event) error {
		visited++
		r.put(j, r.about(border.Header{Type: border.TypeEncounterReferred}))
		return nil
	}))
	if visited != 4 {
		t.Errorf("%d visited while others recorded, want 4", visited)
	}
	wantCode(t, j.Scan(t.Context(), border.Position{Epoch: ex[1].Epoch, Seq: 1}, func(border.Event) error { return nil }), border.NotFound)
	if got := counts(t, j, "2026-11-02"); len(got) != 1 || got[0].N != 25 {
		t.Errorf("counts %+v, want 25: a crossing recorded twice counts once", got)
	}
	r.sound()
	check(t, j.Rebuild(t.Context()))
	if got := counts(t, j, "2026-11-02"); len(got) != 1 || got[0].N != 25 {
		t.Errorf("counts after a rebuild %+v, want 25", got)
	}
	wantChanges(t, j, *kept[0].Header.Crossing, corrected)
	wantState(t, j, journal.StateHolder("1"), &holder)
	wantState(t, j, journal.StateShift, nil)
	r.sound()
	check(t, j.Close())
	j = r.open() // the next epoch continues the one that this journal wrote itself
	ex, err = j.Extents(t.Context())
	check(t, err)
	if last := ex[len(ex)-1]; last.Parent.Epoch != now[1].Epoch {
		t.Errorf("parent %+v, want the epoch before the restored ones", last.Parent)
	}
	if newest, err := j.Newest(t.Context(), 1); err != nil || len(newest) != 1 || newest[0].Key.Epoch != now[1].Epoch {
		t.Errorf("Newest: %v, %v", newest, err)
	}
	r.sound()
}
