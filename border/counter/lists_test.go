package counter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/border/watch"
	"garita/border/watch/document"
)

// persons is a list of entries that fit the holder of passport(1), each changed.
func persons(t testing.TB, change ...func(*watch.Entry)) counter.List {
	t.Helper()
	var entries []*watch.Entry
	for i, f := range change {
		e := &watch.Entry{Source: "sample", ID: fmt.Sprint(i), Handling: watch.Open, BirthDates: []string{"1974-08-12"},
			Names: []watch.Name{{Surname: "UTOPIAN", GivenNames: "FRANKOWA", Quality: watch.Primary}}}
		f(e)
		entries = append(entries, e)
	}
	base, err := watch.Compile(watch.Description{Name: "national"}, entries)
	check(t, err)
	return counter.List{Name: "national", Version: "1", Issued: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Watch: watch.New(base)}
}

// An entry counts for the direction it is meant for, and follows the counter when that is
// turned round; a silent one is told to the hub for its direction only.
func TestDirectionOfAnEntry(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.lists = []counter.List{persons(t, func(e *watch.Entry) { e.Applies = watch.AppliesExit })}
	})
	r.scan("1", passport(1))
	if x := r.result("1", verdict.NameList); x.Outcome != verdict.Clear {
		t.Errorf("on entry: %+v", x)
	}
	check(t, r.s.SetDirection(t.Context(), "1", border.Exit, "17"))
	if x := r.result("1", verdict.NameList); x.Outcome != verdict.Hit || len(r.view("1").Encounter.Hits) != 1 {
		t.Errorf("on exit: %+v", x)
	}
}

// Validity is looked at on the day of the crossing, which for a sheet of paper has passed.
func TestExpiredEntry(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     verdict.Outcome
	}{{"", "2020-01-01", verdict.Clear}, {"2999-01-01", "", verdict.Clear}, {"2020-01-01", "2999-01-01", verdict.Hit}} {
		r := newRig(t, func(r *rig) {
			r.lists = []counter.List{persons(t, func(e *watch.Entry) { e.ValidFrom, e.Expires = c.from, c.to })}
		})
		r.scan("1", passport(1))
		if x := r.result("1", verdict.NameList); x.Outcome != c.want {
			t.Errorf("%s to %s: %+v", c.from, c.to, x)
		}
	}
}

// Past its age a clear answer is stale and says so; a hit stays a hit.
func TestOldList(t *testing.T) {
	old := func(r *rig, entries ...func(*watch.Entry)) {
		l := persons(r.t, entries...)
		l.ValidUntil = l.Issued.Add(time.Hour)
		r.lists = []counter.List{l}
	}
	r := newRig(t, func(r *rig) {
		old(r, func(e *watch.Entry) {
			e.Names[0], e.BirthDates = watch.Name{Surname: "NOBODY", GivenNames: "ZENO"}, []string{"1950-01-02"}
		})
	})
	r.scan("1", passport(1))
	if x := r.result("1", verdict.NameList); x.Outcome != verdict.Stale || x.AgeS == 0 || x.Level != verdict.Look {
		t.Errorf("clear of an old list: %+v", x)
	}
	rec := r.decide(r.decision("1", border.Admitted))
	if _, h := r.event(rec.Crossing); !strings.HasPrefix(h.Checks["name_list"], "stale") {
		t.Errorf("the record says %q", h.Checks["name_list"])
	}
	r = newRig(t, func(r *rig) { old(r, func(*watch.Entry) {}) })
	r.scan("1", passport(1))
	if x := r.result("1", verdict.NameList); x.Outcome != verdict.Hit || x.AgeS == 0 {
		t.Errorf("hit of an old list: %+v", x)
	}
}

