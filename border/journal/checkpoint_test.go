package journal_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/checkpoint"
	"garita/border/journal"
)

// pair makes the signer and the verifier of an invented key.
func pair(t testing.TB, name string) (note.Signer, note.Verifier) {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key := ed25519.NewKeyFromSeed(seed[:])
	s, err := checkpoint.NewSigner(name, key)
	check(t, err)
	v, err := checkpoint.NewVerifier(name, key.Public().(ed25519.PublicKey))
	check(t, err)
	return s, v
}

// cosigner stands in for the hub: it signs whatever the station has signed.
type cosigner struct {
	t       testing.TB
	station note.Verifier
	signer  note.Signer
	own     []byte // the hub's own newest checkpoint
}

func (c *cosigner) sign(cp border.Checkpoint) border.Checkpoint {
	c.t.Helper()
	_, n, err := checkpoint.Open(cp.Note, c.station)
	check(c.t, err)
	both, err := checkpoint.Cosign(n, c.signer)
	check(c.t, err)
	return border.Checkpoint{Note: both, Hub: c.own}
}

// signing gives a configuration that signs, and the hub that cosigns.
func (r *rig) signing() (func(*journal.Config), *cosigner) {
	r.t.Helper()
	signer, verifier := pair(r.t, checkpoint.Name(station))
	hub, hubVerifier := pair(r.t, "garita/HUB")
	own, err := checkpoint.Sign(checkpoint.State{Station: "HUB", Epoch: border.Epoch{7}, Size: 3, Root: border.Digest{1}}, hub)
	check(r.t, err)
	return func(c *journal.Config) { c.Signer, c.Cosigner = signer, hubVerifier },
		&cosigner{t: r.t, station: verifier, signer: hub, own: own}
}

// hashesOf reads the hashes of an epoch's events through the journal, as the hub gets them.
func hashesOf(t testing.TB, j *journal.Journal, epoch border.Epoch, upto uint64) (out []border.Digest) {
	t.Helper()
	for after := uint64(0); ; {
		page, err := j.Read(t.Context(), epoch, after, 200)
		check(t, err)
		if len(page) == 0 {
			return out
		}
		for _, b := range page {
			e, err := border.DecodeEvent(b)
			check(t, err)
			if after = e.Key.Seq; after <= upto {
				out = append(out, e.Hash)
			}
		}
	}
}

// treeHash is what tlog itself makes of the leaves.
func treeHash(t testing.TB, leaves []border.Digest) border.Digest {
	t.Helper()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, n := range at {
			out[i] = stored[n]
		}
		return out, nil
	})
	for n, l := range leaves {
		h, err := tlog.StoredHashes(int64(n), l[:], reader)
		check(t, err)
		stored = append(stored, h...)
	}
	root, err := tlog.TreeHash(int64(len(leaves)), reader)
	check(t, err)
	return border.Digest(root)
}

// TestCheckpoint: a checkpoint says what tlog makes of the events, is not made twice, and is kept
// once the hub has signed it.
func TestCheckpoint(t *testing.T) {
	r := newRig(t)
	sign, hub := r.signing()
	j := r.open(sign)
	for round := range 5 {
		r.append(j, 1+7*round)
		c, err := j.Checkpoint(t.Context())
		check(t, err)
		s, _, err := checkpoint.Open(c.Note, hub.station)
		check(t, err)
		at := j.Head()
		if s.Station != station || s.Epoch != at.Epoch || s.Size != at.Seq {
			t.Fatalf("checkpoint %v, head %v", s, at)
		}
		if want := treeHash(t, hashesOf(t, j, at.Epoch, at.Seq)); s.Root != want {
			t.Fatalf("root %s of %d events, tlog says %s", s.Root, s.Size, want)
		}
		wantCode(t, j.Cosigned(t.Context(), c), border.Invalid) // the hub has not signed it
		check(t, j.Cosigned(t.Context(), hub.sign(c)))
		c, err = j.Checkpoint(t.Context())
		check(t, err)
		if c.Note != nil {
			t.Fatal("a checkpoint that is cosigned is made again")
		}
	}
	kept, err := j.Kept(t.Context(), 10)
	check(t, err)
	if len(kept) != 5 || kept[0].State.Size != j.Head().Seq || string(kept[0].Hub) != string(hub.own) {
		t.Fatalf("%d kept, the newest %v", len(kept), kept[0].State)
	}
	check(t, j.Close())
	r.sound()
	j = r.open(sign)
	if kept, err = j.Kept(t.Context(), 10); err != nil || len(kept) != 5 {
		t.Fatalf("%d kept, %v", len(kept), err)
	}
}

