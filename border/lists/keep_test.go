package lists

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

// Names of listed people are nowhere in the folder in clear, nor in the log.
func TestSealed(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	e := person(rng, "hand", 1)
	e.Names[0].Surname, e.Distribution, e.Owner = "NEEDLEMANN", watch.ToPosts, "NEEDLE OFFICE"
	r.load("courts", "1", append(people(rng, "courts", 5), &watch.Entry{Source: "courts", ID: "N1", Handling: watch.Open, Names: []watch.Name{{Full: "PETRA NEEDLEMANN"}}}))
	id, err := r.Propose(ctx, Proposal{Op: Add, Entry: e, By: "BADGE-NEEDLE", Reason: "seen with NEEDLEMANN"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Approve(ctx, id, "BADGE-NEEDLE-2", "NEEDLE it is"); err != nil {
		t.Fatal(err)
	}
	r.preview("courts", "2", people(rng, "courts", 6))
	err = filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("NEEDLE")) {
			t.Errorf("%s holds it in clear", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.log.String(), "NEEDLE") {
		t.Error("the log holds it")
	}
}

// A quiet list is released anew before it runs out, with an empty delta.
func TestRenew(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{Validity: 8 * time.Hour}), seeded(t), t.Context()
	if err := r.Tick(ctx); err != nil { // nothing to renew
		t.Fatal(err)
	}
	r.load("courts", "1", people(rng, "courts", 10))
	first, _ := r.Held()
	if want := first.Issued.Add(8 * time.Hour); !first.ValidUntil.Equal(want) {
		t.Errorf("valid until %v, want %v", first.ValidUntil, want)
	}
	r.clock.add(2*time.Hour - time.Second)
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if h, _ := r.Held(); h.Position != first.Position {
		t.Fatal("renewed too early")
	}
	r.clock.add(time.Second)
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	h, _ := r.Held()
	_, m := r.post()
	if h.Position.Version != 2 || m.Delta != nil || m.IsSnapshot() || !h.ValidUntil.Equal(first.ValidUntil.Add(2*time.Hour)) || h.Posts != first.Posts {
		t.Errorf("renewed: %+v, delta %v", h.Position, m.Delta)
	}
	r.clock.add(-5 * time.Hour) // a clock that goes back makes no older release
	r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 1)})
	if later, _ := r.Held(); later.Issued.Before(h.Issued) {
		t.Error("a later release was issued earlier")
	}
}

// Old releases go, but never the newest snapshot and what follows; files go with them.
func TestPrune(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{Keep: 3, BaseFloor: 1, BaseShare: 0.2}), seeded(t), t.Context()
	r.load("courts", "1", people(rng, "courts", 20)) // 1: snapshot
	list := func() (versions []uint64) {
		h, _ := r.Held()
		rs, err := r.Releases(ctx, "national", h.Position.Epoch, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range rs {
			versions = append(versions, v.Position.Version)
		}
		return versions
	}
	add := func(n int) {
		for range n {
			e := person(rng, "hand", rng.IntN(1e9))
			e.Distribution = watch.ToPosts
			r.byHand(Proposal{Op: Add, Entry: e})
		}
	}
	add(2) // two changes each: entry and description
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if got := list(); !cmp.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("%v", got)
	}
	add(1)
	_, m := r.post()
	base := m.Base.Version
	if base < 2 {
		t.Fatalf("no new snapshot: base %d", base)
	}
	add(1)
	_, m = r.post()
	base = m.Base.Version
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	got := list()
	if got[0] > base || len(got) > 3 && got[0] < base {
		t.Errorf("kept %v, snapshot %d", got, base)
	}
	r.post()
	r.clock.add(31 * 24 * time.Hour)
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if got := list(); got[0] != base {
		t.Errorf("after 31 days %v are kept, the snapshot is %d", got, base)
	}
	named := 0
	for _, rel := range list() {
		h, _ := r.Held()
		rs, err := r.Releases(ctx, "national", h.Position.Epoch, rel-1, 1)
		if err != nil {
			t.Fatal(err)
		}
		files, err := r.Files(ctx, rs[0].Position)
		if err != nil {
			t.Fatal(err)
		}
		named += len(files)
	}
	if there, err := os.ReadDir(filepath.Join(r.dir, "lists")); err != nil || len(there) != named {
		t.Errorf("%d files for %d that are named, %v", len(there), named, err)
	}
	r.reopen()
	r.sameAnswers(rng, people(rng, "courts", 20))
}

