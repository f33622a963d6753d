package cases

import (
	"testing"

	"garita/border/lists"
	"garita/border/watch"
)

// With the hub's own keeper of lists: an entry made by hand finds a past traveller, its risk is
// known though it is silent, and what people judge is released to the posts and taken back.
func TestWithTheKeeper(t *testing.T) {
	var k *lists.Keeper
	w := newWorld(t, func(c *Config) {
		if k == nil {
			var err error
			k, err = lists.Open(t.Context(), lists.Config{Dir: c.Dir, Clock: c.Clock, ListKey: c.Private.ListKey, ListSeed: c.Private.ListSeed})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = k.Close() })
		}
		c.List, c.Entry, c.Grown, c.Remember, c.Forget = k.List, k.Entry, k.Added, k.Remember, k.Forget
	})
	b := w.book("PUT-1")
	b.pass(anna, passing{version: "-"})
	w.step()
	add := func(e *watch.Entry) {
		t.Helper()
		id, err := k.Propose(t.Context(), lists.Proposal{Op: lists.Add, Entry: e, By: "B1", Reason: "the court asks for it"})
		w.must(err)
		_, err = k.Approve(t.Context(), id, "B2", "so it does")
		w.must(err)
		w.step()
	}
	hidden, plain := entry("1", anna, watch.Silent), entry("2", bruno, watch.Open)
	hidden.HighRisk, plain.Distribution = true, watch.HubOnly
	add(hidden)
	first := w.only()
	if first.Handling != watch.Silent || !first.HighRisk || first.Listed == nil || first.Listed.Owner != hidden.Owner || first.Changed || first.Sightings[0].Late != LateGrown {
		t.Errorf("%+v", first)
	}
	add(plain)
	w.crash()
	b.pass(bruno, passing{version: "2"})
	w.step()
	second := w.inbox()[1]
	if first.ID == second.ID {
		second = w.inbox()[0]
	}
	if c := w.open1(second.ID); c.Entry != "court/2" || c.Sightings[0].Late != LateHubOnly {
		t.Errorf("%+v", c)
	}
	w.act(first.ID, Take, "B1")
	if s := w.act(first.ID, Dismiss, "B1"); !s.SecondPerson {
		t.Error("the risk of a silent entry is not known")
	}
	w.act(first.ID, Countersign, "B2")
	w.step()
	document := w.blinder.Document("UTO", anna.number)
	if l, _ := k.List(); !l.Remembered(document, hidden.Key()) {
		t.Error("the keeper remembers nothing")
	}
	b.pass(anna, passing{version: "3"})
	w.step()
	if len(w.inbox()) != 2 {
		t.Error("the traveller was disturbed again")
	}
	w.act(first.ID, Reopen, "B2")
	w.step()
	if l, _ := k.List(); l.Remembered(document, hidden.Key()) {
		t.Error("the keeper still remembers")
	}
}