// TestCosignedRefuses what is not this log's, whoever has signed it.
func TestCosignedRefuses(t *testing.T) {
	r := newRig(t)
	sign, hub := r.signing()
	j := r.open(sign)
	r.append(j, 20)
	c, err := j.Checkpoint(t.Context())
	check(t, err)
	good, err := checkpoint.Claims(c.Note)
	check(t, err)
	for name, change := range map[string]func(*checkpoint.State){
		"station": func(s *checkpoint.State) { s.Station = "PUT-2" },
		"epoch":   func(s *checkpoint.State) { s.Epoch[3]++ },
		"size":    func(s *checkpoint.State) { s.Size-- },
		"beyond":  func(s *checkpoint.State) { s.Size += 5 },
		"root":    func(s *checkpoint.State) { s.Root[31]++ },
	} {
		s := good
		change(&s)
		msg, err := checkpoint.Sign(s, hub.signer)
		check(t, err)
		if err := j.Cosigned(t.Context(), border.Checkpoint{Note: msg}); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	both := hub.sign(c)
	both.Hub = []byte("no checkpoint")
	wantCode(t, j.Cosigned(t.Context(), both), border.Invalid)
	both = hub.sign(c)
	check(t, j.Cosigned(t.Context(), both))
}

// TestLogOfRestored: events that the hub gives back have the log that they had.
func TestLogOfRestored(t *testing.T) {
	r := newRig(t)
	j := r.open()
	lost := bordertest.NewChain(station, bordertest.EpochNo(9), border.Parent{})
	lost.Add(37)
	check(t, j.Restore(t.Context(), lost.Encoded()[:10]))
	check(t, j.Restore(t.Context(), lost.Encoded()[:24]))
	check(t, j.Close())
	j = r.open()
	check(t, j.Restore(t.Context(), lost.Encoded()))
	sign, hub := r.signing()
	check(t, j.Close())
	r.sound()
	j = r.open(sign)
	leaves := hashesOf(t, j, bordertest.EpochNo(9), 37)
	msg, err := checkpoint.Sign(checkpoint.State{Station: station, Epoch: bordertest.EpochNo(9), Size: 37, Root: treeHash(t, leaves)}, hub.signer)
	check(t, err)
	check(t, j.Cosigned(t.Context(), border.Checkpoint{Note: msg}))
}

// TestLogIsMadeOfOldJournals: a journal without a log has one after the next opening, the same
// that it would have had; cut short, it goes on.
func TestLogIsMadeOfOldJournals(t *testing.T) {
	r := newRig(t)
	for _, n := range []int{3, 700, 40} {
		j := r.open()
		r.append(j, n)
		check(t, j.Close())
	}
	want := trees(t, r.path())
	run(t, r.path(), `UPDATE event SET tree = NULL WHERE pos > (1 << 40) + 3`) // the making was cut short there
	if rep, err := journal.Verify(t.Context(), r.path()); err != nil || rep.OK {
		t.Fatalf("a journal without its log verifies: %v", err)
	}
	check(t, r.open().Close())
	got := trees(t, r.path())
	if len(got) != len(want)+1 {
		t.Fatalf("%d events, want one more than %d", len(got), len(want))
	}
	for pos, tree := range want {
		if got[pos] != tree {
			t.Fatalf("event %d has other nodes than it had", pos)
		}
	}
	r.sound()
}

func trees(t testing.TB, path string) map[int64]string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.ToSlash(path)+"?mode=ro")
	check(t, err)
	defer db.Close()
	rows, err := db.Query(`SELECT pos, coalesce(hex(tree), 'none') FROM event`)
	check(t, err)
	defer rows.Close()
	out := map[int64]string{}
	for rows.Next() {
		var pos int64
		var tree string
		check(t, rows.Scan(&pos, &tree))
		out[pos] = tree
	}
	check(t, rows.Err())
	return out
}
