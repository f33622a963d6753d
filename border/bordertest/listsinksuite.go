package bordertest

import (
	"context"
	"testing"
	"time"

	"garita/border"
)

// ListSinkFixture is one station's copy of the lists under test that holds nothing.
type ListSinkFixture struct {
	Sink border.ListSink
	List string
	// Chain are releases of one epoch as the hub makes them, versions 1 to 6 at least, each
	// with a file of at least 8 bytes. Versions 1 and 5 are snapshots, the others are not.
	Chain []MadeRelease
	// Fork is version 3 signed by the hub, following version 2 of Chain with other content.
	Fork MadeRelease
	// Foreign is version 2 as in Chain, signed by somebody else.
	Foreign MadeRelease
	// Next are releases of an epoch whose parent is version 4 of Chain: versions 1 to 3 at
	// least, 1 and 3 are snapshots.
	Next []MadeRelease
	// Reopen closes the copy and opens it again, as after a power cut. Nil if there is no
	// such thing.
	Reopen func() border.ListSink
}

// RunListSinkSuite checks that an implementation of [border.ListSink] keeps the
// interface's promises. newSink opens a new copy and closes it with t.Cleanup.
func RunListSinkSuite(t *testing.T, newSink func(t *testing.T) ListSinkFixture) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, ctx context.Context, f ListSinkFixture)
	}{
		{"holds nothing", listSinkEmpty},
		{"takes releases one after another", listSinkTakes},
		{"receives in pieces, at the right place only", listSinkPieces},
		{"goes on where a cut left it", listSinkResumes},
		{"old releases are stale", listSinkStale},
		{"a gap is a conflict", listSinkGap},
		{"a snapshot needs nothing before it", listSinkSnapshot},
		{"forks, foreign and broken manifests are refused", listSinkRefuses},
		{"what is not whole is not applied", listSinkNotWhole},
		{"a corrupt file is dropped and wanted again", listSinkCorrupt},
		{"a new epoch that goes on from what is held", listSinkEpoch},
		{"a new epoch met late", listSinkEpochLate},
		{"ended contexts end calls", listSinkEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			c.run(t, ctx, newSink(t))
		})
	}
}

// send offers a release and hands over what is wanted of it.
func send(t *testing.T, ctx context.Context, s border.ListSink, r MadeRelease) {
	t.Helper()
	wanted, err := s.Offer(ctx, r.Manifest)
	if err != nil {
		t.Fatalf("Offer of version %d: %v", r.Position.Version, err)
	}
	for _, w := range wanted {
		b, ok := r.Files[w.Digest]
		if !ok || w.Size != int64(len(b)) || w.Have < 0 || w.Have >= w.Size {
			t.Fatalf("version %d: wants a file of %d bytes with %d there, it has %d (known: %v)", r.Position.Version, w.Size, w.Have, len(b), ok)
		}
		if err := s.Receive(ctx, w.Digest, w.Have, b[w.Have:]); err != nil {
			t.Fatalf("Receive: %v", err)
		}
	}
	if left, err := s.Offer(ctx, r.Manifest); err != nil || len(left) != 0 {
		t.Fatalf("version %d: %d files are still wanted, %v", r.Position.Version, len(left), err)
	}
}

func take(t *testing.T, ctx context.Context, s border.ListSink, releases ...MadeRelease) {
	t.Helper()
	for _, r := range releases {
		send(t, ctx, s, r)
		if err := s.Apply(ctx, r.Manifest); err != nil {
			t.Fatalf("Apply of version %d: %v", r.Position.Version, err)
		}
		wantInForce(t, ctx, s, r.Position)
	}
}

func wantInForce(t *testing.T, ctx context.Context, s border.ListSink, want border.ListPosition) {
	t.Helper()
	got, err := s.Position(ctx, want.List)
	if err != nil || got.Version != want.Version || want.Version > 0 && got != want {
		t.Fatalf("in force is %s/%d, %v; want %s/%d", got.Epoch, got.Version, err, want.Epoch, want.Version)
	}
}

// wantRefused offers what must be refused with one of the codes and change nothing.
func wantRefused(t *testing.T, ctx context.Context, s border.ListSink, list, what string, manifest []byte, codes ...border.Code) {
	t.Helper()
	before, err := s.Position(ctx, list)
	if err != nil {
		t.Fatalf("Position: %v", err)
	}
	ok := func(err error) bool {
		for _, c := range codes {
			if border.CodeOf(err) == c {
				return true
			}
		}
		return false
	}
	if _, err := s.Offer(ctx, manifest); !ok(err) {
		t.Errorf("%s: Offer = %v, want %v", what, err, codes)
	}
	if err := s.Apply(ctx, manifest); err == nil {
		t.Errorf("%s: Apply put it in force", what)
	}
	wantInForce(t, ctx, s, before)
}

