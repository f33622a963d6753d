package checkpoint_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/checkpoint"
)

func eventHash(n int) border.Digest { return sha256.Sum256([]byte{byte(n), byte(n >> 8)}) }

// TestTreeIsThatOfTlog compares every size with what tlog makes of the same leaves: the roots,
// the nodes in their places, and the tree grown again from single nodes.
func TestTreeIsThatOfTlog(t *testing.T) {
	const most = 300
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, n := range at {
			out[i] = stored[n]
		}
		return out, nil
	})
	var tree checkpoint.Tree
	inner := map[uint64][]byte{}
	for n := range most {
		e := eventHash(n)
		hashes, err := tlog.StoredHashes(int64(n), e[:], reader)
		check(t, err)
		stored = append(stored, hashes...)
		seq := uint64(n + 1)
		inner[seq] = tree.Add(nil, e)
		want := []byte{}
		for _, h := range hashes[1:] {
			want = append(want, h[:]...)
		}
		if string(inner[seq]) != string(want) || len(want) != 32*checkpoint.Inner(seq) || hashes[0] != checkpoint.Leaf(e) {
			t.Fatalf("event %d completes other nodes than tlog says", seq)
		}
		root, err := tlog.TreeHash(int64(seq), reader)
		check(t, err)
		if tree.Root() != border.Digest(root) || tree.Size() != seq {
			t.Fatalf("root over %d events is not tlog's", seq)
		}
		again, err := checkpoint.Regrow(seq, func(level int, seq uint64) (tlog.Hash, error) {
			if level == 0 {
				return checkpoint.Leaf(eventHash(int(seq) - 1)), nil
			}
			return tlog.Hash(inner[seq][32*(level-1) : 32*level]), nil
		})
		check(t, err)
		if again.Root() != tree.Root() {
			t.Fatalf("the tree of %d events regrown has another root", seq)
		}
		if written, err := checkpoint.ReadEdge(seq, tree.Edge()); err != nil || written.Root() != tree.Root() || written.Size() != seq {
			t.Fatalf("the edge over %d events is not read as it was written: %v", seq, err)
		}
		if _, err := checkpoint.ReadEdge(seq+1, tree.Edge()); err == nil && seq&(seq+1) != 0 && seq&1 == 0 {
			t.Fatalf("the edge over %d events is read as another one's", seq)
		}
		grown, control := again, tree
		grown.Add(nil, eventHash(7))
		control.Add(nil, eventHash(7))
		if grown.Root() != control.Root() {
			t.Fatalf("the tree of %d events regrown grows otherwise", seq)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t *testing.T, seed byte, name string) (note.Signer, note.Verifier) {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+seed)), 32)))
	s, err := checkpoint.NewSigner(name, private)
	check(t, err)
	v, err := checkpoint.NewVerifier(name, private.Public().(ed25519.PublicKey))
	check(t, err)
	return s, v
}

// TestSignAndCosign: who has signed is told apart, and a changed byte is found.
func TestSignAndCosign(t *testing.T) {
	station, stationV := newKey(t, 0, checkpoint.Name("PUT-1"))
	hub, hubV := newKey(t, 1, "garita/HUB")
	_, strangerV := newKey(t, 2, checkpoint.Name("PUT-1"))
	if station.KeyHash() != stationV.KeyHash() {
		t.Fatal("signer and verifier do not agree on the key's hash")
	}
	want := checkpoint.State{Station: "PUT-1", Epoch: border.Epoch{1}, Size: 1234567, Root: eventHash(3)}
	msg, err := checkpoint.Sign(want, station)
	check(t, err)
	got, n, err := checkpoint.Open(msg, stationV)
	check(t, err)
	if got != want || !checkpoint.Signed(n, stationV) || checkpoint.Signed(n, hubV) {
		t.Fatalf("read %+v", got)
	}
	if s, err := checkpoint.Claims(msg); err != nil || s != want {
		t.Fatalf("claims %+v, %v", s, err)
	}
	both, err := checkpoint.Cosign(n, hub)
	check(t, err)
	if len(both) > border.MaxCheckpoint {
		t.Fatalf("%d bytes", len(both))
	}
	_, n, err = checkpoint.Open(both, stationV, hubV)
	check(t, err)
	if !checkpoint.Signed(n, stationV) || !checkpoint.Signed(n, hubV) {
		t.Fatal("a signature is missing")
	}
	if _, _, err := checkpoint.Open(msg, hubV); border.CodeOf(err) != border.Invalid {
		t.Fatalf("not cosigned: %v", err)
	}
	if _, _, err := checkpoint.Open(msg, strangerV); border.CodeOf(err) != border.Invalid {
		t.Fatalf("another key of that name: %v", err)
	}
	for i := range msg {
		bad := append([]byte(nil), msg...)
		bad[i] ^= 1
		if s, _, err := checkpoint.Open(bad, stationV); err == nil && s != want {
			t.Fatalf("byte %d changed unnoticed", i)
		}
	}
}

