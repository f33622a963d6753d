package lists

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
)

// A power cut between any two steps of a change leaves the list as it was before, or as it is
// after; what posts would fetch is whole, and work goes on.
func TestCrash(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules Rules
		steps []string // at which the disk is looked at, in this order
		act   func(r *rig, list []*watch.Entry)
	}{
		{"first import", Rules{}, []string{"writing", "files", "rows", "committed"}, func(r *rig, list []*watch.Entry) {
			r.load("courts", "1", list)
		}},
		{"import", Rules{}, []string{"writing", "files", "rows", "committed"}, func(r *rig, list []*watch.Entry) {
			r.load("courts", "2", append(slices.Clone(list[3:]), person(seeded(r.t), "courts", 99)))
		}},
		{"import with a snapshot", Rules{BaseFloor: 1, BaseShare: 0.01}, []string{"writing", "files", "rows", "committed"}, func(r *rig, list []*watch.Entry) {
			r.load("courts", "2", append(slices.Clone(list[3:]), person(seeded(r.t), "courts", 99)))
		}},
		{"by hand", Rules{}, []string{"writing", "files", "rows", "committed"}, func(r *rig, list []*watch.Entry) {
			r.byHand(Proposal{Op: Withdraw, Key: list[0].Key()})
		}},
		{"new epoch", Rules{}, []string{"writing", "files", "rows", "committed"}, func(r *rig, _ []*watch.Entry) {
			if _, err := r.Restored(r.t.Context(), "B-1", "B-2", "restored"); err != nil {
				r.t.Fatal(err)
			}
		}},
		{"pruning", Rules{Keep: 1, BaseFloor: 1, BaseShare: 0.01}, []string{"writing", "files", "rows", "committed", "pruned"}, func(r *rig, list []*watch.Entry) {
			r.byHand(Proposal{Op: Withdraw, Key: list[0].Key()})
			if err := r.Tick(r.t.Context()); err != nil {
				r.t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.rules)
			list := people(seeded(t), "courts", 30)
			for _, e := range list {
				e.Distribution = watch.ToPosts
			}
			if c.name != "first import" {
				r.load("courts", "1", list)
			}
			before := r.holds()
			var at []string
			copies := map[string]string{}
			r.fault = func(step string) {
				if copies[step] != "" {
					return
				}
				at = append(at, step)
				copies[step] = t.TempDir()
				copyDir(t, r.dir, copies[step])
			}
			c.act(r, list)
			r.fault = func(string) {}
			after := r.holds()
			if before.equal(after) {
				t.Fatal("nothing changed: this test looks at nothing")
			}
			if !cmp.Equal(at, c.steps) {
				t.Fatalf("steps %v, want %v", at, c.steps)
			}
			for _, step := range at {
				k, err := openAt(t.Context(), r, copies[step])
				if err != nil {
					t.Fatalf("%s: %v", step, err)
				}
				was := &rig{Keeper: k, t: t, dir: copies[step], clock: r.clock, keys: r.keys, rules: r.rules, log: r.log}
				t.Cleanup(func() { k.Close() })
				want := before
				if step == "committed" || step == "pruned" {
					want = after
				}
				if got := was.holds(); !want.equal(got) {
					t.Errorf("after a cut at %q: version %d with %d entries, want %d with %d", step, got.at.Version, len(got.entries), want.at.Version, len(want.entries))
				}
				was.filesAreNamed()
				was.byHand(Proposal{Op: Add, Entry: person(seeded(t), "hand", 7)})
				was.nothingHidden()
			}
		})
	}
}

// holds is what a keeper has in force, as a post would see it too.
type holds struct {
	at      border.ListPosition
	entries []*watch.Entry
}

func (r *rig) holds() (h holds) {
	r.t.Helper()
	held, ok := r.Held()
	if !ok {
		return h
	}
	post, m := r.post()
	if m.Version != held.Position.Version || m.Epoch != held.Position.Epoch {
		r.t.Errorf("posts would hold version %d, the hub holds %d", m.Version, held.Position.Version)
	}
	return holds{held.Position, slices.Collect(post.Entries())}
}

// equal does not compare hashes: two runs of one change are two releases.
func (h holds) equal(o holds) bool {
	return h.at.Version == o.at.Version && h.at.Epoch == o.at.Epoch && cmp.Equal(h.entries, o.entries)
}