// firstWanted offers a release and gives the first file that is wanted of it, and its bytes.
func firstWanted(t *testing.T, ctx context.Context, s border.ListSink, r MadeRelease) (border.ListFile, []byte) {
	t.Helper()
	wanted, err := s.Offer(ctx, r.Manifest)
	if err != nil || len(wanted) == 0 {
		t.Fatalf("Offer of version %d: %d files wanted, %v", r.Position.Version, len(wanted), err)
	}
	return wanted[0], r.Files[wanted[0].Digest]
}

func listSinkEmpty(t *testing.T, ctx context.Context, f ListSinkFixture) {
	wantInForce(t, ctx, f.Sink, border.ListPosition{List: f.List})
	wantInForce(t, ctx, f.Sink, border.ListPosition{List: "unheard-of"})
	wantRefused(t, ctx, f.Sink, f.List, "a release that is no snapshot, on nothing", f.Chain[1].Manifest, border.Conflict)
}

func listSinkTakes(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain...)
	if f.Reopen != nil {
		wantInForce(t, ctx, f.Reopen(), f.Chain[len(f.Chain)-1].Position)
	}
}

func listSinkPieces(t *testing.T, ctx context.Context, f ListSinkFixture) {
	r := f.Chain[0]
	if err := f.Sink.Receive(ctx, border.Digest{9}, 0, []byte("unasked")); err == nil {
		t.Error("Receive took a file that nobody wants")
	}
	w, b := firstWanted(t, ctx, f.Sink, r)
	if w.Have != 0 {
		t.Fatalf("%d bytes are there of a file that was never sent", w.Have)
	}
	for i, piece := range [][]byte{b[:3], b[3:4]} {
		at := int64(3 * i)
		if err := f.Sink.Receive(ctx, w.Digest, at, piece); err != nil {
			t.Fatalf("Receive at %d: %v", at, err)
		}
	}
	for name, c := range map[string]struct {
		at int64
		b  []byte
	}{"before the end": {3, b[3:]}, "behind a gap": {6, b[6:]}, "negative": {-1, b}, "too much": {4, append(b[4:len(b):len(b)], 0)}} {
		if err := f.Sink.Receive(ctx, w.Digest, c.at, c.b); err == nil {
			t.Errorf("%s: Receive took it", name)
		}
	}
	if w, _ := firstWanted(t, ctx, f.Sink, r); w.Have != 4 {
		t.Errorf("%d bytes are there, want 4", w.Have)
	}
	take(t, ctx, f.Sink, r)
}

func listSinkResumes(t *testing.T, ctx context.Context, f ListSinkFixture) {
	if f.Reopen == nil {
		t.Skip("this implementation is not reopened")
	}
	take(t, ctx, f.Sink, f.Chain[0])
	w, b := firstWanted(t, ctx, f.Sink, f.Chain[1])
	if err := f.Sink.Receive(ctx, w.Digest, 0, b[:5]); err != nil {
		t.Fatalf("Receive: %v", err)
	}
	s := f.Reopen()
	wantInForce(t, ctx, s, f.Chain[0].Position)
	if w, _ := firstWanted(t, ctx, s, f.Chain[1]); w.Have > 5 {
		t.Errorf("%d bytes are there of 5", w.Have)
	} else if w.Have == 0 {
		t.Error("what had come is lost")
	}
	take(t, ctx, s, f.Chain[1], f.Chain[2])
}

func listSinkStale(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain[:3]...)
	for _, r := range f.Chain[:3] {
		wantRefused(t, ctx, f.Sink, f.List, "an old release", r.Manifest, border.Stale)
	}
}

func listSinkGap(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain[0])
	wantRefused(t, ctx, f.Sink, f.List, "a release behind a gap", f.Chain[3].Manifest, border.Conflict)
	take(t, ctx, f.Sink, f.Chain[1:4]...)
}

func listSinkSnapshot(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain[:2]...)
	take(t, ctx, f.Sink, f.Chain[4:]...)
	wantRefused(t, ctx, f.Sink, f.List, "what was passed over", f.Chain[2].Manifest, border.Stale, border.Forbidden)
}

