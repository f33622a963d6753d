package lists

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/watch"
	"garita/border/watch/release"
)

// post builds the list that a post holds from what the downlink carries: the newest snapshot
// and the deltas that follow.
func (r *rig) post() (*watch.List, release.Manifest) {
	r.t.Helper()
	ctx := r.t.Context()
	prov, err := r.keys.Provisioning()
	if err != nil {
		r.t.Fatal(err)
	}
	keys, err := release.NewKeys(prov.ListKey)
	if err != nil {
		r.t.Fatal(err)
	}
	file := func(f release.File, l release.Label) []byte {
		in, err := r.Open(ctx, f.Digest)
		if err != nil {
			r.t.Fatal(err)
		}
		defer in.Close()
		o, err := keys.Open(in, l)
		if err != nil {
			r.t.Fatal(err)
		}
		b, err := io.ReadAll(o)
		if err != nil {
			r.t.Fatal(err)
		}
		return b
	}
	head, err := r.Latest(ctx, "national")
	if err != nil {
		r.t.Fatal(err)
	}
	m, err := release.Verify(head.Manifest, prov.ListSigner)
	if err != nil {
		r.t.Fatal(err)
	}
	base, err := watch.OpenBase(file(m.Base.File, m.SnapshotLabel()))
	if err != nil {
		r.t.Fatal(err)
	}
	list := watch.New(base)
	following, err := r.Releases(ctx, "national", m.Epoch, m.Version, 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range following {
		next, err := release.Verify(f.Manifest, prov.ListSigner)
		if err != nil {
			r.t.Fatal(err)
		}
		if next.Previous != head.Position.Hash || next.Version != m.Version+1 || next.Base != m.Base {
			r.t.Fatalf("version %d does not follow version %d", next.Version, m.Version)
		}
		if next.Delta != nil {
			changes, err := release.DecodeDelta(bytes.NewReader(file(*next.Delta, next.DeltaLabel())))
			if err != nil {
				r.t.Fatal(err)
			}
			if list, err = list.With(changes); err != nil {
				r.t.Fatal(err)
			}
		}
		head, m = f, next
	}
	if int64(list.Len()) != m.Entries {
		r.t.Errorf("a post holds %d entries, the manifest says %d", list.Len(), m.Entries)
	}
	return list, *m
}

// queries asks for listed people, damaged as zones damage them, and for others.
func queries(rng *rand.Rand, entries []*watch.Entry, n int) []*watch.Query {
	var out []*watch.Query
	for range n {
		e := entries[rng.IntN(len(entries))]
		name := e.Names[rng.IntN(len(e.Names))]
		q := &watch.Query{Surname: name.Surname, GivenNames: name.GivenNames, Day: "2026-11-22"}
		if name.Full != "" {
			q.Surname, q.GivenNames, _ = strings.Cut(name.Full, " ")
		}
		switch rng.IntN(5) {
		case 0:
			q.Surname, q.GivenNames = q.GivenNames, q.Surname
		case 1:
			q.Surname = q.Surname[:len(q.Surname)-1] + "O"
		case 2:
			q.GivenNames = invent(rng)
		case 3:
			q.Surname, q.GivenNames = invent(rng), invent(rng)
		}
		if rng.IntN(2) == 0 {
			q.BirthDate = e.BirthDates[0]
		}
		if len(e.Documents) > 0 && rng.IntN(2) == 0 {
			q.Documents = []watch.QueryDocument{{Issuer: "UTO", Type: "P", Number: e.Documents[0].Number}}
		}
		out = append(out, q)
	}
	return out
}

// sameAnswers holds a post's answers against the hub's: the hub's hits without those for the
// hub alone are the post's, the same to the bit, in the same order.
func (r *rig) sameAnswers(rng *rand.Rand, asked []*watch.Entry) (hits, hubHits int) {
	r.t.Helper()
	post, _ := r.post()
	held, _ := r.Held()
	hubOnly := map[watch.Key]bool{}
	for e := range held.List.Entries() {
		if e.Distribution == watch.HubOnly {
			hubOnly[e.Key()] = true
		}
	}
	for _, q := range queries(rng, asked, 120) {
		at := post.Check(q, nil)
		hub := held.List.Check(q, nil)
		all := len(hub)
		rest := slices.DeleteFunc(slices.Clone(hub), func(h watch.Hit) bool { return hubOnly[h.Entry] })
		hubHits += all - len(rest)
		hits += len(at)
		if all == watch.MaxHits && len(at) > len(rest) { // pushed out by hits for the hub alone
			at = at[:len(rest)]
		}
		if !slices.Equal(at, rest) { // scores are equal only to the bit
			r.t.Fatalf("a post finds what the hub does not, or otherwise (-post +hub):\n%s", cmp.Diff(at, rest))
		}
		for _, h := range at[:min(1, len(at))] {
			p, _ := post.Explain(q, h.Entry)
			u, ok := r.Explain(q, h.Entry)
			if !ok || !cmp.Equal(p, u) {
				r.t.Fatalf("explained otherwise: %s", cmp.Diff(p, u))
			}
		}
	}
	return hits, hubHits
}

// Whatever is imported, changed by hand, remembered, withdrawn, or released anew, a post
// that has followed answers as the hub does, and holds nothing that is not for it.
func TestSameAnswers(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{BaseFloor: 40}), seeded(t), t.Context()
	list := people(rng, "courts", 200)
	for i := range list { // many with the same names: the hits are many and close
		if i > 120 {
			list[i].Names[0] = list[i-120].Names[0]
		}
	}
	r.load("courts", "1", list)
	all := slices.Clone(list)
	hits, hubHits, snapshots := 0, 0, map[uint64]bool{}
	look := func(what string) {
		t.Helper()
		h, u := r.sameAnswers(rng, all)
		if t.Failed() {
			t.Fatalf("after: %s", what)
		}
		hits, hubHits = hits+h, hubHits+u
		r.nothingHidden()
		_, m := r.post()
		snapshots[m.Base.Version] = true
	}
	look("the first import")
	for round := range 9 {
		switch rng.IntN(6) {
		case 0, 1:
			list = slices.Clone(list)
			list = list[:len(list)-10]
			for i := range 15 {
				list = append(list, person(rng, "courts", 1000+100*round+i))
			}
			for i := range 5 {
				e := *person(rng, "courts", 0)
				e.ID = list[i*3].ID
				list[i*3] = &e
			}
			r.load("courts", fmt.Sprint(round+2), list)
			all = append(all, list...)
		case 2:
			e := person(rng, "hand", round)
			e.Urgent = true
			r.byHand(Proposal{Op: Add, Entry: e})
			all = append(all, e)
		case 3: // to and from the hub alone
			for i := range 4 {
				e := *list[20+4*round+i]
				if e.Distribution == watch.HubOnly {
					e.Distribution = watch.ToPosts
				} else {
					e.Distribution = watch.HubOnly
				}
				if _, err := r.Entry(ctx, e.Key()); err == nil {
					r.byHand(Proposal{Op: Change, Entry: &e})
				}
			}
		case 4:
			for i := range 6 {
				e, err := r.Entry(ctx, list[100+rng.IntN(50)].Key())
				if err != nil {
					continue
				}
				err = r.Remember(ctx, watch.NonMatch{Document: border.BlindIndex{byte(round), byte(i)}, Source: e.Source, ID: e.ID, Fields: watch.FingerprintOf(e)})
				if err != nil {
					t.Fatal(err)
				}
			}
		case 5:
			r.reopen()
		}
		look(fmt.Sprintf("round %d", round))
	}
	if hits < 100 || hubHits < 20 || len(snapshots) < 2 {
		t.Errorf("this test looks at little: %d hits at posts, %d for the hub alone, snapshots of versions %v", hits, hubHits, slices.Collect(maps.Keys(snapshots)))
	}
}