// TestParseIsExact: every state has one text, and no other text is read as it.
func TestParseIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s checkpoint.State
		s.Station = border.StationID(rapid.StringMatching(`[A-Z0-9][A-Z0-9-]{0,31}`).Draw(t, "station"))
		copy(s.Epoch[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "epoch"))
		s.Epoch[0] |= 1
		s.Size = rapid.Uint64Range(1, 1<<checkpoint.MaxLevel-1).Draw(t, "size")
		copy(s.Root[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "root"))
		got, err := checkpoint.Parse(s.Text())
		if err != nil || got != s {
			t.Fatalf("%v, %v", got, err)
		}
	})
	good := checkpoint.State{Station: "PUT-1", Epoch: border.Epoch{1}, Size: 12, Root: eventHash(3)}.Text()
	for _, bad := range []string{"", "\n\n\n", strings.Replace(good, "\n12\n", "\n012\n", 1), strings.Replace(good, "\n12\n", "\n0\n", 1),
		strings.Replace(good, "\n12\n", "\n9999999999999\n", 1), strings.Replace(good, "garita/", "other/", 1), good + "more\n",
		strings.Replace(good, "01", "0G", 1), strings.Replace(good, "PUT-1", "put 1", 1), strings.TrimSuffix(good, "\n")} {
		if _, err := checkpoint.Parse(bad); border.CodeOf(err) != border.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzParse: whatever is read as a checkpoint is written as it was.
func FuzzParse(f *testing.F) {
	f.Add(checkpoint.State{Station: "PUT-1", Epoch: border.Epoch{1}, Size: 12, Root: eventHash(3)}.Text())
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := checkpoint.Parse(text); err == nil && s.Text() != text {
			t.Fatalf("%q is read as %q", text, s.Text())
		}
		_, _ = checkpoint.Claims([]byte(text))
	})
}

// TestComparison: with keys, both the station's and the hub's signature must be there; without, how
// many were not looked at is said; what no log reaches is a fault.
func TestComparison(t *testing.T) {
	station, stationV := newKey(t, 0, checkpoint.Name("PUT-1"))
	hub, hubV := newKey(t, 1, "garita/HUB")
	var tree checkpoint.Tree
	var at []checkpoint.State
	for n := range 5 {
		tree.Add(nil, eventHash(n))
		at = append(at, checkpoint.State{Station: "PUT-1", Epoch: border.Epoch{1}, Size: uint64(n) + 1, Root: tree.Root()})
	}
	sign := func(s checkpoint.State, by ...note.Signer) []byte {
		b, err := checkpoint.Sign(s, by...)
		check(t, err)
		return b
	}
	elsewhere := at[3]
	elsewhere.Epoch[0] = 9
	stranger := at[3]
	stranger.Station = "PUT-2"
	other := at[3]
	other.Root[0]++
	for name, c := range map[string]struct {
		keys   []note.Verifier
		notes  [][]byte
		reach  int // how far the log goes
		faults int64
		others int64
	}{
		"both":                        {[]note.Verifier{stationV, hubV}, [][]byte{sign(at[1], station, hub), sign(at[3], station, hub)}, 5, 0, 0},
		"the hub alone":               {[]note.Verifier{stationV, hubV}, [][]byte{sign(at[1], hub)}, 5, 1, 0},
		"the station alone":           {[]note.Verifier{stationV, hubV}, [][]byte{sign(at[1], station)}, 5, 1, 0},
		"the hub's key only is given": {[]note.Verifier{hubV}, [][]byte{sign(at[1], station, hub)}, 5, 0, 0},
		"cut off":                     {nil, [][]byte{sign(at[1], station), sign(at[3], station)}, 3, 1, 0},
		"another root":                {nil, [][]byte{sign(other, station)}, 5, 1, 0},
		"contradiction":               {nil, [][]byte{sign(at[3], station), sign(other, station)}, 5, 2, 0},
		"an epoch is missing":         {nil, [][]byte{sign(elsewhere, station)}, 5, 1, 0},
		"of another station":          {nil, [][]byte{sign(stranger, station)}, 5, 0, 1},
		"no checkpoint":               {nil, [][]byte{[]byte("text\n")}, 5, 1, 0},
	} {
		var file []byte
		for _, n := range c.notes {
			file = append(file, n...)
		}
		k := checkpoint.NewComparison(c.keys...)
		if split := checkpoint.Split(file); len(split) != len(c.notes) {
			t.Errorf("%s: %d checkpoints in a file of %d", name, len(split), len(c.notes))
		}
		for _, n := range checkpoint.Split(file) {
			k.Add("here", n, true)
		}
		sizes := k.Sizes("PUT-1", border.Epoch{1})
		for _, s := range at[:c.reach] {
			for _, size := range sizes {
				if size == s.Size {
					k.At(s)
				}
			}
		}
		if f := k.Conclude(); f.Faults != c.faults || f.Others != c.others || (f.Faults == 0) != (len(f.Words) == 0) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
