package bordertest

import (
	"context"
	"crypto/sha256"
	"io"
	"testing"
	"time"

	"garita/border"
)

// ListSourceFixture is one hub's keeper of lists under test that has published nothing.
type ListSourceFixture struct {
	Source border.ListSource
	List   string // the list that Release publishes
	// Release publishes the next release of the list and returns once it is durable.
	Release func()
	// Restore puts the keeper back to a copy taken after the given number of releases, of
	// which it has made more since, and opens it: the next release begins a new epoch. Nil
	// if the implementation has no such thing.
	Restore func(releases int) border.ListSource
	// Reopen closes the keeper and opens it again. Nil if there is no such thing.
	Reopen func() border.ListSource
}

// RunListSourceSuite checks that an implementation of [border.ListSource] keeps the
// interface's promises. newSource opens a new keeper and closes it with t.Cleanup.
func RunListSourceSuite(t *testing.T, newSource func(t *testing.T) ListSourceFixture) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, ctx context.Context, f ListSourceFixture)
	}{
		{"nothing published", listSourceEmpty},
		{"releases are ascending, signed over and whole", listSourceReleases},
		{"files are what they are called", listSourceFiles},
		{"every release signals", listSourceSignals},
		{"reopened it names the same", listSourceReopen},
		{"restored it begins an epoch", listSourceRestore},
		{"ended contexts end calls", listSourceEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			c.run(t, ctx, newSource(t))
		})
	}
}

