package bordertest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"garita/border"
)

// SourceFixture is one freshly opened journal under test.
type SourceFixture struct {
	Source  border.EventSource
	Station border.StationID
	// Append commits n events of type crossing.recorded.v1 to the current epoch and
	// returns when they are durable.
	Append func(n int)
	// Reopen closes the journal and opens it again: a new epoch. Nil if the
	// implementation has no such thing.
	Reopen func() border.EventSource
}

// RunSourceSuite checks that an implementation of [border.EventSource] keeps the
// interface's promises. newSource opens a new journal and closes it with t.Cleanup.
func RunSourceSuite(t *testing.T, newSource func(t *testing.T) SourceFixture) {
	cases := []struct {
		name string
		run  func(t *testing.T, ctx context.Context, f SourceFixture)
	}{
		{"fresh journal has its opening event", sourceFresh},
		{"read is ascending, chained and bounded", sourceRead},
		{"commits signal", sourceCommits},
		{"reopening begins an epoch with its parent", sourceReopen},
		{"restore an unknown epoch", sourceRestore},
		{"restore refuses what does not fit", sourceRestoreRefuses},
		{"wraps exist for the keys in use", sourceWraps},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			c.run(t, ctx, newSource(t))
		})
	}
}

// ReadAll reads every event of a source by pages of the given limit, by key.
func ReadAll(t *testing.T, ctx context.Context, s border.EventSource, limit int) map[border.Key][]byte {
	t.Helper()
	ex, err := s.Extents(ctx)
	if err != nil {
		t.Fatalf("Extents: %v", err)
	}
	out := map[border.Key][]byte{}
	for _, x := range ex {
		for at := uint64(0); at < x.Last; {
			page, err := s.Read(ctx, x.Epoch, at, limit)
			if err != nil || len(page) == 0 || len(page) > limit {
				t.Fatalf("Read(%s, %d, %d) = %d events, %v", x.Epoch, at, limit, len(page), err)
			}
			for _, b := range page {
				e, err := border.DecodeEvent(b)
				if err != nil {
					t.Fatalf("Read gave bytes that are no event: %v", err)
				}
				at++
				if e.Key.Epoch != x.Epoch || e.Key.Seq != at {
					t.Fatalf("Read gave %s at place %d of epoch %s", e.Key, at, x.Epoch)
				}
				out[e.Key] = b
			}
		}
	}
	return out
}

func extents(t *testing.T, ctx context.Context, s border.EventSource) []border.Extent {
	t.Helper()
	ex, err := s.Extents(ctx)
	if err != nil {
		t.Fatalf("Extents: %v", err)
	}
	return ex
}

func sourceFresh(t *testing.T, ctx context.Context, f SourceFixture) {
	ex := extents(t, ctx, f.Source)
	if len(ex) != 1 || ex[0].Last != 1 || ex[0].Parent != (border.Parent{}) || ex[0].Epoch.IsZero() {
		t.Fatalf("Extents of a fresh journal = %+v, want one epoch with one event and no parent", ex)
	}
	if h := f.Source.Head(); h != (border.Position{Epoch: ex[0].Epoch, Seq: 1}) {
		t.Errorf("Head = %+v", h)
	}
	all := ReadAll(t, ctx, f.Source, 10)
	b := all[border.Key{Station: f.Station, Epoch: ex[0].Epoch, Seq: 1}]
	e, err := border.DecodeEvent(b)
	if err != nil || e.Type != border.TypeEpochOpened || e.Verify() != nil {
		t.Errorf("first event: type %q, %v", e.Type, err)
	}
}

func sourceRead(t *testing.T, ctx context.Context, f SourceFixture) {
	f.Append(23)
	epoch := f.Source.Head().Epoch
	if h := f.Source.Head(); h.Seq != 24 {
		t.Fatalf("Head after 23 more events = %+v", h)
	}
	for _, limit := range []int{1, 5, 100} {
		if n := len(ReadAll(t, ctx, f.Source, limit)); n != 24 {
			t.Errorf("by pages of %d: %d events, want 24", limit, n)
		}
	}
	page, err := f.Source.Read(ctx, epoch, 0, 100)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	var prev border.Digest
	for i, b := range page {
		e, err := border.DecodeEvent(b)
		if err != nil || e.Verify() != nil || e.Prev != prev || e.Key.Station != f.Station {
			t.Fatalf("event %d does not continue the chain (%v)", i+1, err)
		}
		prev = e.Hash
	}
	for _, c := range []struct {
		epoch border.Epoch
		after uint64
	}{{epoch, 24}, {epoch, 1 << 60}, {EpochNo(-1), 0}} {
		if page, err := f.Source.Read(ctx, c.epoch, c.after, 10); err != nil || len(page) != 0 {
			t.Errorf("Read after the end = %d events, %v", len(page), err)
		}
	}
	f.Append(700) // more than 1 MiB
	page, err = f.Source.Read(ctx, epoch, 0, 1000)
	size := 0
	for _, b := range page {
		size += len(b)
	}
	if err != nil || size > 1<<20+2*border.MaxEvent {
		t.Errorf("one page has %d bytes, %v; want about 1 MiB at most", size, err)
	}
}

func sourceCommits(t *testing.T, ctx context.Context, f SourceFixture) {
	drain := func() {
		select {
		case <-f.Source.Commits():
		default:
		}
	}
	drain()
	for i := range 3 {
		f.Append(2)
		select {
		case <-f.Source.Commits():
		case <-ctx.Done():
			t.Fatalf("no signal after commit %d", i)
		}
	}
	f.Append(1) // nobody listens: the writer must not block
	f.Append(1)
	drain()
	if h := f.Source.Head(); h.Seq != 9 {
		t.Errorf("Head = %+v, want seq 9", h)
	}
}

