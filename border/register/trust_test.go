package register

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/checkpoint"
)

// trust is what stations and hub sign with.
type trust struct {
	t      *testing.T
	keys   map[border.StationID][]ed25519.PrivateKey
	signer note.Signer
	hub    note.Verifier
}

func newTrust(t *testing.T) *trust {
	tr := &trust{t: t, keys: map[border.StationID][]ed25519.PrivateKey{}}
	key := keyOf("hub")
	var err error
	if tr.signer, err = checkpoint.NewSigner("garita/HUB", key); err == nil {
		tr.hub, err = checkpoint.NewVerifier("garita/HUB", key.Public().(ed25519.PublicKey))
	}
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (tr *trust) config(c *Config) {
	c.Signers = func(s border.StationID) (out []ed25519.PublicKey, ok bool) {
		for _, k := range tr.keys[s] {
			out = append(out, k.Public().(ed25519.PublicKey))
		}
		return out, len(out) > 0
	}
	c.Cosign, c.Witness = tr.signer, func() []byte { return []byte("the hub's own") }
}

func (tr *trust) enrol(s border.StationID, name string) ed25519.PrivateKey {
	k := keyOf(name)
	tr.keys[s] = append([]ed25519.PrivateKey{k}, tr.keys[s]...)
	return k
}

// signAll puts a station's signature on every message.
func signAll(k ed25519.PrivateKey, in []border.Received) []border.Received {
	for i := range in {
		in[i].Signature = ed25519.Sign(k, border.HeadMessage(in[i].Claimed, border.Vouched(in[i].Event)))
	}
	return in
}

// checkpointOf signs what the log of these events is.
func (tr *trust) checkpointOf(station border.StationID, k ed25519.PrivateKey, events []border.Event) border.Checkpoint {
	tr.t.Helper()
	var tree checkpoint.Tree
	for i := range events {
		tree.Add(nil, events[i].Hash)
	}
	s, err := checkpoint.NewSigner(checkpoint.Name(station), k)
	if err != nil {
		tr.t.Fatal(err)
	}
	msg, err := checkpoint.Sign(checkpoint.State{Station: station, Epoch: events[0].Key.Epoch, Size: tree.Size(), Root: tree.Root()}, s)
	if err != nil {
		tr.t.Fatal(err)
	}
	return border.Checkpoint{Note: msg}
}

// epochOf makes an epoch of n events of a station.
func (w *world) epochOf(station border.StationID, epoch, n int) []border.Event {
	b := w.book(station, epoch, border.Parent{})
	for range n - 1 {
		b.addType(border.TypeCounterTaken)
	}
	return b.events
}

func (w *world) held(station border.StationID, epoch border.Epoch) uint64 {
	w.t.Helper()
	hs, err := w.reg.Holdings(w.t.Context(), station, 0, 100)
	w.must(err)
	for _, h := range hs {
		if h.Epoch == epoch {
			return h.Held
		}
	}
	return 0
}

// TestVouching: what a station does not stand for is never interpreted and never counts.
func TestVouching(t *testing.T) {
	for name, c := range map[string]struct {
		change func(tr *trust, in []border.Received)
		held   uint64
		set    int64 // in quarantine
		rings  bool
	}{
		"all signed":                  {func(*trust, []border.Received) {}, 6, 0, false},
		"only the last signed":        {func(_ *trust, in []border.Received) { unsign(in[:5]) }, 6, 0, false},
		"none signed":                 {func(_ *trust, in []border.Received) { unsign(in) }, 0, 6, true},
		"the tail unsigned":           {func(_ *trust, in []border.Received) { unsign(in[4:]) }, 4, 2, true},
		"wrong signature at the end":  {func(_ *trust, in []border.Received) { in[5].Signature[9] ^= 1; unsign(in[3:5]) }, 3, 3, true},
		"another station's signature": {func(tr *trust, in []border.Received) { signAll(tr.enrol("PUT-9", "nine"), in) }, 0, 6, true},
		"a signature of another event": {func(_ *trust, in []border.Received) {
			in[5].Signature = in[4].Signature
			unsign(in[:5])
		}, 0, 6, true},
		"revoked":                            {func(tr *trust, _ []border.Received) { delete(tr.keys, "PUT-1") }, 0, 6, true},
		"rotated since, the older key signs": {func(tr *trust, _ []border.Received) { tr.enrol("PUT-1", "new") }, 6, 0, false},
		"another event in the place of one": {func(_ *trust, in []border.Received) {
			e, _ := border.DecodeEvent(append([]byte(nil), in[2].Event...))
			e.Header = append(e.Header[:len(e.Header)-1:len(e.Header)-1], `,"ground":"forged"}`...)
			e.Hash = e.ComputeHash()
			in[2].Event = e.Encode()
		}, 2, 1, true},
		"damaged on the way": {func(_ *trust, in []border.Received) { in[2].Event[90] ^= 1 }, 2, 1, true},
		"damaged at the station": {func(tr *trust, in []border.Received) {
			in[2].Event[90] ^= 1
			signAll(keyOf("one"), in[2:3])
		}, 6, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrust(t)
			w := newWorld(t, tr.config)
			k := tr.enrol("PUT-1", "one")
			events := w.epochOf("PUT-1", 1, 6)
			in := signAll(k, sent(events...))
			c.change(tr, in)
			w.store(in...)
			if got := w.held("PUT-1", events[0].Key.Epoch); got != c.held {
				t.Errorf("%d events held, want %d", got, c.held)
			}
			if got := w.counts().Quarantined; got != c.set {
				t.Errorf("%d in quarantine, want %d", got, c.set)
			}
			if (w.alarms()[AlarmSignature] > 0) != c.rings {
				t.Errorf("alarms %v", w.alarms())
			}
		})
	}
}

