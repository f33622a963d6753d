package bordertest

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"garita/border"
)

func TestMemoryLog(t *testing.T) {
	RunCheckpointSourceSuite(t, func(*testing.T) CheckpointSourceFixture {
		l := NewMemoryLog("PUT-1", "station", "hub")
		by := func(hub, key string, st border.StationID) func(border.Checkpoint) border.Checkpoint {
			return func(c border.Checkpoint) border.Checkpoint {
				s := NewMemoryCosigner(key, hub)
				s.Hold(st, 1000)
				got, err := s.Cosign(t.Context(), st, c)
				if err != nil {
					t.Fatalf("Cosign: %v", err)
				}
				return got
			}
		}
		other := NewMemoryLog("PUT-2", "station", "hub")
		other.Append(2)
		c, err := other.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return CheckpointSourceFixture{Source: l, Append: l.Append, Cosign: by("hub", "station", "PUT-1"),
			Foreign: by("another", "station", "PUT-1"), Other: by("hub", "station", "PUT-2")(c)}
	})
}

func TestMemoryCosigner(t *testing.T) {
	RunCheckpointSinkSuite(t, func(*testing.T) CheckpointSinkFixture {
		s, l := NewMemoryCosigner("station", "hub"), NewMemoryLog("PUT-1", "station", "hub")
		n := 0
		return CheckpointSinkFixture{
			Sink: s, Station: "PUT-1", Other: "PUT-2",
			Grow: func(more int, held bool) border.Checkpoint {
				l.Append(more)
				if n += more; held {
					s.Hold("PUT-1", uint64(n))
				}
				c, err := l.Checkpoint(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return c
			},
			Catch: func() { s.Hold("PUT-1", uint64(n)) },
			Fork: func() border.Checkpoint {
				return border.Checkpoint{Note: note(l.origin, uint64(n), "another root", "station")}
			},
			Cosigned: func(c border.Checkpoint) bool { return l.Cosigned(t.Context(), c) == nil },
		}
	})
}

func TestMemoryOfficers(t *testing.T) {
	RunRosterSourceSuite(t, func(*testing.T) RosterSourceFixture {
		s := NewMemoryOfficers("hub")
		return RosterSourceFixture{Source: s, Station: "PUT-1", Other: "PUT-2", Change: s.Change,
			Open: func(st border.StationID, b []byte) (uint64, error) {
				r := NewMemoryRoster(st, "hub")
				err := r.InstallRoster(t.Context(), b)
				return r.RosterVersion(), err
			}}
	})
}

func TestMemoryRoster(t *testing.T) {
	RunRosterSinkSuite(t, func(*testing.T) RosterSinkFixture {
		s := NewMemoryRoster("PUT-1", "hub")
		return RosterSinkFixture{Sink: s, Reopen: func() border.RosterSink { return s },
			Make:    func(v uint64) []byte { return RosterFor("PUT-1", v, "hub") },
			Refused: map[string][]byte{"signer": RosterFor("PUT-1", 9, "another"), "station": RosterFor("PUT-2", 9, "hub")}}
	})
}

func TestMemoryKeys(t *testing.T) {
	RunKeySourceSuite(t, func(*testing.T) KeySourceFixture {
		s := NewMemoryKeys()
		return KeySourceFixture{Source: s, Station: "PUT-1", Other: "PUT-2", Make: s.Add}
	})
}

func TestMemoryKeyring(t *testing.T) {
	RunKeySinkSuite(t, func(*testing.T) KeySinkFixture {
		s, hub := NewMemoryKeyring(), NewMemoryKeys()
		return KeySinkFixture{Sink: s, Lose: func() []border.KeyWrap {
			hub.Add("PUT-1", 3)
			ws, err := hub.Rewrapped(t.Context(), "PUT-1", "")
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range ws {
				s.Need(w.KeyID)
			}
			return ws
		}}
	})
}

// TestRosterFor holds the form that the sink takes apart.
func TestRosterFor(t *testing.T) {
	b := RosterFor("PUT-1", 41, "hub")
	if f := strings.Fields(string(b)); len(f) != 5 || f[3] != strconv.Itoa(41) || bytes.Equal(b, RosterFor("PUT-2", 41, "hub")) {
		t.Errorf("a roster has %d fields", len(f))
	}
}
