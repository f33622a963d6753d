package watch_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border/watch"
)

// What is known in full is told in full, and found as before.
func TestInFull(t *testing.T) {
	name := func(s string) []watch.Name { return []watch.Name{{Surname: "UTOPIAN", GivenNames: s}} }
	silent := &watch.Entry{Source: "courts", ID: "1", Names: name("JANA"), Handling: watch.Silent, LegalBasis: "Order 1"}
	later := &watch.Entry{Source: "courts", ID: "2", Names: name("MIRA"), Handling: watch.Silent, LegalBasis: "Order 2"}
	reduced, _ := watch.ForPosts(silent)
	reducedLater, _ := watch.ForPosts(later)
	b, err := watch.Compile(watch.Description{Name: "national"}, []*watch.Entry{reduced, {Source: "courts", ID: "3", Names: name("KEA"), Handling: watch.Open}})
	if err != nil {
		t.Fatal(err)
	}
	post, err := watch.New(b).With([]watch.Change{{Put: reducedLater}})
	if err != nil {
		t.Fatal(err)
	}
	absent := &watch.Entry{Source: "courts", ID: "9", Names: name("KEA"), Handling: watch.Open}
	hub := post.InFull([]*watch.Entry{silent, later, absent})
	for _, e := range []*watch.Entry{silent, later} {
		if got, ok := hub.Entry(e.Key()); !ok || got != e {
			t.Errorf("%s: %+v", e.Key(), got)
		}
		if got, _ := post.Entry(e.Key()); got.LegalBasis != "" {
			t.Errorf("%s: the list it was made from has changed", e.Key())
		}
		q := &watch.Query{Surname: "UTOPIAN", GivenNames: e.Names[0].GivenNames}
		if hits := hub.Check(q, nil); len(hits) == 0 || !cmp.Equal(hits, post.Check(q, nil)) {
			t.Errorf("found otherwise: %v", hits)
		}
	}
	if _, ok := hub.Entry(absent.Key()); ok || hub.Len() != 3 {
		t.Error("an entry was added")
	}
	n := 0
	for e := range hub.Entries() {
		if n++; e.Handling == watch.Silent && e.LegalBasis == "" {
			t.Errorf("%s is not in full among all", e.Key())
		}
	}
	if n != 3 {
		t.Errorf("%d entries", n)
	}
	key := silent.Key()
	next, err := hub.With([]watch.Change{{Remove: &key}, {Put: reducedLater}})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := next.Entry(key); ok {
		t.Error("removed, and still there")
	}
	if e, _ := next.Entry(later.Key()); e != reducedLater {
		t.Error("put again, and still as before")
	}
}