func unsign(in []border.Received) {
	for i := range in {
		in[i].Signature = nil
	}
}

// TestStrangersLeaveNoName: whoever makes up stations fills neither the lists of stations and epochs
// nor, beyond one bound, the disk.
func TestStrangersLeaveNoName(t *testing.T) {
	tr := newTrust(t)
	w := newWorld(t, tr.config, func(c *Config) { c.quarantineMessages = 20 })
	for i := range 30 {
		w.store(sent(w.epochOf(border.StationID(rune('A'+i%26))+"X-9", 40+i, 1)...)...)
	}
	if d := w.dump(); len(d["epoch"]) != 0 || len(d["quarantine"]) != 20 {
		t.Errorf("%d epochs, %d in quarantine", len(d["epoch"]), len(d["quarantine"]))
	}
	ss, err := w.reg.Stations(t.Context())
	w.must(err)
	if len(ss) != 0 {
		t.Errorf("%d stations are listed", len(ss))
	}
	as, err := w.reg.Alarms(t.Context(), 100)
	w.must(err)
	for _, a := range as {
		if a.Station != "" {
			t.Errorf("an alarm names %s", a.Station)
		}
	}
}

// TestReplaysAreNoNews: what is held already, sent again by anybody, is counted and not kept twice.
func TestReplaysAreNoNews(t *testing.T) {
	tr := newTrust(t)
	w := newWorld(t, tr.config)
	events := w.epochOf("PUT-1", 1, 4)
	w.store(signAll(tr.enrol("PUT-1", "one"), sent(events...))...)
	w.store(sent(events...)...)
	if c := w.counts(); c.Quarantined != 0 || w.alarms()[AlarmSignature] != 0 {
		t.Errorf("%d in quarantine, alarms %v", c.Quarantined, w.alarms())
	}
}

