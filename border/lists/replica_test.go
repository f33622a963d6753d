package lists

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/replica"
	"garita/border/watch"
)

// follow brings a station's copy to the newest release as the downlink does: what lies
// between, or else the newest snapshot first.
func (r *rig) follow(s *replica.Replica) {
	r.t.Helper()
	ctx := r.t.Context()
	take := func(rel border.ListRelease) error {
		wanted, err := s.Offer(ctx, rel.Manifest)
		if err != nil {
			return err
		}
		for _, f := range wanted {
			in, err := r.Open(ctx, f.Digest)
			if err != nil {
				return err
			}
			b, err := io.ReadAll(in)
			if err = errors.Join(err, in.Close()); err != nil {
				return err
			}
			if err := s.Receive(ctx, f.Digest, f.Have, b[f.Have:]); err != nil {
				return err
			}
		}
		return s.Apply(ctx, rel.Manifest)
	}
	for range 100 {
		at, err := s.Position(ctx, "national")
		if err != nil {
			r.t.Fatal(err)
		}
		head, _ := r.Held()
		if at == head.Position {
			return
		}
		next, err := r.Releases(ctx, "national", head.Position.Epoch, at.Version, 1)
		if at.Epoch != head.Position.Epoch || err != nil || len(next) == 0 || next[0].Position.Version != at.Version+1 {
			latest, err := r.Latest(ctx, "national")
			if err != nil {
				r.t.Fatal(err)
			}
			next = []border.ListRelease{latest}
		}
		if err := take(next[0]); err != nil {
			r.t.Fatalf("version %d: %v", next[0].Position.Version, err)
		}
	}
	r.t.Fatal("the station does not arrive")
}

// A station's own copy takes what the keeper releases and answers as the hub does: followed
// from release to release, caught up over a snapshot, and after the hub was put back from a
// copy.
func TestStation(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{BaseFloor: 10}), seeded(t), t.Context()
	prov, err := r.keys.Provisioning()
	if err != nil {
		t.Fatal(err)
	}
	s, err := replica.Open(ctx, replica.Config{Dir: t.TempDir(), Station: "PCA-1", Clock: r.clock, Prov: prov, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list := people(rng, "courts", 60)
	same := func() {
		t.Helper()
		r.follow(s)
		at := s.Current()
		if len(at) != 1 {
			t.Fatalf("%d lists at the station", len(at))
		}
		held, _ := r.Held()
		if at[0].Position != held.Position || !at[0].ValidUntil.Equal(held.ValidUntil) {
			t.Errorf("the station holds %+v until %v, the hub %+v until %v", at[0].Position, at[0].ValidUntil, held.Position, held.ValidUntil)
		}
		if d := cmp.Diff(slices.Collect(held.Posts.Entries()), slices.Collect(at[0].List.Entries())); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(held.Posts.Sources(), at[0].List.Sources()); d != "" {
			t.Error(d)
		}
		for _, q := range queries(rng, list, 60) {
			hub := slices.DeleteFunc(held.List.Check(q, nil), func(h watch.Hit) bool {
				e, _ := held.List.Entry(h.Entry)
				return e.Distribution == watch.HubOnly
			})
			if post := at[0].List.Check(q, nil); !slices.Equal(post, hub) {
				t.Fatalf("-station +hub:\n%s", cmp.Diff(post, hub))
			}
		}
	}
	r.load("courts", "1", list)
	same()
	for i := range 3 {
		r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", i)})
		same()
	}
	next := append(slices.Clone(list[8:]), person(rng, "courts", 900))
	r.load("courts", "2", next) // with a snapshot
	r.byHand(Proposal{Op: Withdraw, Key: next[0].Key()})
	same()
	copied := t.TempDir()
	copyDir(t, r.dir, copied)
	r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 7)})
	same()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.dir = copied
	r.open()
	if _, err := r.Restored(ctx, "B-1", "B-2", "restored"); err != nil {
		t.Fatal(err)
	}
	same()
	r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", 8)})
	same()
}