func listSinkRefuses(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain[0])
	wantRefused(t, ctx, f.Sink, f.List, "signed by somebody else", f.Foreign.Manifest, border.Forbidden)
	good := f.Chain[1].Manifest
	for name, b := range map[string][]byte{
		"empty":     nil,
		"truncated": good[:len(good)-1],
		"longer":    append(good[:len(good):len(good)], '\n'),
		"no words":  []byte("\x00\xff\xfe rubbish"),
		"too large": make([]byte, border.MaxManifest+1),
	} {
		wantRefused(t, ctx, f.Sink, f.List, name, b, border.Forbidden, border.Invalid, border.TooLarge)
	}
	for _, at := range []int{0, len(good) / 3, len(good) / 2, len(good) - 1} {
		bad := append([]byte(nil), good...)
		bad[at] ^= 1
		wantRefused(t, ctx, f.Sink, f.List, "one bit changed", bad, border.Forbidden, border.Invalid)
	}
	take(t, ctx, f.Sink, f.Chain[1:3]...)
	wantRefused(t, ctx, f.Sink, f.List, "another version 3", f.Fork.Manifest, border.Forbidden)
	take(t, ctx, f.Sink, f.Chain[3]) // it goes on
}

func listSinkNotWhole(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain[0])
	r := f.Chain[1]
	if err := f.Sink.Apply(ctx, r.Manifest); err == nil {
		t.Error("Apply worked without an offer and without files")
	}
	w, b := firstWanted(t, ctx, f.Sink, r)
	if err := f.Sink.Receive(ctx, w.Digest, 0, b[:len(b)-1]); err != nil {
		t.Fatalf("Receive: %v", err)
	}
	if err := f.Sink.Apply(ctx, r.Manifest); err == nil {
		t.Error("Apply worked without the last byte")
	}
	wantInForce(t, ctx, f.Sink, f.Chain[0].Position)
	take(t, ctx, f.Sink, r)
}

func listSinkCorrupt(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain[0])
	r := f.Chain[1]
	w, b := firstWanted(t, ctx, f.Sink, r)
	bad := append([]byte(nil), b...)
	bad[len(bad)/2] ^= 1
	err := f.Sink.Receive(ctx, w.Digest, 0, bad)
	if err == nil { // it may be found out when the last byte has come, or when it is applied
		deliverRest(t, ctx, f.Sink, r)
		err = f.Sink.Apply(ctx, r.Manifest)
	}
	if c := border.CodeOf(err); c != border.Invalid && c != border.Forbidden {
		t.Errorf("a corrupt file: %v, want invalid", err)
	}
	wantInForce(t, ctx, f.Sink, f.Chain[0].Position)
	if again, _ := firstWanted(t, ctx, f.Sink, r); again.Digest != w.Digest || again.Have != 0 {
		t.Errorf("after it was found corrupt %d bytes are kept, want none", again.Have)
	}
	take(t, ctx, f.Sink, r)
}

// deliverRest hands over whatever is still wanted of a release.
func deliverRest(t *testing.T, ctx context.Context, s border.ListSink, r MadeRelease) {
	t.Helper()
	wanted, err := s.Offer(ctx, r.Manifest)
	if err != nil {
		t.Fatalf("Offer: %v", err)
	}
	for _, w := range wanted {
		if err := s.Receive(ctx, w.Digest, w.Have, r.Files[w.Digest][w.Have:]); err != nil {
			t.Fatalf("Receive: %v", err)
		}
	}
}

func listSinkEpoch(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain...) // further than the parent: the hub was put back
	take(t, ctx, f.Sink, f.Next[:2]...)
	last := f.Chain[len(f.Chain)-1]
	wantRefused(t, ctx, f.Sink, f.List, "the epoch that is over", last.Manifest, border.Stale, border.Forbidden)
	if f.Reopen != nil {
		wantRefused(t, ctx, f.Reopen(), f.List, "the epoch that is over", last.Manifest, border.Stale, border.Forbidden)
	}
}

// listSinkEpochLate is a station that was cut off while the hub was restored: it holds less
// than the parent, and what lies between is pruned.
func listSinkEpochLate(t *testing.T, ctx context.Context, f ListSinkFixture) {
	take(t, ctx, f.Sink, f.Chain[:2]...)
	wantRefused(t, ctx, f.Sink, f.List, "no snapshot of a new epoch", f.Next[1].Manifest, border.Conflict)
	take(t, ctx, f.Sink, f.Next[2])
}

func listSinkEnded(t *testing.T, ctx context.Context, f ListSinkFixture) {
	send(t, ctx, f.Sink, f.Chain[0])
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, position := f.Sink.Position(ended, f.List)
	_, offer := f.Sink.Offer(ended, f.Chain[0].Manifest)
	for name, err := range map[string]error{
		"Position": position, "Offer": offer, "Apply": f.Sink.Apply(ended, f.Chain[0].Manifest),
		"Receive": f.Sink.Receive(ended, border.Digest{1}, 0, []byte{1}),
	} {
		if err == nil {
			t.Errorf("%s worked in a context that has ended", name)
		}
	}
	wantInForce(t, ctx, f.Sink, border.ListPosition{List: f.List})
	take(t, ctx, f.Sink, f.Chain[0])
}
