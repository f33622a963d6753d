package replica_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/replica"
	"garita/border/watch"
	"garita/border/watch/document"
	"garita/border/watch/release"
)

func TestInForce(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	r.holds(border.ListPosition{List: "national"})
	r.take(h.snapshot(t, puts(0, 20)...))
	if !r.finds(3) || r.finds(25) {
		t.Fatal("the snapshot does not answer as it should")
	}
	r.clock.advance(time.Hour)
	gone := person(3).Key()
	r.take(h.delta(t, append(puts(20, 30), watch.Change{Remove: &gone},
		watch.Change{Describe: &watch.Source{Name: "national", Version: "2", Issued: start, MaxAge: time.Hour, Entries: 29}})...))
	for range 2 {
		if r.finds(3) || !r.finds(4) || !r.finds(25) {
			t.Error("the changes are not in force")
		}
		in := r.Current()[0]
		if len(r.Current()) != 1 || in.Issued != h.m.Issued || in.ValidUntil != h.m.ValidUntil || in.Since != start.Add(time.Hour) ||
			in.List.Len() != 29 || in.List.Sources()[0].Version != "2" {
			t.Errorf("in force is %+v", in)
		}
		if p := r.report(); p.Since != in.Since || p.Position != in.Position || p.Refused != "" {
			t.Errorf("the hello says %+v", p)
		}
		r.reopen()
	}
	r.take(h.delta(t), h.delta(t, puts(30, 31)...), h.snapshot(t, puts(31, 32)...), h.delta(t))
	if !r.finds(30) || !r.finds(31) || r.finds(3) {
		t.Error("the second snapshot does not answer as it should")
	}
	if strings.Contains(r.log.String(), "UTOPIAN") {
		t.Error("the log names listed people")
	}
}

// Bytes on the disk tell no name: the files are sealed.
func TestNoNameOnDisk(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	r.take(h.snapshot(t, puts(0, 20)...), h.delta(t, puts(20, 30)...))
	body := notice(h, 1)
	check(t, r.Notify(t.Context(), []border.Notice{{ID: bordertest.NoticeID(1), Order: 1, Body: body}}))
	files := 0
	check(t, filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files++
		if bytes.Contains(b, []byte("UTOPIAN")) {
			t.Errorf("%s tells a name", d.Name())
		}
		return err
	}))
	if files < 3 {
		t.Errorf("only %d files were looked at", files)
	}
}

// What hub and station answer is the same, bit for bit, whichever way the station came there.
func TestSameAnswers(t *testing.T) {
	h := newHub(t, 1)
	steps := []bordertest.MadeRelease{h.snapshot(t, puts(0, 200)...)}
	base, err := watch.Compile(watch.Description{Name: h.name, Sources: h.sources}, slices.Collect(maps.Values(h.entries)))
	check(t, err)
	var changed []watch.Change
	for i := range 5 {
		c := puts(200+10*i, 210+10*i)
		key := person(i * 3).Key()
		c = append(c, watch.Change{Remove: &key})
		changed = append(changed, c...)
		steps = append(steps, h.delta(t, c...))
	}
	want, err := watch.New(base).With(changed)
	check(t, err)
	went, late := newRig(t, h), newRig(t, h)
	went.take(steps...)
	late.take(steps...)
	late.reopen()
	asked := 0
	for i := range 260 {
		p := person(i)
		q := watch.Query{Surname: p.Names[0].Surname, GivenNames: p.Names[0].GivenNames, BirthDate: p.BirthDates[0]}
		w := want.Check(&q, nil)
		asked += len(w)
		for name, r := range map[string]*rig{"one by one": went, "after a restart": late} {
			if got := r.Current()[0].List.Check(&q, nil); !slices.Equal(got, w) {
				t.Fatalf("%s: person %d: %+v, the hub has %+v", name, i, got, w)
			}
		}
	}
	if asked < 200 {
		t.Errorf("only %d hits: nothing was compared", asked)
	}
}