// Who was found not to be the listed person is not disturbed again, until the entry changes.
func TestRememberedNonMatch(t *testing.T) {
	l := persons(t, func(*watch.Entry) {})
	r := newRig(t, func(r *rig) { r.lists = []counter.List{l} })
	entry, _ := l.Watch.Entry(watch.Key{Source: "sample", ID: "0"})
	non := watch.NonMatch{Document: r.cfg.Blinder.Document("UTO", "U00000001"), Source: "sample", ID: "0", Fields: watch.FingerprintOf(entry)}
	var err error
	l.Watch, err = l.Watch.With([]watch.Change{{Remember: &non}})
	check(t, err)
	r.lists[0] = l
	r.scan("1", passport(1))
	if x := r.result("1", verdict.NameList); x.Outcome != verdict.Clear {
		t.Errorf("the same document: %+v", x)
	}
	changed := *entry
	changed.BirthDates = []string{"1974-08-12", "1975-08-12"}
	l.Watch, err = l.Watch.With([]watch.Change{{Put: &changed}})
	check(t, err)
	r.lists[0] = l
	r.scan("2", passport(1))
	if x := r.result("2", verdict.NameList); x.Outcome != verdict.Hit {
		t.Errorf("after the entry has changed: %+v", x)
	}
}

// What an entry to be referred lets a screen know is its instruction, and nothing of the person.
func TestReferredEntryShowsItsInstruction(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.lists = []counter.List{persons(t, func(e *watch.Entry) {
			e.Handling, e.Action, e.Photo, e.LegalBasis = watch.Refer, "refer", "photo-77", "Act 12"
			e.Instruction = map[string]string{"en": "Take the person to the office.", "es": "Lleve a la persona a la oficina."}
		})}
	})
	r.scan("1", passport(1))
	h := r.view("1").Encounter.Hits
	if len(h) != 1 || h[0].Instruction["es"] == "" || h[0].Action != "refer" {
		t.Fatalf("%+v", h)
	}
	b, err := json.Marshal(h)
	check(t, err)
	for _, s := range []string{"sample/0", "UTOPIAN", "photo-77", "Act 12", "1974"} {
		if bytes.Contains(b, []byte(s)) {
			t.Errorf("the view tells %s", s)
		}
	}
	rec := r.decide(r.decision("1", border.Admitted))
	ev, _ := r.event(rec.Crossing)
	plain, err := r.keys.Open(&ev, border.PartPersonal)
	check(t, err)
	if !bytes.Contains(plain, []byte("sample/0")) {
		t.Error("the record does not name the entry")
	}
}

// stolen is a list with the document of passport(1) in its filter.
func stolen(t testing.TB) (counter.List, border.BlindIndex) {
	t.Helper()
	l := persons(t)
	key, err := document.DeriveKey(bytes.Repeat([]byte{3}, 32), "national", border.Epoch{1})
	check(t, err)
	d, _ := key.Hash("UTO", 'P', "U00000001")
	f, err := document.Build(border.Epoch{1}, []uint64{d.Lo})
	check(t, err)
	l.Documents, err = document.NewSet(key, f, nil)
	check(t, err)
	return l, d.Bytes()
}

// A hit of the filter is a hit that nobody has confirmed; the hub's exact store confirms it, or
// takes it back.
func TestListedDocument(t *testing.T) {
	l, digest := stolen(t)
	r := newRig(t, func(r *rig) { r.lists = []counter.List{l} })
	r.scan("1", passport(1))
	if x := r.result("1", verdict.DocumentList); x.Outcome != verdict.Hit || x.Reason != verdict.ReasonUnconfirmed || !r.view("1").Encounter.Hits[0].Unconfirmed {
		t.Errorf("without the hub: %+v", x)
	}
	for listed, want := range map[bool]verdict.Result{true: {Outcome: verdict.Hit, Reason: verdict.ReasonListed}, false: {Outcome: verdict.Clear}} {
		r := newRig(t, func(r *rig) { r.lists = []counter.List{l} })
		r.hub.connect(true)
		answer := r.hub.held()
		r.scan("1", passport(1))
		answer <- border.DocumentAnswer{Listed: map[border.BlindIndex]bool{digest: listed}}
		r.wait("the exact store's answer", func() bool { return r.result("1", verdict.DocumentList).Reason != verdict.ReasonUnconfirmed })
		if x := r.result("1", verdict.DocumentList); x.Outcome != want.Outcome || x.Reason != want.Reason {
			t.Errorf("listed %v: %+v", listed, x)
		}
	}
	r = newRig(t, func(r *rig) { r.lists = []counter.List{l} })
	r.scan("1", passport(2))
	if x := r.result("1", verdict.DocumentList); x.Outcome != verdict.Clear {
		t.Errorf("another document: %+v", x)
	}
}
