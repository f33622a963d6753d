package replica_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/replica"
	"garita/border/watch/release"
)

func flip(t testing.TB, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	check(t, err)
	b[len(b)/2] ^= 1
	check(t, os.WriteFile(path, b, 0o600))
}

// What is damaged on the disk is said; what still opens is in force; the rest comes back.
func TestDamagedAtStart(t *testing.T) {
	build := func(t *testing.T) (*rig, *hub, []bordertest.MadeRelease) {
		h := newHub(t, 1)
		r := newRig(t, h)
		var all []bordertest.MadeRelease
		for i := range 4 {
			m := h.delta
			if i == 0 {
				m = h.snapshot
			}
			all = append(all, m(t, puts(10*i, 10*i+10)...))
			r.take(all[i])
		}
		return r, h, all
	}
	deltaOf := func(t *testing.T, m bordertest.MadeRelease) border.Digest {
		d, err := release.DecodeManifest(m.Manifest)
		check(t, err)
		if d.Delta == nil {
			return d.Base.Digest
		}
		return d.Delta.Digest
	}
	for name, c := range map[string]struct {
		file  int // of which release
		do    func(t testing.TB, path string)
		holds int // releases that stay in force
	}{
		"the last delta changed":  {3, flip, 3},
		"a delta changed":         {1, flip, 1},
		"a delta cut off":         {2, func(t testing.TB, p string) { check(t, os.Truncate(p, 50)) }, 2},
		"a delta gone":            {2, func(t testing.TB, p string) { check(t, os.Remove(p)) }, 2},
		"a delta empty":           {2, func(t testing.TB, p string) { check(t, os.Truncate(p, 0)) }, 2},
		"the snapshot changed":    {0, flip, 0},
		"the snapshot cut off":    {0, func(t testing.TB, p string) { check(t, os.Truncate(p, 100)) }, 0},
		"the snapshot gone":       {0, func(t testing.TB, p string) { check(t, os.Remove(p)) }, 0},
		"the snapshot of another": {0, func(t testing.TB, p string) { check(t, os.WriteFile(p, newHub(t, 1).snapshotFile(t), 0o600)) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, h, all := build(t)
			check(t, r.Close())
			c.do(t, filepath.Join(r.dir, replica.FilesDir, deltaOf(t, all[c.file]).String()))
			r.open()
			want := border.ListPosition{List: "national"}
			if c.holds > 0 {
				want = all[c.holds-1].Position
			}
			r.holds(want)
			if s := r.State(); len(s) != 1 || s[0].Refused != replica.Damaged || s[0].Problem == "" {
				t.Errorf("nobody is told: %+v", s)
			}
			if c.holds > 0 && !r.finds(10*c.holds-1) || r.finds(10*c.holds) {
				t.Error("what is in force does not answer as it should")
			}
			if err := apply(t.Context(), r, makeOld(t)); err == nil {
				t.Error("the damage opened the way for another list")
			}
			r.holds(want)
			next := all[c.holds:]
			if c.holds == 0 {
				if _, err := r.Offer(t.Context(), all[1].Manifest); border.CodeOf(err) != border.Conflict {
					t.Errorf("without a snapshot: %v", err)
				}
			}
			r.take(next...)
			r.take(h.delta(t, puts(40, 50)...))
			r.reopen()
			r.holds(h.last.Position)
			if s := r.State(); s[0].Problem != "" || !r.finds(45) || !r.finds(15) {
				t.Errorf("it did not come back: %+v", s)
			}
		})
	}
	t.Run("lists.db", func(t *testing.T) {
		r, _, all := build(t)
		check(t, r.Close())
		path := filepath.Join(r.dir, replica.FileName)
		check(t, os.WriteFile(path, bytes.Repeat([]byte("garbage "), 4096), 0o600))
		r.open()
		r.holds(border.ListPosition{List: "national"})
		aside, err := filepath.Glob(path + ".damaged-*")
		if check(t, err); len(aside) != 1 {
			t.Errorf("%d files were set aside", len(aside))
		}
		wanted, err := r.Offer(t.Context(), all[0].Manifest)
		if err != nil || len(wanted) != 0 {
			t.Errorf("%d files are fetched that are there, %v", len(wanted), err)
		}
		r.take(all...)
	})
}