// TestCosign: the hub signs a log that has only grown and is that of the events it holds.
func TestCosign(t *testing.T) {
	tr := newTrust(t)
	w := newWorld(t, tr.config)
	k := tr.enrol("PUT-1", "one")
	events := w.epochOf("PUT-1", 1, 40)
	in := signAll(k, sent(events...))
	w.store(in[:10]...)
	cosign := func(n int) (border.Checkpoint, error) {
		return w.reg.Cosign(t.Context(), "PUT-1", tr.checkpointOf("PUT-1", k, events[:n]))
	}
	if _, err := cosign(11); border.CodeOf(err) != border.Unavailable {
		t.Fatalf("an event that is not held: %v", err)
	}
	for _, n := range []int{1, 7, 7, 10} {
		c, err := cosign(n)
		w.must(err)
		s, note, err := checkpoint.Open(c.Note, tr.hub)
		w.must(err)
		if s.Size != uint64(n) || len(note.Sigs)+len(note.UnverifiedSigs) != 2 || string(c.Hub) != "the hub's own" {
			t.Fatalf("cosigned %v with %d signatures", s, len(note.Sigs)+len(note.UnverifiedSigs))
		}
	}
	w.store(in[10:]...)
	if _, err := cosign(33); err != nil {
		t.Fatal(err)
	}
	if len(w.alarms()) != 0 {
		t.Fatalf("alarms %v", w.alarms())
	}
	if _, err := cosign(20); border.CodeOf(err) != border.Conflict || w.alarms()[AlarmLogRolledBack] != 1 {
		t.Fatalf("an older state: %v, alarms %v", err, w.alarms())
	}
	forged := append([]border.Event(nil), events...)
	forged[35].Hash[0] ^= 1
	if _, err := w.reg.Cosign(t.Context(), "PUT-1", tr.checkpointOf("PUT-1", k, forged)); border.CodeOf(err) != border.Conflict || w.alarms()[AlarmLogForked] != 1 {
		t.Fatalf("a changed event: %v, alarms %v", err, w.alarms())
	}
	if _, err := w.reg.Cosign(t.Context(), "PUT-1", tr.checkpointOf("PUT-1", keyOf("stranger"), events)); border.CodeOf(err) != border.Invalid {
		t.Fatalf("signed by a stranger: %v", err)
	}
	if _, err := w.reg.Cosign(t.Context(), "PUT-1", tr.checkpointOf("PUT-2", k, events)); border.CodeOf(err) != border.Invalid {
		t.Fatalf("of another station: %v", err)
	}
	w.close()
	w.open()
	if _, err := cosign(40); err != nil {
		t.Fatal(err)
	}
	tr.enrol("PUT-1", "two")
	if _, err := cosign(40); err != nil {
		t.Fatalf("the previous key: %v", err)
	}
	delete(tr.keys, "PUT-1")
	if _, err := cosign(40); border.CodeOf(err) != border.Forbidden {
		t.Fatalf("revoked: %v", err)
	}
	notes, err := w.reg.Checkpoints(t.Context(), "PUT-1", 10)
	w.must(err)
	if len(notes) != 5 {
		t.Fatalf("%d checkpoints kept", len(notes))
	}
}

// TestHubRotIsMended: an event that changed on the hub's disk is found, not taken for a station's
// lie, and mended by what the station sends again.
func TestHubRotIsMended(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		again  int         // events that the station must send
		cosign border.Code // of a checkpoint meanwhile
	}{
		"bytes":  {`UPDATE raw_event SET bytes = CAST(substr(bytes, 1, 200) || x'00' || substr(bytes, 202) AS BLOB) WHERE seq IN (3, 9)`, 2, ""},
		"digest": {`UPDATE raw_event SET digest = randomblob(32) WHERE seq IN (3, 9)`, 0, ""},
		"hash":   {`UPDATE raw_event SET hash = randomblob(32) WHERE seq IN (3, 9)`, 2, border.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrust(t)
			w := newWorld(t, tr.config)
			k := tr.enrol("PUT-1", "one")
			b := w.book("PUT-1", 1, border.Parent{})
			for i := range 20 {
				b.add(enters("L898902C3", i))
			}
			w.store(signAll(k, sent(b.events...))...)
			before := w.dump()
			_, err := w.reg.store.(*sqliteStore).w.conn.ExecContext(t.Context(), c.query)
			w.must(err)
			if _, err := w.reg.Cosign(t.Context(), "PUT-1", tr.checkpointOf("PUT-1", k, b.events)); border.CodeOf(err) != c.cosign {
				t.Fatalf("cosigned: %v", err)
			}
			looked, _, err := w.reg.Scrub(t.Context(), 1)
			w.must(err)
			again, err := w.reg.Damaged(t.Context(), 10)
			w.must(err)
			if looked != 21 || len(again) != c.again || w.alarms()[AlarmRotten] == 0 && c.again > 0 {
				t.Fatalf("looked at %d, to be sent again: %v, alarms %v", looked, again, w.alarms())
			}
			w.store(signAll(k, sent(b.events...))...)
			if again, err := w.reg.Damaged(t.Context(), 10); err != nil || len(again) != 0 {
				t.Fatalf("still damaged: %v, %v", again, err)
			}
			if _, keys, err := w.reg.Scrub(t.Context(), 1); err != nil || len(keys) != 0 {
				t.Fatalf("still found: %v, %v", keys, err)
			}
			if _, err := w.reg.Cosign(t.Context(), "PUT-1", tr.checkpointOf("PUT-1", k, b.events)); err != nil {
				t.Fatal(err)
			}
			if w.alarms()[AlarmLogForked] != 0 {
				t.Errorf("the station is blamed: %v", w.alarms())
			}
			after := w.dump()
			for _, name := range []string{"raw", "crossing", "stay", "quarantine"} {
				if d := cmp.Diff(before[name], after[name]); d != "" {
					t.Errorf("%s: %s", name, d)
				}
			}
		})
	}
}
