package bordertest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
)

// SinkFixture is one new, empty register under test.
type SinkFixture struct {
	Sink border.EventSink
	// Quarantined and Malformed count what is held aside. Nil: not checked.
	Quarantined func() int
	Malformed   func() int
	// Copy takes a copy of the register; the returned function puts it back and opens
	// it. Nil if the implementation has no such thing.
	Copy func() (putBack func() border.EventSink)
}

// RunSinkSuite checks that an implementation of [border.EventSink] keeps the
// interface's promises. newSink opens a new register and closes it with t.Cleanup.
func RunSinkSuite(t *testing.T, newSink func(t *testing.T) SinkFixture) {
	cases := []struct {
		name string
		run  func(t *testing.T, ctx context.Context, f SinkFixture)
	}{
		{"stores byte for byte", sinkStores},
		{"replays change nothing", sinkReplays},
		{"a gap holds the watermark", sinkGap},
		{"reordered within one call", sinkReordered},
		{"conflict keeps the first", sinkConflict},
		{"malformed is held and counts", sinkMalformed},
		{"unknown types are kept", sinkUnknown},
		{"stations are apart", sinkStations},
		{"holdings by pages", sinkHoldings},
		{"events are bounded and stop at a gap", sinkEvents},
		{"greet and wraps", sinkGreet},
		{"a restored register raises its generation", sinkRestored},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			c.run(t, ctx, newSink(t))
		})
	}
}

const sinkStation1 border.StationID = "PUT-1"

func store(t *testing.T, ctx context.Context, s border.EventSink, r []border.Received) []border.StationHolding {
	t.Helper()
	h, err := s.Store(ctx, r)
	if err != nil {
		t.Fatalf("Store of %d messages: %v", len(r), err)
	}
	return h
}

func wantHolding(t *testing.T, got []border.StationHolding, want ...border.StationHolding) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("holdings (-want +got):\n%s", d)
	}
}

func hold(st border.StationID, e border.Epoch, held, highest, announced uint64) border.StationHolding {
	return border.StationHolding{Station: st, Holding: border.Holding{Epoch: e, Held: held, Highest: highest, Announced: announced}}
}

func wantEvents(t *testing.T, ctx context.Context, s border.EventSink, st border.StationID, e border.Epoch, after uint64, want [][]byte) {
	t.Helper()
	var got [][]byte
	for {
		page, err := s.Events(ctx, st, e, after+uint64(len(got)), 50)
		if err != nil {
			t.Fatalf("Events: %v", err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	if len(got) != len(want) {
		t.Fatalf("%d events of %s after %d, want %d", len(got), e, after, len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("event %d is not byte for byte what was stored", after+uint64(i)+1)
		}
	}
}

func sinkStores(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(9)
	wantHolding(t, store(t, ctx, f.Sink, Receive(c.Encoded()...)), hold(sinkStation1, c.Epoch(), 10, 10, 10))
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 0, c.Encoded())
	d := NewChain(sinkStation1, EpochNo(2), c.Last())
	d.Add(1)
	wantHolding(t, store(t, ctx, f.Sink, Receive(d.Encoded()...)), hold(sinkStation1, d.Epoch(), 2, 2, 2))
	if h := store(t, ctx, f.Sink, nil); len(h) != 0 {
		t.Errorf("Store of nothing touched %d epochs", len(h))
	}
}

func sinkReplays(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(4)
	twice := append(c.Encoded(), c.Encoded()...)
	for range 3 {
		wantHolding(t, store(t, ctx, f.Sink, Receive(twice...)), hold(sinkStation1, c.Epoch(), 5, 5, 5))
	}
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 0, c.Encoded())
	if f.Quarantined != nil && f.Quarantined() != 0 {
		t.Errorf("a replay went to quarantine")
	}
}

func sinkGap(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(7)
	all := c.Encoded()
	store(t, ctx, f.Sink, Receive(all[:2]...))
	wantHolding(t, store(t, ctx, f.Sink, Receive(all[4:]...)), hold(sinkStation1, c.Epoch(), 2, 8, 8))
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 0, all[:2])
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 4, all[4:])
	wantHolding(t, store(t, ctx, f.Sink, Receive(all[2:4]...)), hold(sinkStation1, c.Epoch(), 8, 8, 8))
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 0, all)
}