func sourceReopen(t *testing.T, ctx context.Context, f SourceFixture) {
	if f.Reopen == nil {
		t.Skip("this implementation is not reopened")
	}
	f.Append(4)
	before := ReadAll(t, ctx, f.Source, 100)
	old := f.Source.Head()
	last, err := border.DecodeEvent(before[border.Key{Station: f.Station, Epoch: old.Epoch, Seq: old.Seq}])
	if err != nil {
		t.Fatal(err)
	}
	s := f.Reopen()
	ex := extents(t, ctx, s)
	want := border.Parent{Epoch: old.Epoch, Seq: old.Seq, Hash: last.Hash}
	if len(ex) != 2 || ex[0].Last != old.Seq || ex[1].Last != 1 || ex[1].Parent != want || ex[1].Epoch == old.Epoch {
		t.Fatalf("Extents after reopening = %+v, want a second epoch with parent %+v", ex, want)
	}
	if h := s.Head(); h != (border.Position{Epoch: ex[1].Epoch, Seq: 1}) {
		t.Errorf("Head = %+v", h)
	}
	after := ReadAll(t, ctx, s, 100)
	for k, b := range before {
		if !bytes.Equal(after[k], b) {
			t.Errorf("%s changed by reopening", k)
		}
	}
}

func sourceRestore(t *testing.T, ctx context.Context, f SourceFixture) {
	f.Append(2)
	head := f.Source.Head()
	lost := NewChain(f.Station, EpochNo(900_001), border.Parent{})
	lost.Add(6)
	events := lost.Encoded()
	for _, part := range [][][]byte{events[:3], events[:3], events[2:7], nil} {
		if err := f.Source.Restore(ctx, part); err != nil {
			t.Fatalf("Restore of %d events: %v", len(part), err)
		}
	}
	child := NewChain(f.Station, EpochNo(900_002), lost.Last())
	child.Add(1)
	if err := f.Source.Restore(ctx, child.Encoded()); err != nil {
		t.Fatalf("Restore of the next epoch: %v", err)
	}
	if h := f.Source.Head(); h != head {
		t.Errorf("Restore moved the head from %+v to %+v", head, h)
	}
	ex := extents(t, ctx, f.Source)
	if len(ex) != 3 || ex[1] != (border.Extent{Epoch: lost.Epoch(), Last: 7}) ||
		ex[2] != (border.Extent{Epoch: child.Epoch(), Last: 2, Parent: lost.Last()}) {
		t.Errorf("Extents = %+v", ex)
	}
	all := ReadAll(t, ctx, f.Source, 2)
	for i, b := range events {
		if !bytes.Equal(all[lost.Events()[i].Key], b) {
			t.Errorf("restored event %d is not byte for byte what came", i+1)
		}
	}
	f.Append(1) // the journal goes on
	if h := f.Source.Head(); h.Epoch != head.Epoch || h.Seq != head.Seq+1 {
		t.Errorf("Head after a further event = %+v", h)
	}
}

func sourceRestoreRefuses(t *testing.T, ctx context.Context, f SourceFixture) {
	f.Append(1)
	lost := NewChain(f.Station, EpochNo(900_003), border.Parent{})
	lost.Add(5)
	events := lost.Encoded()
	if err := f.Source.Restore(ctx, events[:2]); err != nil {
		t.Fatalf("Restore: %v", err)
	}
	before := extents(t, ctx, f.Source)
	broken := lost.Events()[2]
	broken.Hash[0] ^= 1
	foreign := NewChain("OTHER-9", EpochNo(900_004), border.Parent{})
	headless := Event(f.Station, EpochNo(900_005), 2, border.Digest{}, border.TypeCrossingRecorded)
	other := Conflicting(lost.Events()[1])
	fork := Event(f.Station, lost.Epoch(), 3, border.Digest{7}, border.TypeCrossingRecorded)
	head := f.Source.Head()
	beyond := Event(f.Station, head.Epoch, head.Seq+2, border.Digest{7}, border.TypeCrossingRecorded)
	for name, b := range map[string][]byte{
		"gap":             events[4],
		"hash":            broken.Encode(),
		"other station":   foreign.Encoded()[0],
		"no first event":  headless.Encode(),
		"not the chain":   fork.Encode(),
		"other content":   other.Encode(),
		"no event":        []byte("GEV1 but no more"),
		"beyond the head": beyond.Encode(),
	} {
		if err := f.Source.Restore(ctx, [][]byte{b}); err == nil {
			t.Errorf("%s: Restore accepted it", name)
		}
	}
	after := extents(t, ctx, f.Source)
	if len(after) != len(before) || after[1] != before[1] || f.Source.Head() != head {
		t.Errorf("a refused Restore changed the journal: %+v, before %+v", after, before)
	}
}

func sourceWraps(t *testing.T, ctx context.Context, f SourceFixture) {
	f.Append(3)
	wraps, err := f.Source.Wraps(ctx)
	if err != nil {
		t.Fatalf("Wraps: %v", err)
	}
	ids := map[string]bool{}
	for _, w := range wraps {
		if w.Station != f.Station || w.KeyID == "" || w.Part == "" || w.Bucket == "" || len(w.Wrapped) == 0 {
			t.Errorf("incomplete wrap of key %q, part %q", w.KeyID, w.Part)
		}
		ids[w.KeyID] = true
	}
	for k, b := range ReadAll(t, ctx, f.Source, 100) {
		e, err := border.DecodeEvent(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range e.Parts {
			if p.Name != border.PartHub && !ids[p.KeyID] {
				t.Errorf("%s: part %s is sealed under a key that no wrap names", k, p.Name)
			}
		}
	}
}