// A hub put back from a copy begins an epoch that names what all stations have been through.
func TestRestored(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	_, err := r.Restored(ctx, "B-1", "B-2", "restored")
	wantCode(t, err, border.Conflict)
	r.load("courts", "1", people(rng, "courts", 30))
	copied := t.TempDir()
	copyDir(t, r.dir, copied)
	gone := r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 1)}) // a station takes it
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.dir = copied
	r.open()
	here, _ := r.Held()
	reports := map[border.StationID][]border.ListReport{"PCA-1": {{Position: here.Position}}, "PCB-1": {{Position: gone}}, "PCC-1": nil}
	if got, err := r.Ahead(ctx, reports); err != nil || !cmp.Equal(got, []border.StationID{"PCB-1"}) {
		t.Errorf("ahead: %v, %v", got, err)
	}
	later := gone
	later.Epoch = border.Epoch{1}
	unknown := map[border.StationID][]border.ListReport{"PCD-1": {{Position: later}}, "PCE-1": {{Position: border.ListPosition{List: "another", Epoch: later.Epoch, Version: 1}}}}
	if got, err := r.Ahead(ctx, unknown); err != nil || !cmp.Equal(got, []border.StationID{"PCD-1"}) {
		t.Errorf("ahead by an epoch: %v, %v", got, err)
	}
	other := r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 2)}) // before anybody noticed: a fork
	if got, err := r.Ahead(ctx, reports); err != nil || !cmp.Equal(got, []border.StationID{"PCB-1"}) {
		t.Errorf("ahead by another release: %v, %v", got, err)
	}
	_, err = r.Restored(ctx, "B-1", "B-1", "restored")
	wantCode(t, err, border.Forbidden)
	at, err := r.Restored(ctx, "B-1", "B-2", "restored from Friday's copy")
	if err != nil {
		t.Fatal(err)
	}
	_, m := r.post()
	want := []release.Parent{{Epoch: here.Position.Epoch, Version: here.Position.Version, Hash: here.Position.Hash}}
	if at.Version != 1 || at.Epoch == other.Epoch || !m.IsSnapshot() || !cmp.Equal(m.Parents, want) {
		t.Errorf("%+v: %+v", at, m.Parents)
	}
	r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 3)})
	if _, m := r.post(); m.Version != 2 || !cmp.Equal(m.Parents, want) {
		t.Errorf("%+v", m)
	}
	r.reopen()
	r.sameAnswers(rng, people(rng, "courts", 30))
	if entries, upTo, err := r.Added(ctx, other); err != nil || len(entries) != 1 || entries[0].ID != "E3" || upTo.Version != 2 {
		t.Errorf("new after the fork: %d entries up to %d, %v", len(entries), upTo.Version, err)
	}
}

// A damaged or missing file of the newest release is made good from the entries.
func TestDamagedFile(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"missing": os.Remove,
		"changed": func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b[len(b)/2] ^= 1
			return os.WriteFile(path, b, 0o600)
		},
		"cut": func(path string) error { return os.Truncate(path, 60) },
	} {
		for _, role := range []release.Role{release.Snapshot, release.Delta} {
			t.Run(name+" "+string(role), func(t *testing.T) {
				r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
				list := people(rng, "courts", 40)
				r.load("courts", "1", list)
				r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 1)})
				e, err := r.Entry(ctx, list[0].Key())
				if err != nil {
					t.Fatal(err)
				}
				if err := r.Remember(ctx, watch.NonMatch{Document: border.BlindIndex{1}, Source: e.Source, ID: e.ID, Fields: watch.FingerprintOf(e)}); err != nil {
					t.Fatal(err)
				}
				_, m := r.post()
				path := r.path(m.Base.Digest)
				if role == release.Delta {
					path = r.path(m.Delta.Digest)
				}
				before, _ := r.Held()
				want := slices.Collect(before.Posts.Entries())
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				if err := damage(path); err != nil {
					t.Fatal(err)
				}
				r.open()
				after, _ := r.Held()
				if after.Position.Version != before.Position.Version+1 {
					t.Errorf("version %d after %d", after.Position.Version, before.Position.Version)
				}
				if d := cmp.Diff(want, slices.Collect(after.Posts.Entries())); d != "" {
					t.Error(d)
				}
				_, m = r.post()
				if !m.IsSnapshot() || !cmp.Equal(m.Sources, before.Posts.Sources()) {
					t.Errorf("sources %s", cmp.Diff(m.Sources, before.Posts.Sources()))
				}
				r.nothingHidden()
				r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 2)})
				r.nothingHidden()
			})
		}
	}
}