func sinkReordered(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(5)
	r := Receive(c.Encoded()...)
	r[0], r[4], r[2], r[5] = r[4], r[0], r[5], r[2]
	h := store(t, ctx, f.Sink, r)
	wantHolding(t, h, hold(sinkStation1, c.Epoch(), 6, 6, 6))
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 0, c.Encoded())
}

func sinkConflict(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(2)
	store(t, ctx, f.Sink, Receive(c.Encoded()...))
	other := Conflicting(c.Events()[1])
	for range 2 {
		wantHolding(t, store(t, ctx, f.Sink, Receive(other.Encode())), hold(sinkStation1, c.Epoch(), 3, 3, 3))
	}
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 0, c.Encoded())
	if f.Quarantined != nil && f.Quarantined() == 0 {
		t.Errorf("the conflicting event is not in quarantine")
	}
}

func sinkMalformed(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(5)
	r := Receive(c.Encoded()...)
	broken := c.Events()[3]
	broken.Hash[5] ^= 1
	r[1].Event = []byte("no event at all")
	r[2].Event = nil
	r[3].Event = broken.Encode()
	foreign := Event("OTHER-9", c.Epoch(), 5, border.Digest{}, border.TypeCrossingRecorded)
	r[4].Event = foreign.Encode()
	r = append(r, border.Received{Event: []byte{0, 1, 2}, At: Start}, border.Received{At: Start})
	wantHolding(t, store(t, ctx, f.Sink, r), hold(sinkStation1, c.Epoch(), 6, 6, 6))
	if f.Malformed != nil && f.Malformed() < 4 {
		t.Errorf("%d malformed messages held, want at least 4", f.Malformed())
	}
	if page, err := f.Sink.Events(ctx, "OTHER-9", c.Epoch(), 0, 10); err != nil || len(page) != 0 {
		t.Errorf("an event in another station's name was taken: %d, %v", len(page), err)
	}
	// what the malformed messages stood for may still come, and nothing fails
	store(t, ctx, f.Sink, Receive(c.Encoded()...))
}

func sinkUnknown(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.AddType("crossing.annulled.v9")
	c.Add(1)
	wantHolding(t, store(t, ctx, f.Sink, Receive(c.Encoded()...)), hold(sinkStation1, c.Epoch(), 3, 3, 3))
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 0, c.Encoded())
}

func sinkStations(t *testing.T, ctx context.Context, f SinkFixture) {
	a := NewChain("PUT-1", EpochNo(1), border.Parent{})
	b := NewChain("PUT-2", EpochNo(1), border.Parent{}) // the same epoch, by accident or malice
	a.Add(2)
	b.Add(4)
	h := store(t, ctx, f.Sink, append(Receive(a.Encoded()...), Receive(b.Encoded()...)...))
	wantHolding(t, h, hold("PUT-1", a.Epoch(), 3, 3, 3), hold("PUT-2", b.Epoch(), 5, 5, 5))
	wantEvents(t, ctx, f.Sink, "PUT-1", a.Epoch(), 0, a.Encoded())
	wantEvents(t, ctx, f.Sink, "PUT-2", b.Epoch(), 0, b.Encoded())
}