func TestRefused(t *testing.T) {
	forbidden := border.Forbidden
	for name, c := range map[string]struct {
		make   func(t *testing.T, h *hub) bordertest.MadeRelease // the third release, as it must not be
		reason string
		codes  []border.Code
	}{
		"unsigned": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			clear(m.Manifest[4:68])
			return m
		}, replica.Signature, []border.Code{forbidden}},
		"changed after it was signed": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			m.Manifest = bytes.Replace(m.Manifest, []byte(`"entries":31`), []byte(`"entries":30`), 1)
			return m
		}, replica.Signature, []border.Code{forbidden}},
		"signed by another hub": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			h.signer = newHub(t, 9).signer
			return h.delta(t, puts(30, 31)...)
		}, replica.Signature, []border.Code{forbidden}},
		"no manifest": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			m.Manifest = []byte("GLM9 something else")
			return m
		}, replica.Corrupt, []border.Code{border.Invalid}},
		"another key": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			h.keys = newHub(t, 9).keys
			return h.delta(t, puts(30, 31)...)
		}, replica.Key, []border.Code{forbidden}},
		"another key behind the hub's own": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			own := h.keys
			h.keys = newHub(t, 9).keys
			m := h.delta(t, puts(30, 31)...)
			h.m.Key = own.ID()
			return h.sign(t, h.m, m.Files)
		}, replica.Key, []border.Code{forbidden}},
		"a fork": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			h.last.Position.Hash[0] ^= 1
			return h.delta(t, puts(30, 31)...)
		}, replica.Fork, []border.Code{forbidden}},
		"a fork with a snapshot": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			h.last.Position.Hash[0] ^= 1
			return h.snapshot(t)
		}, replica.Fork, []border.Code{forbidden}},
		"changes of another snapshot": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			h.m.Base.Digest[0] ^= 1
			return h.delta(t, puts(30, 31)...)
		}, replica.Fork, []border.Code{forbidden}},
		"a list begun anew": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			h.m = nil
			m := h.next()
			m.Epoch = border.Epoch{9}
			return h.snapshotAs(t, m)
		}, replica.Fork, []border.Code{forbidden}},
		"more than the manifest says": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			h.m.Delta.Size-- // as if the file were shorter
			return h.sign(t, h.m, m.Files)
		}, replica.Corrupt, []border.Code{border.Invalid, border.TooLarge}},
		"cut off at the hub": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			b := m.Files[h.m.Delta.Digest]
			return withDelta(t, h, b[:40]) // the sealed file's head and no more
		}, replica.Truncated, []border.Code{forbidden}},
		"a delta cut off before it was sealed": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			b, err := release.EncodeDelta(puts(30, 40))
			check(t, err)
			m := h.delta(t, puts(30, 40)...)
			return sealedDelta(t, h, m, b[:len(b)/2])
		}, replica.Truncated, []border.Code{forbidden}},
		"the delta of another version": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			old := h.last.Files[h.m.Delta.Digest]
			h.delta(t, puts(30, 31)...)
			return withDelta(t, h, old)
		}, replica.Corrupt, []border.Code{forbidden}},
		"no delta": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			return sealedDelta(t, h, m, []byte("nothing of the kind"))
		}, replica.Corrupt, []border.Code{forbidden}},
		"too many changes": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			return sealedDelta(t, h, m, []byte("GLD1-\xff\xff\xff\xff"))
		}, replica.TooLarge, []border.Code{forbidden}},
		"changes that do not fit": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			return h.delta(t, watch.Change{Remove: &watch.Key{Source: "national", ID: "never"}})
		}, replica.Corrupt, []border.Code{forbidden}},
		"another number of entries": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			h.m.Entries++
			return h.sign(t, h.m, m.Files)
		}, replica.Corrupt, []border.Code{forbidden}},
		"a snapshot that is none": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			h.snapshot(t)
			files := map[border.Digest][]byte{}
			h.m.Base.File = *h.seal(t, files, h.m.SnapshotLabel(), []byte("GARBAGE"))
			return h.sign(t, h.m, files)
		}, replica.Corrupt, []border.Code{forbidden}},
		"a filter that is none": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			f := []byte("GARBAGE")
			h.filter = &release.File{Digest: release.Hash(f), Size: int64(len(f))}
			h.files[h.filter.Digest] = f
			return h.delta(t)
		}, replica.Corrupt, []border.Code{forbidden}},
		"bytes changed on the way": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			m := h.delta(t, puts(30, 31)...)
			m.Files[h.m.Delta.Digest][50] ^= 1
			return m
		}, replica.Corrupt, []border.Code{border.Invalid}},
		"replayed": {func(t *testing.T, h *hub) bordertest.MadeRelease {
			return firstOf(t)
		}, replica.Replayed, []border.Code{border.Stale}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t, 1)
			r := newRig(t, h)
			first := h.snapshot(t, puts(0, 20)...)
			check(t, os.WriteFile(firstName(t), first.Manifest, 0o600))
			second := h.delta(t, puts(20, 30)...)
			r.take(first, second)
			bad := c.make(t, h.branch())
			if !bytes.Equal(bad.Manifest, first.Manifest) && c.reason != replica.Signature && name != "no manifest" {
				if m, err := release.Verify(bad.Manifest, r.hub.prov.ListSigner); err != nil || m.Version != 3 && m.Version != 1 {
					t.Fatalf("the test's release is not what it should be: %v", err)
				}
			}
			r.refuses(name, bad, c.reason, c.codes...)
			if !r.finds(25) || r.finds(30) {
				t.Error("the last good list does not answer")
			}
			for _, s := range r.State() {
				if s.Problem == "" {
					t.Error("nobody is told")
				}
			}
			third := h.delta(t, puts(30, 31)...) // the control, and the way on
			r.take(third)
			if got := r.report(); got.Refused != "" || !got.RefusedAt.IsZero() || !r.finds(30) {
				t.Errorf("after a good release the alarm says %q", got.Refused)
			}
			r.reopen()
			if got := r.report(); got.Refused != "" {
				t.Errorf("the alarm %q comes back", got.Refused)
			}
		})
	}
}