func (r *rig) filesAreNamed() {
	r.t.Helper()
	named := map[string]bool{}
	rows, err := r.store.readers.Query(`SELECT lower(hex(digest)) FROM release_file`)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var d string
		if err := rows.Scan(&d); err != nil {
			r.t.Fatal(err)
		}
		named[d] = true
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	there, err := os.ReadDir(r.Keeper.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range there {
		if !named[f.Name()] {
			r.t.Errorf("no release names %s", f.Name())
		}
		delete(named, f.Name())
	}
	if len(named) > 0 {
		r.t.Errorf("%d files are missing", len(named))
	}
}

// An import that is cut while the file is read leaves nothing.
func TestCrashReading(t *testing.T) {
	r, rng := newRig(t, Rules{}), seeded(t)
	p := &reading{k: r.Keeper, ctx: t.Context(), preview: Preview{ID: border.ID{1, 2, 3, 4, 5, 6, 0x70, 0, 0x80}, Source: "courts"}}
	if err := p.begin(); err != nil {
		t.Fatal(err)
	}
	for _, e := range people(rng, "courts", 3) {
		if err := p.take(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.flush(); err != nil {
		t.Fatal(err)
	}
	r.reopen()
	for _, table := range []string{"preview", "preview_change"} {
		var n int
		if err := r.store.readers.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows of %s, %v", n, table, err)
		}
	}
}

// A disk that is full changes nothing, says so, and hinders nothing afterwards.
func TestFull(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	list := people(rng, "courts", 30)
	r.load("courts", "1", list)
	p := r.preview("courts", "2", append(people(rng, "courts", 60)[30:], list...))
	before := r.holds()
	var pages int
	if err := r.store.db.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.db.Exec(fmt.Sprintf(`PRAGMA max_page_count=%d`, pages)); err != nil {
		t.Fatal(err)
	}
	_, err := r.Confirm(ctx, p.ID, "B-1", "B-2")
	wantCode(t, err, border.StorageFull)
	if !before.equal(r.holds()) {
		t.Error("something has changed")
	}
	r.filesAreNamed()
	if _, err := r.store.db.Exec(`PRAGMA max_page_count=1000000`); err != nil {
		t.Fatal(err)
	}
	if at, err := r.Confirm(ctx, p.ID, "B-1", "B-2"); err != nil || at.Version != 2 {
		t.Errorf("%+v, %v", at, err)
	}
	r.nothingHidden()
}

// A commit that fails is not believed: the database is opened anew, and says what holds.
func TestCommitFails(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	list := people(rng, "courts", 30)
	r.load("courts", "1", list)
	before := r.holds()
	ended, cancel := context.WithCancel(ctx)
	r.fault = func(step string) {
		if step == "rows" {
			cancel()
		}
	}
	id, err := r.Propose(ctx, Proposal{Op: Withdraw, Key: list[0].Key(), By: "B-1", Reason: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Approve(ended, id, "B-2", ""); err == nil {
		t.Fatal("approved in a context that has ended: the fault did not fire")
	}
	r.fault = func(string) {}
	if !before.equal(r.holds()) {
		t.Error("something has changed")
	}
	r.filesAreNamed()
	if at, err := r.Approve(ctx, id, "B-2", ""); err != nil || at.Version != 2 {
		t.Errorf("%+v, %v", at, err)
	}
	r.nothingHidden()
}

// Another keeper in the same folder, another key file, and a damaged database are refused.
func TestOpenRefuses(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	r.load("courts", "1", people(rng, "courts", 5))
	_, err := openAt(ctx, r, r.dir)
	wantCode(t, err, border.Conflict)
	_, err = Open(ctx, Config{Dir: t.TempDir(), Clock: r.clock})
	wantCode(t, err, border.Invalid)
	_, err = Open(ctx, Config{Dir: t.TempDir(), Clock: r.clock, ListKey: r.keys.ListKey, ListSeed: r.keys.ListSeed, Name: "No List"})
	wantCode(t, err, border.Invalid)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(ctx, Config{Dir: r.dir, Clock: r.clock, ListKey: r.keys.ListSeed, ListSeed: r.keys.ListKey})
	if err == nil {
		t.Error("opened with another key file")
	}
	_, err = r.Preview(ctx, "courts", "csv", csv(t, "1", people(rng, "courts", 1)), ImportOptions{})
	wantCode(t, err, border.Unavailable)
	path := filepath.Join(r.dir, "lists.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b); i++ {
		b[i] = 0xA5
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if k, err := openAt(ctx, r, r.dir); err == nil {
		t.Errorf("a damaged database was opened: %v", k.Close())
	}
	r.dir = t.TempDir()
	r.open()
}

// Several people at once make one chain of releases.
func TestAtOnce(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{BaseFloor: 20}), seeded(t), t.Context()
	r.load("courts", "1", people(rng, "courts", 40))
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 6 {
				e := person(seeded(t), "hand", 100*n+i)
				id, err := r.Propose(ctx, Proposal{Op: Add, Entry: e, By: "B-1", Reason: "order"})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := r.Approve(ctx, id, "B-2", ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		q := &watch.Query{Surname: "KELO", GivenNames: "MIRA"}
		for {
			select {
			case <-stop:
				return
			default:
			}
			r.Current().Check(q, nil)
			if _, err := r.Sources(ctx); err != nil {
				t.Error(err)
			}
			if err := r.Tick(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	close(stop)
	readers.Wait()
	if h, _ := r.Held(); h.Position.Version != 25 {
		t.Errorf("version %d", h.Position.Version)
	}
	r.nothingHidden()
}