func listHead(t *testing.T, ctx context.Context, s border.ListSource, list string) border.ListRelease {
	t.Helper()
	heads, err := s.Heads(ctx)
	if err != nil {
		t.Fatalf("Heads: %v", err)
	}
	var found []border.ListRelease
	for _, h := range heads {
		if h.Position.List == list {
			found = append(found, h)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d heads of the list, want one", len(found))
	}
	wantRelease(t, found[0])
	return found[0]
}

func wantRelease(t *testing.T, r border.ListRelease) {
	t.Helper()
	if n := len(r.Manifest); n == 0 || n > border.MaxManifest {
		t.Errorf("version %d: the manifest has %d bytes", r.Position.Version, n)
	}
	if r.Position.Hash != sha256.Sum256(r.Manifest) || r.Position.Version == 0 || r.Position.Epoch.IsZero() {
		t.Errorf("version %d: its position does not name its manifest", r.Position.Version)
	}
}

func listReleases(t *testing.T, ctx context.Context, s border.ListSource, list string, epoch border.Epoch, after uint64, limit int) []border.ListRelease {
	t.Helper()
	rs, err := s.Releases(ctx, list, epoch, after, limit)
	if err != nil || len(rs) > limit {
		t.Fatalf("Releases after %d = %d of %d, %v", after, len(rs), limit, err)
	}
	for i, r := range rs {
		wantRelease(t, r)
		if r.Position.List != list || r.Position.Epoch != epoch || r.Position.Version <= after ||
			i > 0 && r.Position.Version != rs[i-1].Position.Version+1 {
			t.Errorf("Releases after %d gave version %d at place %d", after, r.Position.Version, i)
		}
	}
	return rs
}

func listSourceEmpty(t *testing.T, ctx context.Context, f ListSourceFixture) {
	heads, err := f.Source.Heads(ctx)
	if err != nil {
		t.Fatalf("Heads: %v", err)
	}
	for _, h := range heads {
		if h.Position.List == f.List {
			t.Error("a head before the first release")
		}
	}
	if _, err := f.Source.Latest(ctx, f.List); border.CodeOf(err) != border.NotFound {
		t.Errorf("Latest = %v, want not found", err)
	}
	if rs, err := f.Source.Releases(ctx, f.List, EpochNo(-1), 0, 10); err != nil || len(rs) != 0 {
		t.Errorf("Releases of an unknown epoch = %d, %v", len(rs), err)
	}
	if _, err := f.Source.Open(ctx, border.Digest{1}); border.CodeOf(err) != border.NotFound {
		t.Errorf("Open of an unknown file = %v, want not found", err)
	}
}

func listSourceReleases(t *testing.T, ctx context.Context, f ListSourceFixture) {
	for n := uint64(1); n <= 5; n++ {
		f.Release()
		head := listHead(t, ctx, f.Source, f.List)
		if head.Position.Version != n {
			t.Fatalf("the head is version %d after %d releases", head.Position.Version, n)
		}
		if n == 1 && !head.Snapshot {
			t.Error("the first release is no snapshot: nobody could take it")
		}
	}
	head := listHead(t, ctx, f.Source, f.List)
	all := listReleases(t, ctx, f.Source, f.List, head.Position.Epoch, 0, 100)
	if len(all) != 5 || all[4].Position != head.Position || string(all[4].Manifest) != string(head.Manifest) {
		t.Fatalf("%d releases, and the last is not the head", len(all))
	}
	if rs := listReleases(t, ctx, f.Source, f.List, head.Position.Epoch, 1, 2); len(rs) != 2 || rs[0].Position != all[1].Position {
		t.Errorf("two releases after 1: %d", len(rs))
	}
	for _, after := range []uint64{5, 1 << 62} {
		if rs := listReleases(t, ctx, f.Source, f.List, head.Position.Epoch, after, 10); len(rs) != 0 {
			t.Errorf("%d releases after the head", len(rs))
		}
	}
	latest, err := f.Source.Latest(ctx, f.List)
	if err != nil || !latest.Snapshot {
		t.Fatalf("Latest: snapshot %v, %v", latest.Snapshot, err)
	}
	wantRelease(t, latest)
	for _, r := range all {
		if r.Snapshot && r.Position.Version > latest.Position.Version {
			t.Errorf("version %d is a later snapshot than Latest, version %d", r.Position.Version, latest.Position.Version)
		}
	}
}

func listSourceFiles(t *testing.T, ctx context.Context, f ListSourceFixture) {
	f.Release()
	f.Release()
	head := listHead(t, ctx, f.Source, f.List)
	for _, r := range listReleases(t, ctx, f.Source, f.List, head.Position.Epoch, 0, 10) {
		files, err := f.Source.Files(ctx, r.Position)
		if err != nil {
			t.Fatalf("Files of version %d: %v", r.Position.Version, err)
		}
		if r.Snapshot && len(files) == 0 {
			t.Errorf("snapshot %d needs no file", r.Position.Version)
		}
		for _, file := range files {
			in, err := f.Source.Open(ctx, file.Digest)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			b, err := io.ReadAll(in)
			if err != nil || int64(len(b)) != file.Size || sha256.Sum256(b) != file.Digest {
				t.Errorf("a file of version %d has %d bytes and is to have %d, or another digest (%v)", r.Position.Version, len(b), file.Size, err)
			}
			half := int64(len(b) / 2)
			if _, err := in.Seek(half, io.SeekStart); err != nil {
				t.Errorf("Seek: %v", err)
			}
			if rest, err := io.ReadAll(in); err != nil || string(rest) != string(b[half:]) {
				t.Errorf("from the middle on: %d bytes, %v", len(rest), err)
			}
			if err := in.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
	}
	other := head.Position
	other.Hash[0] ^= 1
	if _, err := f.Source.Files(ctx, other); border.CodeOf(err) != border.NotFound {
		t.Errorf("Files of a release that is not there = %v, want not found", err)
	}
}

func listSourceSignals(t *testing.T, ctx context.Context, f ListSourceFixture) {
	drain(f.Source.Published())
	for i := range 3 {
		f.Release()
		select {
		case <-f.Source.Published():
		case <-ctx.Done():
			t.Fatalf("no signal after release %d", i+1)
		}
	}
	f.Release() // nobody listens: the keeper must not block
	f.Release()
	drain(f.Source.Published())
	if v := listHead(t, ctx, f.Source, f.List).Position.Version; v != 5 {
		t.Errorf("the head is version %d", v)
	}
}

func drain(ch <-chan struct{}) {
	select {
	case <-ch:
	default:
	}
}

func listSourceReopen(t *testing.T, ctx context.Context, f ListSourceFixture) {
	if f.Reopen == nil {
		t.Skip("this implementation is not reopened")
	}
	f.Release()
	f.Release()
	before := listHead(t, ctx, f.Source, f.List)
	s := f.Reopen()
	if after := listHead(t, ctx, s, f.List); after.Position != before.Position || string(after.Manifest) != string(before.Manifest) {
		t.Errorf("reopened the head is %+v, was %+v", after.Position, before.Position)
	}
	f.Release()
	if v := listHead(t, ctx, s, f.List).Position; v.Version != 3 || v.Epoch != before.Position.Epoch {
		t.Errorf("the next release is %+v", v)
	}
}

func listSourceRestore(t *testing.T, ctx context.Context, f ListSourceFixture) {
	if f.Restore == nil {
		t.Skip("this implementation is not restored")
	}
	f.Release()
	old := listHead(t, ctx, f.Source, f.List).Position
	f.Release()
	f.Release()
	s := f.Restore(1)
	f.Release()
	head := listHead(t, ctx, s, f.List)
	if head.Position.Epoch == old.Epoch || head.Position.Version != 1 {
		t.Errorf("after the restore the head is %+v, before it was of epoch %s", head.Position, old.Epoch)
	}
	if latest, err := s.Latest(ctx, f.List); err != nil || latest.Position.Epoch != head.Position.Epoch {
		t.Errorf("the latest snapshot is of the old epoch, %v: a station that went further could not take it", err)
	}
}

func listSourceEnded(t *testing.T, ctx context.Context, f ListSourceFixture) {
	f.Release()
	head := listHead(t, ctx, f.Source, f.List)
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, heads := f.Source.Heads(ctx)
	_, releases := f.Source.Releases(ctx, f.List, head.Position.Epoch, 0, 1)
	_, latest := f.Source.Latest(ctx, f.List)
	_, files := f.Source.Files(ctx, head.Position)
	_, open := f.Source.Open(ctx, border.Digest{1})
	for name, err := range map[string]error{"Heads": heads, "Releases": releases, "Latest": latest, "Files": files, "Open": open} {
		if err == nil {
			t.Errorf("%s worked in a context that has ended", name)
		}
	}
}