// nothingHidden looks for what posts must not hold.
func (r *rig) nothingHidden() {
	r.t.Helper()
	post, _ := r.post()
	entries := map[watch.Key]*watch.Entry{}
	if err := r.store.read(r.t.Context(), "", func(tx *sql.Tx) error {
		return r.eachEntry(r.t.Context(), tx, "1", func(e *watch.Entry) error {
			entries[e.Key()] = e
			return nil
		})
	}); err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for e := range post.Entries() {
		full := entries[e.Key()]
		if full == nil {
			r.t.Fatalf("%s is at posts only", e.Key())
		}
		want, ok := watch.ForPosts(full)
		if !ok || !cmp.Equal(want, e) {
			r.t.Fatalf("%s: %s", e.Key(), cmp.Diff(want, e))
		}
		n++
	}
	held, _ := r.Held()
	for e := range held.List.Entries() {
		if !cmp.Equal(entries[e.Key()], e) {
			r.t.Fatalf("the hub's list does not hold %s in full", e.Key())
		}
	}
	if held.List.Len() != len(entries) {
		r.t.Fatalf("the hub's list holds %d entries, there are %d", held.List.Len(), len(entries))
	}
	if held.Posts.Len() != n {
		r.t.Fatalf("a post holds %d entries, the hub thinks %d", n, held.Posts.Len())
	}
	// What is remembered counts at a post for what it holds, and at the hub for all.
	err := r.eachMemory(r.t.Context(), func(m *watch.NonMatch) {
		key := watch.Key{Source: m.Source, ID: m.ID}
		_, at := post.Entry(key)
		if post.Remembered(m.Document, key) != at || !held.List.Remembered(m.Document, key) {
			r.t.Errorf("%s: remembered at a post %v, held there %v, at the hub %v", key, post.Remembered(m.Document, key), at, held.List.Remembered(m.Document, key))
		}
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// What is written about a silent entry makes no change at posts, and its payload stays at the
// hub; a source that has nothing for posts is not named to them.
func TestNothingOfTheSilent(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	r.load("courts", "1", people(rng, "courts", 20))
	silent := person(rng, "hand", 1)
	silent.Handling, silent.Distribution, silent.LegalBasis = watch.Silent, watch.ToPosts, "SECRET ORDER"
	r.byHand(Proposal{Op: Add, Entry: silent})
	_, before := r.post()
	again := *silent
	again.LegalBasis, again.HighRisk = "ANOTHER SECRET", true
	r.clock.add(time.Minute)
	r.byHand(Proposal{Op: Change, Entry: &again})
	post, after := r.post()
	if after.Version != before.Version+1 {
		t.Fatalf("version %d after %d", after.Version, before.Version)
	}
	if after.Delta != nil {
		t.Error("what was written about a silent entry made a delta")
	}
	if e, ok := post.Entry(silent.Key()); !ok || e.LegalBasis != "" || e.HighRisk {
		t.Errorf("a post holds %+v", e)
	}
	if e, err := r.Entry(ctx, silent.Key()); err != nil || !cmp.Equal(e, &again) {
		t.Errorf("the hub holds %+v, %v", e, err)
	}
	hidden := person(rng, "office", 1)
	hidden.Distribution = watch.HubOnly
	r.byHand(Proposal{Op: Add, Entry: hidden})
	post, m := r.post()
	for _, s := range append(post.Sources(), m.Sources...) {
		if s.Name == "office" {
			t.Error("posts are told of a source that has nothing for them")
		}
	}
	if m.Delta != nil {
		t.Error("an entry for the hub alone made a delta")
	}
	r.load("service", "1", []*watch.Entry{{Source: "service", ID: "S1", Names: hidden.Names, Handling: watch.Open, Distribution: watch.HubOnly}})
	post, m = r.post()
	for _, s := range append(post.Sources(), m.Sources...) {
		if s.Name == "service" {
			t.Error("posts are told of an import that has nothing for them")
		}
	}
	if !slices.ContainsFunc(r.Current().Sources(), func(s watch.Source) bool { return s.Name == "office" && s.Entries == 1 }) {
		t.Error("the hub does not know its own source")
	}
	if views, err := r.Sources(ctx); err != nil || len(views) != 4 || views[2].HubOnly != 1 {
		t.Errorf("%+v, %v", views, err)
	}
}

// The promises of the seam.
func TestListSourceSuite(t *testing.T) {
	bordertest.RunListSourceSuite(t, func(t *testing.T) bordertest.ListSourceFixture {
		r, rng := newRig(t, Rules{}), seeded(t)
		n := 0
		var copies []string
		f := bordertest.ListSourceFixture{Source: r.Keeper, List: "national"}
		restored := false
		f.Release = func() {
			if restored {
				restored = false
				if _, err := r.Restored(t.Context(), "B-1", "B-2", "restored"); err != nil {
					t.Fatal(err)
				}
				return
			}
			n++
			r.byHand(Proposal{Op: Add, Entry: person(rng, "hand", n)})
			dir := t.TempDir()
			copyDir(t, r.dir, dir)
			copies = append(copies, dir)
		}
		f.Reopen = func() border.ListSource { r.reopen(); return r.Keeper }
		f.Restore = func(releases int) border.ListSource {
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			r.dir, restored = copies[releases-1], true
			r.open()
			return r.Keeper
		}
		return f
	})
}

// copyDir copies a folder as it lies on the disk now.
func copyDir(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