func firstName(t *testing.T) string {
	return filepath.Join(os.TempDir(), "garita-"+strings.ReplaceAll(t.Name(), "/", "-"))
}

func firstOf(t *testing.T) bordertest.MadeRelease {
	t.Cleanup(func() { check(t, os.Remove(firstName(t))) })
	b, err := os.ReadFile(firstName(t))
	check(t, err)
	return bordertest.MadeRelease{ListRelease: border.ListRelease{Manifest: b}}
}

// withDelta signs the last manifest again with another delta.
func withDelta(t *testing.T, h *hub, b []byte) bordertest.MadeRelease {
	t.Helper()
	h.m.Delta = &release.File{Digest: release.Hash(b), Size: int64(len(b))}
	return h.sign(t, h.m, map[border.Digest][]byte{h.m.Delta.Digest: b})
}

func sealedDelta(t *testing.T, h *hub, m bordertest.MadeRelease, plain []byte) bordertest.MadeRelease {
	t.Helper()
	h.m.Delta = h.seal(t, m.Files, h.m.DeltaLabel(), plain)
	return h.sign(t, h.m, m.Files)
}

// The first thing that an unprovisioned or new station meets may be a forgery.
func TestRefusedOnNothing(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	forged := newHub(t, 9).snapshot(t, puts(0, 2)...)
	if err := apply(t.Context(), r, forged); border.CodeOf(err) != border.Forbidden {
		t.Errorf("a forgery: %v", err)
	}
	if got := r.Report(); len(got) != 1 || got[0].Refused != replica.Signature || got[0].Position.Version != 0 {
		t.Errorf("the hello says %+v", got)
	}
	r.take(h.snapshot(t, puts(0, 2)...))
	for range 2 {
		if got := r.Report(); len(got) != 1 || got[0].Refused != "" || got[0].Position.List != "national" {
			t.Errorf("after a good release the hello says %+v", got)
		}
		r.reopen()
	}
	keyless := h.branch()
	keyless.keys = newHub(t, 9).keys
	if _, err := r.Offer(t.Context(), keyless.delta(t, puts(2, 3)...).Manifest); !errors.Is(err, release.ErrKey) {
		t.Errorf("files that could not be opened are fetched: %v", err)
	}

	bare := newHub(t, 1)
	bare.prov.ListKey, bare.prov.ListSigner = nil, nil
	old := newRig(t, bare)
	if err := apply(t.Context(), old, h.last); border.CodeOf(err) != border.Forbidden || border.MessageOf(err) == "" {
		t.Errorf("with an old provisioning file: %v", err)
	}
}

// A release that has run out is put in force where it follows: a station that was cut off for
// days goes through all of them, and its asker knows what they are worth.
func TestExpired(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	one, two := h.snapshot(t, puts(0, 2)...), h.delta(t, puts(2, 4)...)
	r.clock.advance(100 * 24 * time.Hour)
	r.take(one, two)
	if in := r.Current()[0]; !in.ValidUntil.Before(r.clock.Now()) || in.ValidUntil != h.m.ValidUntil {
		t.Errorf("valid until %s, now %s", in.ValidUntil, r.clock.Now())
	}
}