// snapshotFile is the sealed file of a first snapshot.
func (h *hub) snapshotFile(t testing.TB) []byte {
	m := h.snapshot(t, puts(0, 10)...)
	return m.Files[h.m.Base.Digest]
}

func TestAnotherStation(t *testing.T) {
	r := newRig(t, newHub(t, 1))
	c := r.config()
	c.Station = "ELSEWHERE"
	check(t, r.Close())
	if _, err := replica.Open(t.Context(), c); border.CodeOf(err) != border.Conflict {
		t.Errorf("the folder of another station: %v", err)
	}
	r.open()
}

// Files that nothing needs go; those that are needed, and strangers, stay.
func TestSweep(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	dir := filepath.Join(r.dir, replica.FilesDir)
	check(t, os.WriteFile(filepath.Join(dir, "README"), nil, 0o600))
	check(t, os.WriteFile(filepath.Join(dir, border.Digest{1}.String()), nil, 0o600))
	check(t, os.WriteFile(filepath.Join(dir, border.Digest{2}.String()+".part"), nil, 0o600))
	names := func() (out []string) {
		entries, err := os.ReadDir(dir)
		check(t, err)
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	r.take(h.snapshot(t, puts(0, 10)...), h.delta(t, puts(10, 20)...), h.delta(t), h.delta(t, puts(20, 30)...))
	if got := names(); len(got) != 4 {
		t.Errorf("after one snapshot and two deltas there are %d files: %v", len(got), got)
	}
	r.take(h.snapshot(t))
	if got := names(); len(got) != 2 || !slices.Contains(got, "README") || !slices.Contains(got, h.m.Base.Digest.String()) {
		t.Errorf("after another snapshot there are %v", got)
	}
}

// A large file goes on after a power cut where it was last synced, and what another offer wanted is dropped.
func TestResumesLarge(t *testing.T) {
	h := newHub(t, 1)
	r := newRig(t, h)
	fat := puts(0, 40)
	fatten(fat)
	first := h.snapshot(t, fat...)
	f := h.m.Base.File
	if f.Size < replica.SyncEvery+200_000 {
		t.Fatalf("the snapshot has %d bytes only", f.Size)
	}
	b := first.Files[f.Digest]
	const got = replica.SyncEvery + 100_000
	_, err := r.Offer(t.Context(), first.Manifest)
	check(t, err)
	for at := 0; at < got; at += 100_000 {
		check(t, r.Receive(t.Context(), f.Digest, int64(at), b[at:min(got, at+100_000)]))
	}
	// The cut leaves bytes behind that were never synced, and are not those that were sent.
	check(t, r.Close())
	part := filepath.Join(r.dir, replica.FilesDir, f.Digest.String()+".part")
	have, err := os.ReadFile(part)
	check(t, err)
	clear(have[replica.SyncEvery+50_000:])
	check(t, os.WriteFile(part, have, 0o600))
	r.open()
	wanted, err := r.Offer(t.Context(), first.Manifest)
	check(t, err)
	if len(wanted) != 1 || wanted[0].Have < replica.SyncEvery || wanted[0].Have > replica.SyncEvery+50_000 {
		t.Fatalf("after the cut it goes on at %+v", wanted)
	}
	r.take(first)

	big, small := h.branch(), h.branch()
	second := big.snapshot(t)
	_, err = r.Offer(t.Context(), second.Manifest)
	check(t, err)
	check(t, r.Receive(t.Context(), big.m.Base.Digest, 0, second.Files[big.m.Base.Digest][:10]))
	other := small.delta(t, puts(100, 101)...)
	_, err = r.Offer(t.Context(), other.Manifest)
	check(t, err)
	if err := r.Receive(t.Context(), big.m.Base.Digest, 10, []byte{1}); border.CodeOf(err) != border.NotFound {
		t.Errorf("a file that is not wanted any more: %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.dir, replica.FilesDir, big.m.Base.Digest.String()+".part")); err == nil {
		t.Error("what was received of it is still there")
	}
	r.take(other)
}
