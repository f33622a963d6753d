package lists

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
)

// Nothing proposed holds before another person has approved it; what was decided is kept with
// who and why.
func TestByHand(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	e := person(rng, "hand", 1)
	e.Distribution = watch.ToPosts
	p := Proposal{Op: Add, Entry: e, By: "B-1", Reason: "court order"}
	id, err := r.Propose(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if r.Current() != nil {
		t.Fatal("a proposal alone made a list")
	}
	pending, err := r.Proposals(ctx, false, 10)
	if err != nil || len(pending) != 1 || pending[0].ID != id || !cmp.Equal(pending[0].Entry, e) || pending[0].By != "B-1" {
		t.Fatalf("%+v, %v", pending, err)
	}
	for _, second := range []string{"B-1", " b-1"} {
		_, err := r.Approve(ctx, id, second, "")
		wantCode(t, err, border.Forbidden)
		wantCode(t, r.Reject(ctx, id, second, ""), border.Forbidden)
	}
	_, err = r.Approve(ctx, id, "", "")
	wantCode(t, err, border.Invalid)
	wantCode(t, r.TakeBack(ctx, id, "B-2", ""), border.Forbidden)
	if r.Current() != nil {
		t.Fatal("one person changed the list")
	}
	at, err := r.Approve(ctx, id, "B-2", "seen the order")
	if err != nil || at.Version != 1 {
		t.Fatalf("%+v, %v", at, err)
	}
	for name, again := range map[string]error{
		"approve": func() error { _, err := r.Approve(ctx, id, "B-3", ""); return err }(),
		"reject":  r.Reject(ctx, id, "B-3", ""),
		"back":    r.TakeBack(ctx, id, "B-1", ""),
	} {
		if border.CodeOf(again) != border.Conflict {
			t.Errorf("%s again: %v", name, again)
		}
	}
	_, err = r.Propose(ctx, p)
	wantCode(t, err, border.Conflict) // it is there
	changed := *e
	changed.BirthDates = []string{"1970-XX-XX~", "1960/1962"}
	first, err := r.Propose(ctx, Proposal{Op: Change, Entry: &changed, By: "B-2", Reason: "date corrected"})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := r.Propose(ctx, Proposal{Op: Withdraw, Key: e.Key(), By: "B-3", Reason: "order lifted"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Approve(ctx, first, "B-1", ""); err != nil {
		t.Fatal(err)
	}
	_, err = r.Approve(ctx, gone, "B-1", "") // it was proposed for what the entry was before
	wantCode(t, err, border.Conflict)
	if err := r.Reject(ctx, gone, "B-1", "another order"); err != nil {
		t.Fatal(err)
	}
	r.byHand(Proposal{Op: Withdraw, Key: e.Key()})
	if r.Current().Len() != 0 {
		t.Error("withdrawn, and still there")
	}
	for _, op := range []string{Withdraw, Change} {
		_, err = r.Propose(ctx, Proposal{Op: op, Key: e.Key(), Entry: &changed, By: "B-1", Reason: "x"})
		wantCode(t, err, border.Conflict)
	}
	history, err := r.History(ctx, e.Key())
	if err != nil || len(history) != 3 {
		t.Fatalf("%d revisions, %v", len(history), err)
	}
	if h := history[0]; h.Op != "remove" || h.Entry != nil || h.By != "B-1" || h.Second != "B-2" || h.Version != 3 || !h.ByHand {
		t.Errorf("%+v", h)
	}
	if h := history[1]; h.Op != "change" || !cmp.Equal(h.Entry, &changed) || h.By != "B-2" || h.Second != "B-1" || h.Reason != "date corrected" {
		t.Errorf("%+v", h)
	}
	decided, err := r.Proposals(ctx, true, 10)
	if err != nil || len(decided) != 4 {
		t.Fatalf("%d decided, %v", len(decided), err)
	}
	steps, err := r.Steps(ctx, 10)
	if err != nil || len(steps) != 3 || steps[0].Removed != 1 || steps[2].Added != 1 || steps[2].By != "B-1" {
		t.Errorf("%+v, %v", steps, err)
	}
}

// What cannot be an entry is not proposed, and the refusal does not repeat it.
func TestProposeNonsense(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	for name, spoil := range map[string]func(*watch.Entry){
		"no id":               func(e *watch.Entry) { e.ID = "" },
		"a spaced id":         func(e *watch.Entry) { e.ID = "A B" },
		"a source of capital": func(e *watch.Entry) { e.Source = "Hand" },
		"nothing to find by":  func(e *watch.Entry) { e.Names, e.Documents = nil, nil },
		"an empty name":       func(e *watch.Entry) { e.Names = append(e.Names, watch.Name{Quality: watch.Low}) },
		"a name of two lines": func(e *watch.Entry) { e.Names[0].Surname = "SECRET\nNAME" },
		"a name not in UTF-8": func(e *watch.Entry) { e.Names[0].Surname = "SECRET\xff" },
		"a day as in speech":  func(e *watch.Entry) { e.BirthDates = []string{"SECRET 12 March"} },
		"a long country":      func(e *watch.Entry) { e.Nationalities = []string{"SECRET"} },
		"a sex":               func(e *watch.Entry) { e.Sex = "SECRET" },
		"no handling":         func(e *watch.Entry) { e.Handling = "" },
		"a direction":         func(e *watch.Entry) { e.Applies = "SECRET" },
		"a distribution":      func(e *watch.Entry) { e.Distribution = "SECRET" },
		"days the wrong way":  func(e *watch.Entry) { e.ValidFrom, e.Expires = "2026-02-01", "2026-01-01" },
		"no such day":         func(e *watch.Entry) { e.Expires = "2026-02-30" },
		"a long text":         func(e *watch.Entry) { e.Purpose = strings.Repeat("SECRET", 1000) },
		"too many names":      func(e *watch.Entry) { e.Names = make([]watch.Name, 101) },
		"no number":           func(e *watch.Entry) { e.Documents = []watch.Document{{Issuer: "UTO"}} },
	} {
		e := person(rng, "hand", 1)
		spoil(e)
		_, err := r.Propose(ctx, Proposal{Op: Add, Entry: e, By: "B-1", Reason: "order"})
		if border.CodeOf(err) != border.Invalid || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := person(rng, "hand", 1)
	for name, p := range map[string]Proposal{
		"nobody":         {Op: Add, Entry: e, Reason: "order"},
		"no reason":      {Op: Add, Entry: e, By: "B-1"},
		"no entry":       {Op: Add, By: "B-1", Reason: "order"},
		"another word":   {Op: "burn", Entry: e, By: "B-1", Reason: "order"},
		"a long reason":  {Op: Add, Entry: e, By: "B-1", Reason: strings.Repeat("x", 2001)},
		"an empty badge": {Op: Add, Entry: e, By: "  ", Reason: "order"},
	} {
		_, err := r.Propose(ctx, p)
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := r.Propose(ctx, Proposal{Op: Return, Key: e.Key(), By: "B-1", Reason: "x"})
	wantCode(t, err, border.Conflict)
	_, err = r.Approve(ctx, border.ID{1}, "B-2", "")
	wantCode(t, err, border.NotFound)
	if all, err := r.Proposals(ctx, false, 10); err != nil || len(all) != 0 {
		t.Errorf("%d are kept, %v", len(all), err)
	}
}

// What was decided by hand stays, whatever the next file says, until it is returned.
func TestByHandStays(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	list := people(rng, "courts", 20)
	r.load("courts", "1", list)
	changed := *list[0]
	changed.Owner = "By hand"
	r.byHand(Proposal{Op: Change, Entry: &changed})
	r.byHand(Proposal{Op: Withdraw, Key: list[1].Key()})
	extra := person(rng, "courts", 900)
	r.byHand(Proposal{Op: Add, Entry: extra})
	p := r.preview("courts", "2", list)
	if p.Kept != 3 || p.Added+p.Removed+p.Changed != 0 {
		t.Errorf("%+v", p.Summary)
	}
	if _, err := r.Confirm(ctx, p.ID, "B-1", "B-2"); err != nil {
		t.Fatal(err)
	}
	if e, err := r.Entry(ctx, changed.Key()); err != nil || e.Owner != "By hand" {
		t.Errorf("%+v, %v", e, err)
	}
	_, err := r.Entry(ctx, list[1].Key())
	wantCode(t, err, border.NotFound)
	views, err := r.Sources(ctx)
	if err != nil || len(views) != 1 || views[0].ByHand != 3 || views[0].Kind != "csv" || views[0].Version != "2" {
		t.Errorf("%+v, %v", views, err)
	}
	for _, key := range []watch.Key{changed.Key(), list[1].Key(), extra.Key()} {
		r.byHand(Proposal{Op: Return, Key: key})
	}
	if e, err := r.Entry(ctx, changed.Key()); err != nil || e.Owner != "By hand" {
		t.Errorf("returned, and changed before the next import: %+v, %v", e, err)
	}
	p = r.preview("courts", "3", list)
	if p.Kept != 0 || p.Added != 1 || p.Removed != 1 || p.Changed != 1 {
		t.Errorf("%+v", p.Summary)
	}
	if _, err := r.Confirm(ctx, p.ID, "B-1", "B-2"); err != nil {
		t.Fatal(err)
	}
	if e, err := r.Entry(ctx, changed.Key()); err != nil || !cmp.Equal(e, list[0]) {
		t.Errorf("%+v, %v", e, err)
	}
	r.nothingHidden()
}

// A non-match travels, until what identifies the entry changes; what is moot makes no release.
func TestRemember(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	list := people(rng, "courts", 20)
	for _, e := range list {
		e.Distribution = watch.ToPosts
	}
	list[1].Distribution = watch.HubOnly
	r.load("courts", "1", list)
	version := func() uint64 { h, _ := r.Held(); return h.Position.Version }
	memory := func(e *watch.Entry) watch.NonMatch {
		return watch.NonMatch{Document: border.BlindIndex{1, 2}, Source: e.Source, ID: e.ID, Fields: watch.FingerprintOf(e)}
	}
	try := func(err error, want uint64) {
		t.Helper()
		if err != nil || version() != want {
			t.Fatalf("version %d, want %d: %v", version(), want, err)
		}
	}
	m := memory(list[0])
	try(r.Forget(ctx, m), 1) // not remembered
	try(r.Remember(ctx, m), 2)
	try(r.Remember(ctx, m), 2)
	post, _ := r.post()
	if !post.Remembered(m.Document, list[0].Key()) || post.Remembered(border.BlindIndex{9}, list[0].Key()) {
		t.Error("a post does not know")
	}
	hidden := memory(list[1])
	try(r.Remember(ctx, hidden), 3)
	if _, manifest := r.post(); manifest.Delta != nil {
		t.Error("what is remembered of an entry for the hub alone went to posts")
	}
	if !r.Current().Remembered(hidden.Document, list[1].Key()) {
		t.Error("the hub does not know")
	}
	other := m
	other.Fields[0] ^= 1
	try(r.Remember(ctx, other), 3) // judged on what the entry no longer is
	none := m
	none.ID = "E999"
	try(r.Remember(ctx, none), 3)
	r.reopen()
	r.nothingHidden()
	try(r.Forget(ctx, other), 3)
	shown := *list[1]
	shown.Distribution = watch.ToPosts
	r.byHand(Proposal{Op: Change, Entry: &shown})
	if post, _ := r.post(); !post.Remembered(hidden.Document, shown.Key()) {
		t.Error("the entry came to posts without what is remembered of it")
	}
	r.byHand(Proposal{Op: Change, Entry: list[1]})
	try(nil, 5)
	try(r.Forget(ctx, hidden), 6)
	if r.Current().Remembered(hidden.Document, list[1].Key()) {
		t.Error("the hub has not forgotten")
	}
	changed := *list[0]
	changed.Owner = "Another"
	r.byHand(Proposal{Op: Change, Entry: &changed})
	if post, _ := r.post(); !post.Remembered(m.Document, list[0].Key()) {
		t.Error("forgotten, though nothing that identifies has changed")
	}
	changed.Sex = "F"
	r.byHand(Proposal{Op: Change, Entry: &changed})
	if post, _ := r.post(); post.Remembered(m.Document, list[0].Key()) {
		t.Error("remembered, though the entry is another one")
	}
	try(r.Forget(ctx, m), 8) // gone with the change
	changed.Sex = ""
	r.byHand(Proposal{Op: Change, Entry: &changed})
	if post, _ := r.post(); post.Remembered(m.Document, list[0].Key()) {
		t.Error("forgotten at the hub, and still remembered at posts")
	}
	r.nothingHidden()
}

// Cases hear of what is new, and of no more.
func TestAdded(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	ids := func(after border.ListPosition) (out []string, upTo border.ListPosition) {
		t.Helper()
		entries, upTo, err := r.Added(ctx, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, e.ID)
		}
		return out, upTo
	}
	if got, at := ids(border.ListPosition{}); len(got) != 0 || at.Version != 0 {
		t.Errorf("%v", got)
	}
	list := people(rng, "courts", 12)
	for _, e := range list {
		e.Handling, e.Distribution = watch.Silent, watch.HubOnly // heard of all the same
	}
	first := r.load("courts", "1", list)
	if got, at := ids(border.ListPosition{}); len(got) != 12 || at != first {
		t.Errorf("%v, %+v", got, at)
	}
	if got, at := ids(first); len(got) != 0 || at != first {
		t.Errorf("%v, %+v", got, at)
	}
	owner := *list[0]
	owner.Owner = "Another"
	r.byHand(Proposal{Op: Change, Entry: &owner})
	who := *list[1]
	who.Sex = "F"
	second := r.byHand(Proposal{Op: Change, Entry: &who})
	when := *list[2]
	when.Expires = "2030-01-01"
	r.byHand(Proposal{Op: Change, Entry: &when})
	r.byHand(Proposal{Op: Withdraw, Key: list[3].Key()})
	third := r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 77)})
	if got, at := ids(first); !cmp.Equal(got, []string{"E1", "E2", "E77"}) || at != third {
		t.Errorf("%v, %+v", got, at)
	}
	if got, _ := ids(second); !cmp.Equal(got, []string{"E2", "E77"}) {
		t.Errorf("%v", got)
	}
	if got, _ := ids(border.ListPosition{List: "national", Epoch: border.Epoch{9}, Version: 4}); len(got) != 12 { // 12 - 1 + 1
		t.Errorf("after an unknown epoch: %v", got)
	}
}

// Stations that lack an urgent change are named, with its age, until all have it.
func TestChase(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{Urgent: time.Hour}), seeded(t), t.Context()
	at := r.load("courts", "1", people(rng, "courts", 5))
	at1 := func(p border.ListPosition) []border.ListReport { return []border.ListReport{{Position: p}} }
	reports := map[border.StationID][]border.ListReport{"PCA-1": at1(at), "PCB-1": at1(at), "PCC-1": nil}
	chase := func() []Chased {
		t.Helper()
		c, err := r.Chase(ctx, reports)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := chase(); len(c) != 0 {
		t.Errorf("%+v", c)
	}
	e := person(rng, "hand", 1)
	e.Urgent, e.Handling, e.Distribution = true, watch.Open, watch.ToPosts
	at = r.byHand(Proposal{Op: Add, Entry: e})
	r.clock.add(10 * time.Minute)
	c := chase()
	if len(c) != 1 || c[0].Key != e.Key() || c[0].Age != 10*time.Minute || c[0].Overdue || !cmp.Equal(c[0].Missing, []border.StationID{"PCA-1", "PCB-1", "PCC-1"}) {
		t.Fatalf("%+v", c)
	}
	reports["PCA-1"] = at1(at)
	later := r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 2)})
	reports["PCB-1"] = at1(later)
	if c = chase(); len(c) != 1 || c[0].Have != 2 || !cmp.Equal(c[0].Missing, []border.StationID{"PCC-1"}) {
		t.Errorf("%+v", c)
	}
	r.reopen()
	r.clock.add(time.Hour)
	for range 2 {
		if c = chase(); len(c) != 1 || !c[0].Overdue {
			t.Errorf("%+v", c)
		}
	}
	if n := strings.Count(r.log.String(), "has not reached every station"); n != 1 {
		t.Errorf("raised %d times", n)
	}
	reports["PCA-1"] = nil // said so once: it is known to have it
	if c = chase(); len(c) != 1 || c[0].Have != 2 {
		t.Errorf("%+v", c)
	}
	next, err := r.Restored(ctx, "B-1", "B-2", "restored")
	if err != nil {
		t.Fatal(err)
	}
	reports["PCC-1"] = at1(next) // of a later epoch, which has all of the earlier one
	if c = chase(); len(c) != 0 {
		t.Errorf("%+v", c)
	}
	// An urgent withdrawal is chased too, and what is replaced is not any more.
	at = r.byHand(Proposal{Op: Withdraw, Key: e.Key(), Urgent: true})
	if c = chase(); len(c) != 1 || c[0].Version != at.Version {
		t.Errorf("%+v", c)
	}
	back := *e
	back.Owner = "Another"
	last := r.byHand(Proposal{Op: Add, Entry: &back})
	if c = chase(); len(c) != 1 || c[0].Version != last.Version {
		t.Errorf("%+v", c)
	}
	hidden := person(rng, "hand", 3)
	hidden.Urgent, hidden.Distribution = true, watch.HubOnly
	r.byHand(Proposal{Op: Add, Entry: hidden})
	if c = chase(); len(c) != 1 {
		t.Errorf("stations are chased for what is not for them: %+v", c)
	}
	if c, err := r.Chase(ctx, nil); err != nil || len(c) != 1 {
		t.Errorf("without any station: %+v, %v", c, err)
	}
}