func TestEpochs(t *testing.T) {
	// a is where the hub was at its copy, b is what it did afterwards and forgot.
	var begun []bordertest.MadeRelease
	make := func(t *testing.T) (r *rig, a, b *hub, b1, b2 bordertest.MadeRelease) {
		a = newHub(t, 1)
		r = newRig(t, a)
		begun = []bordertest.MadeRelease{a.snapshot(t, puts(0, 20)...), a.delta(t, puts(20, 22)...)}
		r.take(begun...)
		b = a.branch()
		b1, b2 = b.delta(t, puts(30, 32)...), b.delta(t, puts(32, 34)...)
		return r, a, b, b1, b2
	}
	t.Run("from what is in force", func(t *testing.T) {
		r, a, _, b1, _ := make(t)
		r.take(a.renew(t, border.Epoch{2}, puts(40, 42)...), a.delta(t, puts(42, 44)...))
		r.refuses("the epoch that is over", b1, replica.Rollback, border.Forbidden)
		if !r.finds(43) {
			t.Error("the new epoch does not answer")
		}
	})
	t.Run("from what has passed", func(t *testing.T) {
		r, a, _, b1, b2 := make(t)
		r.take(b1, b2)
		r.take(a.renew(t, border.Epoch{2}, puts(40, 42)...))
		if r.finds(31) || !r.finds(41) {
			t.Error("what the hub forgot is still in force")
		}
	})
	t.Run("from what was never reached", func(t *testing.T) {
		r, _, b, _, _ := make(t)
		n := b.renew(t, border.Epoch{2}, puts(40, 42)...)
		r.take(n)
	})
	t.Run("from a fork", func(t *testing.T) {
		r, a, _, b1, _ := make(t)
		r.take(b1)
		f := a.branch()
		f.delta(t, puts(50, 52)...) // version 3, but another one
		r.refuses("the epoch of a fork", f.renew(t, border.Epoch{2}), replica.Fork, border.Forbidden)
	})
	t.Run("two at once, of which one was missed", func(t *testing.T) {
		r, a, _, b1, _ := make(t)
		r.take(b1)
		a.renew(t, border.Epoch{2})
		a.delta(t, puts(60, 61)...)
		r.take(a.renew(t, border.Epoch{3}, puts(40, 42)...))
	})
	t.Run("restored twice from the same copy", func(t *testing.T) {
		r, a, _, _, _ := make(t)
		again := a.branch()
		one := a.renew(t, border.Epoch{2}, puts(40, 42)...)
		again.issued = a.issued.Add(time.Hour)
		two := again.renew(t, border.Epoch{3}, puts(50, 52)...)
		r.take(one)
		r.take(two) // later, and from the same place
		r.refuses("the one before it", one, replica.Rollback, border.Forbidden)

		late := newRig(t, a) // saw only the second of them
		late.take(begun...)
		late.take(two)
		late.refuses("the one before it, never seen", one, replica.Rollback, border.Forbidden)
	})
	t.Run("in the middle, on nothing", func(t *testing.T) {
		_, a, _, _, _ := make(t)
		older := a.branch()
		a.renew(t, border.Epoch{2})
		a.delta(t, puts(60, 61)...)
		snapshot := a.snapshot(t)
		fresh := newRig(t, a)
		fresh.take(snapshot, a.delta(t, puts(61, 62)...))
		fresh.refuses("the epoch before", older.snapshot(t), replica.Rollback, border.Forbidden)
	})
}

// makeOld is the second release of the first epoch of hub 1, as a snapshot.
func makeOld(t *testing.T) bordertest.MadeRelease {
	h := newHub(t, 1)
	h.snapshot(t, puts(0, 20)...)
	return h.snapshot(t, puts(20, 22)...)
}