func sinkHoldings(t *testing.T, ctx context.Context, f SinkFixture) {
	var parent border.Parent
	var want []border.Holding
	for i := range 7 {
		c := NewChain(sinkStation1, EpochNo(20-i), parent)
		c.Add(i)
		parent = c.Last()
		store(t, ctx, f.Sink, Receive(c.Encoded()...))
		want = append(want, hold(sinkStation1, c.Epoch(), parent.Seq, parent.Seq, parent.Seq).Holding)
	}
	var got []border.Holding
	for {
		page, err := f.Sink.Holdings(ctx, sinkStation1, len(got), 3)
		if err != nil || len(page) > 3 {
			t.Fatalf("Holdings = %d, %v", len(page), err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("holdings in the order of getting to know (-want +got):\n%s", d)
	}
	if page, err := f.Sink.Holdings(ctx, "PUT-77", 0, 3); err != nil || len(page) != 0 {
		t.Errorf("Holdings of an unknown station = %d, %v", len(page), err)
	}
}

func sinkEvents(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(499)
	all := c.Encoded()
	store(t, ctx, f.Sink, Receive(append(all[:299:299], all[300:]...)...))
	page, err := f.Sink.Events(ctx, sinkStation1, c.Epoch(), 0, 1000)
	size := 0
	for _, b := range page {
		size += len(b)
	}
	if err != nil || len(page) == 0 || size > 512<<10+border.MaxEvent {
		t.Errorf("Events gave %d events, %d bytes, %v", len(page), size, err)
	}
	if page, err := f.Sink.Events(ctx, sinkStation1, c.Epoch(), 290, 4); err != nil || len(page) != 4 {
		t.Errorf("Events beyond its limit: %d, %v", len(page), err)
	}
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 0, all[:299])
	wantEvents(t, ctx, f.Sink, sinkStation1, c.Epoch(), 300, all[300:])
}

func sinkGreet(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(3)
	store(t, ctx, f.Sink, Receive(c.Encoded()...))
	hello := border.Hello{
		Station: sinkStation1, Post: "PUT", Zone: "America/Guyana", Software: "bordertest", Now: Start,
		Clock: border.ClockTrust{State: border.ClockSynced}, Head: border.Position{Epoch: c.Epoch(), Seq: 9}, Backlog: 5,
	}
	first, err := f.Sink.Greet(ctx, hello)
	if err != nil || first.Generation == 0 || first.Epochs != 1 || len(first.Keys) != 0 {
		t.Fatalf("Greet = %+v, %v", first, err)
	}
	page, err := f.Sink.Holdings(ctx, sinkStation1, 0, 5)
	if want := []border.Holding{{Epoch: c.Epoch(), Held: 4, Highest: 4, Announced: 9}}; err != nil || !cmp.Equal(want, page) {
		t.Errorf("a hello announces its head: %+v, %v", page, err)
	}
	w := border.KeyWrap{Station: sinkStation1, KeyID: "k-1", Part: border.PartPersonal, Bucket: "2026-11", Wrapped: []byte{1, 2, 3}}
	for range 2 {
		if err := f.Sink.StoreWraps(ctx, []border.KeyWrap{w}); err != nil {
			t.Fatalf("StoreWraps: %v", err)
		}
	}
	hello.Generation, hello.Watermark = first.Generation, border.Position{Epoch: c.Epoch(), Seq: 4}
	next, err := f.Sink.Greet(ctx, hello)
	if err != nil || next.Generation != first.Generation || !cmp.Equal(next.Keys, []string{"k-1"}) {
		t.Errorf("Greet again = %+v, %v; want the same generation and one key", next, err)
	}
}

func sinkRestored(t *testing.T, ctx context.Context, f SinkFixture) {
	c := NewChain(sinkStation1, EpochNo(1), border.Parent{})
	c.Add(2)
	store(t, ctx, f.Sink, Receive(c.Encoded()...))
	hello := border.Hello{Station: sinkStation1, Post: "PUT", Now: Start, Clock: border.ClockTrust{State: border.ClockSynced}}
	was, err := f.Sink.Greet(ctx, hello)
	if err != nil {
		t.Fatalf("Greet: %v", err)
	}
	s := f.Sink
	hello.Generation = was.Generation
	hello.Watermark = border.Position{Epoch: c.Epoch(), Seq: 5} // more than the hub holds
	if f.Copy != nil {
		putBack := f.Copy()
		store(t, ctx, s, Receive(c.Add(2)...))
		s = putBack()
	}
	is, err := s.Greet(ctx, hello)
	if err != nil || is.Generation <= was.Generation {
		t.Fatalf("generation after a restore = %d, %v; was %d", is.Generation, err, was.Generation)
	}
	again, err := s.Greet(ctx, hello) // the station still remembers the old generation
	if err != nil || again.Generation != is.Generation {
		t.Errorf("generation raised twice for one restore: %d, then %d (%v)", is.Generation, again.Generation, err)
	}
	hello.Generation = is.Generation + 5 // the hub's own memory was lost altogether
	if far, err := s.Greet(ctx, hello); err != nil || far.Generation <= hello.Generation {
		t.Errorf("generation = %d, %v; want above the station's %d", far.Generation, err, hello.Generation)
	}
}
