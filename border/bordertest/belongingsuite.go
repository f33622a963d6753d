package bordertest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"garita/border"
)

// belonging runs the cases of one suite, each on a fixture of its own.
func belonging[F any](t *testing.T, fresh func(t *testing.T) F, cases []belongingCase[F]) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			c.run(t, ctx, fresh(t))
		})
	}
}

type belongingCase[F any] struct {
	name string
	run  func(t *testing.T, ctx context.Context, f F)
}

func past(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

// CheckpointSourceFixture is one station's log under test.
type CheckpointSourceFixture struct {
	Source border.CheckpointSource
	// Append makes n more events durable.
	Append func(n int)
	// Cosign does as the hub does; Foreign as another hub would.
	Cosign, Foreign func(c border.Checkpoint) border.Checkpoint
	// Other is a checkpoint of another log, signed and cosigned as it must be.
	Other border.Checkpoint
}

// RunCheckpointSourceSuite checks that an implementation of [border.CheckpointSource] keeps the
// interface's promises. newSource opens a log and closes it with t.Cleanup.
func RunCheckpointSourceSuite(t *testing.T, newSource func(t *testing.T) CheckpointSourceFixture) {
	signed := func(t *testing.T, ctx context.Context, f CheckpointSourceFixture) border.Checkpoint {
		t.Helper()
		c, err := f.Source.Checkpoint(ctx)
		if err != nil || len(c.Note) == 0 || len(c.Note) > border.MaxCheckpoint || len(c.Hub) != 0 {
			t.Fatalf("Checkpoint = %d bytes with %d of the hub, %v", len(c.Note), len(c.Hub), err)
		}
		return c
	}
	belonging(t, newSource, []belongingCase[CheckpointSourceFixture]{
		{"signs until it is cosigned, and again when it has grown", func(t *testing.T, ctx context.Context, f CheckpointSourceFixture) {
			f.Append(3)
			for range 2 {
				c := signed(t, ctx, f)
				for range 2 { // twice is once
					if err := f.Source.Cosigned(ctx, f.Cosign(c)); err != nil {
						t.Fatalf("Cosigned: %v", err)
					}
				}
				if c, err := f.Source.Checkpoint(ctx); err != nil || len(c.Note) != 0 {
					t.Errorf("Checkpoint of what is cosigned = %d bytes, %v; want none", len(c.Note), err)
				}
				f.Append(2)
			}
			signed(t, ctx, f)
		}},
		{"an answer that comes late is kept", func(t *testing.T, ctx context.Context, f CheckpointSourceFixture) {
			f.Append(3)
			c := signed(t, ctx, f)
			f.Append(4)
			if err := f.Source.Cosigned(ctx, f.Cosign(c)); err != nil {
				t.Fatalf("Cosigned: %v", err)
			}
			signed(t, ctx, f)
		}},
		{"refuses what the hub did not cosign", func(t *testing.T, ctx context.Context, f CheckpointSourceFixture) {
			f.Append(3)
			c := signed(t, ctx, f)
			whole := f.Cosign(c)
			flipped := border.Checkpoint{Note: bytes.Clone(whole.Note), Hub: whole.Hub}
			flipped.Note[len(flipped.Note)/2] ^= 1
			for name, bad := range map[string]border.Checkpoint{
				"not cosigned": c, "another hub": f.Foreign(c), "another log": f.Other, "flipped": flipped,
				"empty": {}, "cut": {Note: whole.Note[:len(whole.Note)-5]},
			} {
				if err := f.Source.Cosigned(ctx, bad); border.CodeOf(err) != border.Invalid {
					t.Errorf("%s: Cosigned = %v, want invalid", name, err)
				}
			}
			signed(t, ctx, f)
		}},
		{"ended contexts end calls", func(t *testing.T, ctx context.Context, f CheckpointSourceFixture) {
			f.Append(3)
			c := signed(t, ctx, f)
			if _, err := f.Source.Checkpoint(past(ctx)); err == nil {
				t.Error("Checkpoint worked in a context that has ended")
			}
			if err := f.Source.Cosigned(past(ctx), f.Cosign(c)); err == nil {
				t.Error("Cosigned worked in a context that has ended")
			}
		}},
	})
}

// CheckpointSinkFixture is one hub under test, and a station.
type CheckpointSinkFixture struct {
	Sink           border.CheckpointSink
	Station, Other border.StationID
	// Grow makes n more events of the station, and has the hub hold them if held; it returns the
	// station's checkpoint of all.
	Grow func(n int, held bool) border.Checkpoint
	// Catch has the hub hold all events.
	Catch func()
	// Fork is a checkpoint that the station signed, of as many events as it has now but of another
	// content.
	Fork func() border.Checkpoint
	// Cosigned reports whether the hub has signed.
	Cosigned func(c border.Checkpoint) bool
}

// RunCheckpointSinkSuite checks that an implementation of [border.CheckpointSink] keeps the
// interface's promises. newSink opens a hub and closes it with t.Cleanup.
func RunCheckpointSinkSuite(t *testing.T, newSink func(t *testing.T) CheckpointSinkFixture) {
	cosign := func(t *testing.T, ctx context.Context, f CheckpointSinkFixture, c border.Checkpoint) {
		t.Helper()
		got, err := f.Sink.Cosign(ctx, f.Station, c)
		if err != nil || !f.Cosigned(got) || len(got.Note) > border.MaxCheckpoint || len(got.Hub) > border.MaxCheckpoint {
			t.Fatalf("Cosign = %d bytes with %d of the hub, %v", len(got.Note), len(got.Hub), err)
		}
	}
	refuse := func(t *testing.T, ctx context.Context, f CheckpointSinkFixture, st border.StationID, c border.Checkpoint, want ...border.Code) {
		t.Helper()
		got, err := f.Sink.Cosign(ctx, st, c)
		for _, code := range want {
			if border.CodeOf(err) == code && len(got.Note) == 0 {
				return
			}
		}
		t.Errorf("Cosign = %d bytes, %v; want %v", len(got.Note), err, want)
	}
	belonging(t, newSink, []belongingCase[CheckpointSinkFixture]{
		{"cosigns a log that grows", func(t *testing.T, ctx context.Context, f CheckpointSinkFixture) {
			for i := range 3 {
				c := f.Grow(i+2, true)
				cosign(t, ctx, f, c)
				cosign(t, ctx, f, c) // the answer was lost
			}
		}},
		{"waits for the events", func(t *testing.T, ctx context.Context, f CheckpointSinkFixture) {
			cosign(t, ctx, f, f.Grow(3, true))
			c := f.Grow(4, false)
			refuse(t, ctx, f, f.Station, c, border.Unavailable)
			f.Catch()
			cosign(t, ctx, f, c)
		}},
		{"finds a log that contradicts", func(t *testing.T, ctx context.Context, f CheckpointSinkFixture) {
			cosign(t, ctx, f, f.Grow(3, true))
			f.Grow(2, true)
			refuse(t, ctx, f, f.Station, f.Fork(), border.Conflict)
		}},
		{"refuses what is not the station's", func(t *testing.T, ctx context.Context, f CheckpointSinkFixture) {
			c := f.Grow(3, true)
			refuse(t, ctx, f, f.Other, c, border.Invalid, border.Forbidden)
			flipped := border.Checkpoint{Note: bytes.Clone(c.Note)}
			flipped.Note[len(flipped.Note)-10] ^= 4 // in the signature
			refuse(t, ctx, f, f.Station, flipped, border.Invalid, border.Forbidden)
			for _, b := range [][]byte{nil, []byte("rubbish"), bytes.Repeat([]byte("x\n"), 2000)} {
				refuse(t, ctx, f, f.Station, border.Checkpoint{Note: b}, border.Invalid, border.Forbidden)
			}
			cosign(t, ctx, f, c)
		}},
		{"ended contexts end calls", func(t *testing.T, ctx context.Context, f CheckpointSinkFixture) {
			if _, err := f.Sink.Cosign(past(ctx), f.Station, f.Grow(3, true)); err == nil {
				t.Error("Cosign worked in a context that has ended")
			}
		}},
	})
}

// RosterSourceFixture is one hub's officers under test.
type RosterSourceFixture struct {
	Source         border.RosterSource
	Station, Other border.StationID
	// Change changes an officer of the station.
	Change func()
	// Open opens and verifies a roster as the station does, and gives its version.
	Open func(station border.StationID, sealed []byte) (version uint64, err error)
}

// RunRosterSourceSuite checks that an implementation of [border.RosterSource] keeps the
// interface's promises. newSource opens the officers and closes them with t.Cleanup.
func RunRosterSourceSuite(t *testing.T, newSource func(t *testing.T) RosterSourceFixture) {
	get := func(t *testing.T, ctx context.Context, f RosterSourceFixture, have uint64) uint64 {
		t.Helper()
		b, err := f.Source.Roster(ctx, f.Station, have)
		if err != nil || len(b) == 0 || len(b) > border.MaxRoster {
			t.Fatalf("Roster = %d bytes, %v", len(b), err)
		}
		v, err := f.Open(f.Station, b)
		if err != nil || v <= have {
			t.Fatalf("the roster has version %d beside %d, %v", v, have, err)
		}
		return v
	}
	belonging(t, newSource, []belongingCase[RosterSourceFixture]{
		{"gives what is newer, once", func(t *testing.T, ctx context.Context, f RosterSourceFixture) {
			have := get(t, ctx, f, 0)
			for range 2 {
				if b, err := f.Source.Roster(ctx, f.Station, have); err != nil || b != nil {
					t.Errorf("Roster of the version that is there = %d bytes, %v", len(b), err)
				}
				drain(f.Source.Changed())
				f.Change()
				select {
				case <-f.Source.Changed():
				case <-ctx.Done():
					t.Fatal("no signal after a change")
				}
				have = get(t, ctx, f, have)
			}
			f.Change() // nobody listens: it must not block
			f.Change()
			get(t, ctx, f, have)
		}},
		{"is sealed to its station", func(t *testing.T, ctx context.Context, f RosterSourceFixture) {
			b, err := f.Source.Roster(ctx, f.Other, 0)
			if err != nil || len(b) == 0 {
				t.Fatalf("Roster = %d bytes, %v", len(b), err)
			}
			if _, err := f.Open(f.Station, b); err == nil {
				t.Error("another station's roster can be opened")
			}
		}},
		{"ended contexts end calls", func(t *testing.T, ctx context.Context, f RosterSourceFixture) {
			if _, err := f.Source.Roster(past(ctx), f.Station, 0); err == nil {
				t.Error("Roster worked in a context that has ended")
			}
		}},
	})
}

// RosterSinkFixture is one station's sign-in under test that has no roster.
type RosterSinkFixture struct {
	Sink border.RosterSink
	// Make makes a roster of a version, as the hub does for this station.
	Make func(version uint64) []byte
	// Refused are rosters of version 9 that must not come into force: of another signer, sealed
	// to another station, and the like.
	Refused map[string][]byte
	// Reopen closes the store and opens it again, as after a power cut. Nil if there is no such
	// thing.
	Reopen func() border.RosterSink
}

// RunRosterSinkSuite checks that an implementation of [border.RosterSink] keeps the interface's
// promises. newSink opens a store and closes it with t.Cleanup.
func RunRosterSinkSuite(t *testing.T, newSink func(t *testing.T) RosterSinkFixture) {
	want := func(t *testing.T, s border.RosterSink, version uint64) {
		t.Helper()
		if v := s.RosterVersion(); v != version {
			t.Errorf("RosterVersion = %d, want %d", v, version)
		}
	}
	belonging(t, newSink, []belongingCase[RosterSinkFixture]{
		{"installs what is newer", func(t *testing.T, ctx context.Context, f RosterSinkFixture) {
			want(t, f.Sink, 0)
			for _, v := range []uint64{2, 3, 7} {
				if err := f.Sink.InstallRoster(ctx, f.Make(v)); err != nil {
					t.Fatalf("InstallRoster of version %d: %v", v, err)
				}
				want(t, f.Sink, v)
			}
		}},
		{"refuses what is older, after a restart too", func(t *testing.T, ctx context.Context, f RosterSinkFixture) {
			if err := f.Sink.InstallRoster(ctx, f.Make(5)); err != nil {
				t.Fatalf("InstallRoster: %v", err)
			}
			s := f.Sink
			for range 2 {
				if err := s.InstallRoster(ctx, f.Make(4)); err == nil {
					t.Error("an older roster was taken")
				}
				want(t, s, 5)
				if f.Reopen != nil {
					s = f.Reopen()
					want(t, s, 5)
				}
			}
		}},
		{"refuses what is not the hub's for this station", func(t *testing.T, ctx context.Context, f RosterSinkFixture) {
			good := f.Make(9)
			flipped := bytes.Clone(good)
			flipped[len(flipped)/2] ^= 1
			bad := map[string][]byte{"empty": nil, "rubbish": []byte("rubbish"), "flipped": flipped, "cut": good[:len(good)-1]}
			for name, b := range f.Refused {
				bad[name] = b
			}
			for name, b := range bad {
				if err := f.Sink.InstallRoster(ctx, b); err == nil {
					t.Errorf("%s: taken", name)
				}
				want(t, f.Sink, 0)
			}
			if err := f.Sink.InstallRoster(ctx, good); err != nil {
				t.Errorf("InstallRoster of the good one: %v", err)
			}
		}},
		{"ended contexts end calls", func(t *testing.T, ctx context.Context, f RosterSinkFixture) {
			if err := f.Sink.InstallRoster(past(ctx), f.Make(3)); err == nil {
				t.Error("InstallRoster worked in a context that has ended")
			}
		}},
	})
}

// KeySourceFixture is one hub's keys of stations under test.
type KeySourceFixture struct {
	Source         border.KeySource
	Station, Other border.StationID
	// Make makes n keys of a station that live, and as many of the hub part.
	Make func(station border.StationID, n int)
}

// RunKeySourceSuite checks that an implementation of [border.KeySource] keeps the interface's
// promises. newSource opens the keys and closes them with t.Cleanup.
func RunKeySourceSuite(t *testing.T, newSource func(t *testing.T) KeySourceFixture) {
	belonging(t, newSource, []belongingCase[KeySourceFixture]{
		{"gives a station's keys page by page", func(t *testing.T, ctx context.Context, f KeySourceFixture) {
			f.Make(f.Station, 12)
			f.Make(f.Other, 2)
			all := map[string]bool{}
			for after := ""; ; {
				ws, err := f.Source.Rewrapped(ctx, f.Station, after)
				if err != nil || len(ws) > 1000 {
					t.Fatalf("Rewrapped after %q = %d, %v", after, len(ws), err)
				}
				if len(ws) == 0 {
					break
				}
				for _, w := range ws[:min(len(ws), 5)] { // the rest is asked for again
					if w.Station != f.Station || w.KeyID <= after || w.Part == border.PartHub || len(w.Wrapped) == 0 {
						t.Errorf("Rewrapped after %q gave %q of %s, part %s, %d bytes", after, w.KeyID, w.Station, w.Part, len(w.Wrapped))
					}
					after, all[w.KeyID] = w.KeyID, true
				}
			}
			if len(all) != 12 {
				t.Errorf("%d keys, want 12", len(all))
			}
		}},
		{"ended contexts end calls", func(t *testing.T, ctx context.Context, f KeySourceFixture) {
			f.Make(f.Station, 1)
			if _, err := f.Source.Rewrapped(past(ctx), f.Station, ""); err == nil {
				t.Error("Rewrapped worked in a context that has ended")
			}
		}},
	})
}

// KeySinkFixture is one station's keys under test; none is lacking.
type KeySinkFixture struct {
	Sink border.KeySink
	// Lose makes the journal name some keys that are not here, and gives them as the hub does.
	Lose func() []border.KeyWrap
}

// RunKeySinkSuite checks that an implementation of [border.KeySink] keeps the interface's promises.
// newSink opens the keys and closes them with t.Cleanup.
func RunKeySinkSuite(t *testing.T, newSink func(t *testing.T) KeySinkFixture) {
	want := func(t *testing.T, ctx context.Context, f KeySinkFixture, lacking bool) {
		t.Helper()
		if got, err := f.Sink.Lacking(ctx); err != nil || got != lacking {
			t.Errorf("Lacking = %v, %v; want %v", got, err, lacking)
		}
	}
	belonging(t, newSink, []belongingCase[KeySinkFixture]{
		{"regains what is lacking", func(t *testing.T, ctx context.Context, f KeySinkFixture) {
			want(t, ctx, f, false)
			ws := f.Lose()
			want(t, ctx, f, true)
			for range 2 { // twice is once
				for _, w := range ws {
					if err := f.Sink.Regain(ctx, []border.KeyWrap{w}); err != nil {
						t.Fatalf("Regain: %v", err)
					}
				}
				want(t, ctx, f, false)
			}
			if err := f.Sink.Regain(ctx, nil); err != nil {
				t.Errorf("Regain of nothing: %v", err)
			}
		}},
		{"refuses what cannot be opened", func(t *testing.T, ctx context.Context, f KeySinkFixture) {
			ws := f.Lose()
			bad := ws[0]
			bad.Wrapped = bytes.Clone(bad.Wrapped)
			bad.Wrapped[len(bad.Wrapped)/2] ^= 1
			if err := f.Sink.Regain(ctx, []border.KeyWrap{bad}); err == nil {
				t.Error("a broken wrap was taken")
			}
			want(t, ctx, f, true)
			if err := f.Sink.Regain(ctx, ws); err != nil {
				t.Fatalf("Regain: %v", err)
			}
			want(t, ctx, f, false)
		}},
		{"ended contexts end calls", func(t *testing.T, ctx context.Context, f KeySinkFixture) {
			ws := f.Lose()
			if _, err := f.Sink.Lacking(past(ctx)); err == nil {
				t.Error("Lacking worked in a context that has ended")
			}
			if err := f.Sink.Regain(past(ctx), ws); err == nil {
				t.Error("Regain worked in a context that has ended")
			}
			want(t, ctx, f, true)
		}},
	})
}