// documents gives a hub a filter and changes of it.
func documents(t testing.TB, h *hub, listed []string, added ...string) {
	t.Helper()
	epoch := border.Epoch{5}
	key, err := document.DeriveKey(h.prov.ListKey, h.name, epoch)
	check(t, err)
	var hashes []uint64
	for _, n := range listed {
		d, _ := key.Hash("UTO", 'P', n)
		hashes = append(hashes, d.Lo)
	}
	f, err := document.Build(epoch, hashes)
	check(t, err)
	c := &document.Changes{Epoch: epoch}
	for _, n := range added {
		d, _ := key.Hash("UTO", 'P', n)
		c.Add(d.Lo)
	}
	var fb, cb bytes.Buffer
	_, err = f.WriteTo(&fb)
	check(t, err)
	_, err = c.WriteTo(&cb)
	check(t, err)
	h.filter = &release.File{Digest: release.Hash(fb.Bytes()), Size: int64(fb.Len())}
	h.set = &release.File{Digest: release.Hash(cb.Bytes()), Size: int64(cb.Len())}
	h.files[h.filter.Digest], h.files[h.set.Digest] = fb.Bytes(), cb.Bytes()
}

func TestDocuments(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	r.take(h.snapshot(t, puts(0, 2)...))
	if r.Current()[0].Documents != nil {
		t.Error("there are documents where the hub has none")
	}
	has := func(n string) bool { return r.Current()[0].Documents.Has("UTO", "P", n) }
	documents(t, h, []string{"L898902C3", "X1"})
	r.take(h.delta(t))
	filter := r.Current()[0].Documents
	documents(t, h, []string{"L898902C3", "X1"}, "Y2")
	r.take(h.delta(t, puts(2, 3)...))
	for range 2 {
		if !has("L898902C3") || !has("Y2") || has("Z3") || r.Current()[0].DocumentsDamaged || filter.Has("UTO", "P", "Y2") {
			t.Error("the documents do not answer as they should")
		}
		r.reopen()
	}
	// The set damaged on the disk: names go on, documents are said not to be checked, and the
	// next release brings them back.
	path := filepath.Join(r.dir, replica.FilesDir, h.set.Digest.String())
	flip(t, path)
	r.reopen()
	in := r.Current()[0]
	if in.Documents != nil || !in.DocumentsDamaged || !r.finds(2) {
		t.Errorf("with damaged documents in force is %+v", in)
	}
	if s := r.State(); s[0].Refused != replica.Damaged || !strings.Contains(s[0].Problem, "documents") {
		t.Errorf("nobody is told: %+v", s)
	}
	r.take(h.delta(t))
	if !has("Y2") || r.State()[0].Problem != "" {
		t.Error("the documents did not come back")
	}
	h.filter, h.set = nil, nil
	r.take(h.delta(t))
	if r.Current()[0].Documents != nil {
		t.Error("documents that the hub has taken back are in force")
	}
}

// Checks, hellos and officers go on while releases come.
func TestConcurrent(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	r.take(h.snapshot(t, puts(0, 20)...))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			q := watch.Query{Surname: person(i).Names[0].Surname, GivenNames: person(i).Names[0].GivenNames}
			last := uint64(0)
			for ctx.Err() == nil {
				in := r.Current()[0]
				if in.Position.Version < last || len(in.List.Check(&q, nil)) == 0 {
					t.Errorf("version %d after %d, or no hit", in.Position.Version, last)
					return
				}
				last = in.Position.Version
				r.Report()
				r.Notices()
				if _, err := r.Position(ctx, "national"); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	for i := range 20 {
		m := h.delta(t, puts(20+i, 21+i)...)
		if i%7 == 6 {
			m = h.snapshot(t)
		}
		check(t, apply(t.Context(), r, m))
		check(t, r.Notify(t.Context(), []border.Notice{{ID: bordertest.NoticeID(i), Body: notice(h, i), Order: uint64(i + 1)}}))
	}
	cancel()
	wg.Wait()
}

// What is called after Close, or while it waits, ends.
func TestClosed(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	first := h.snapshot(t, puts(0, 3)...)
	r.take(first)
	check(t, r.Close())
	_, offer := r.Offer(t.Context(), first.Manifest)
	_, held := r.NoticesHeld(t.Context())
	for what, err := range map[string]error{"Offer": offer, "NoticesHeld": held, "Apply": r.Apply(t.Context(), first.Manifest),
		"Receive": r.Receive(t.Context(), border.Digest{1}, 0, []byte{1}), "Acknowledge": r.Acknowledge(t.Context(), bordertest.NoticeID(1), "o")} {
		if border.CodeOf(err) != border.Unavailable {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	if !r.finds(1) {
		t.Error("the list cannot be asked any more")
	}
}
