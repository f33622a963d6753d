package lists

import (
	"log/slog"
	"testing"

	"garita/border"
	"garita/border/replica"
)

// A hub that was put back from a copy makes releases before anybody notices: it renews an old one
// when it starts. Stations that hold others of the same numbers, and those that took the hub's new
// ones, find back all the same.
func TestStationsFindBack(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	prov, err := r.keys.Provisioning()
	if err != nil {
		t.Fatal(err)
	}
	station := func(id border.StationID) *replica.Replica {
		s, err := replica.Open(ctx, replica.Config{Dir: t.TempDir(), Station: id, Clock: r.clock, Prov: prov, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	ahead, behind := station("PCA-1"), station("PCB-1")
	r.load("courts", "1", people(rng, "courts", 30))
	r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 1)})
	r.follow(ahead)
	r.follow(behind)
	copied := t.TempDir()
	copyDir(t, r.dir, copied)
	r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 2)})
	r.follow(ahead)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.dir = copied
	r.open()
	r.clock.add(r.Keeper.rules.Renew)
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	r.follow(behind)
	if _, err := r.Restored(ctx, "B-1", "B-2", "restored"); err != nil {
		t.Fatal(err)
	}
	fresh := station("PCC-1")
	for _, s := range []*replica.Replica{ahead, behind, fresh} {
		r.follow(s)
	}
	r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 3)})
	for _, s := range []*replica.Replica{ahead, behind, fresh} {
		r.follow(s)
	}
}

// What was screened up to a release that this hub does not know, or knows as another, was
// screened against another list: nothing is left out.
func TestAddedAfterTheUnknown(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	r.load("courts", "1", people(rng, "courts", 5))
	copied := t.TempDir()
	copyDir(t, r.dir, copied)
	r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 1)})
	gone := r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 2)})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.dir = copied
	r.open()
	for i := range 3 {
		r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 10+i)})
		found := false
		entries, _, err := r.Added(ctx, gone)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			found = found || e.ID == "E10"
		}
		if !found {
			t.Errorf("after %d releases of its own the hub leaves out what is new", i+1)
		}
	}
}
