package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"garita/border"
	"garita/border/seal"
)

var ridges = bytes.Repeat([]byte("ridge of nobody "), 64)

// A file is sealed, named by its bytes, and opens for its encounter and kind alone.
func TestAttachments(t *testing.T) {
	r := newRig(t)
	a, err := seal.OpenAttachments(r.dir, r.station)
	check(t, err)
	mine, other := border.ID{1}, border.ID{2}
	at, err := a.Put(t.Context(), bucket, mine, border.KindFinger, ridges)
	check(t, err)
	raw, err := os.ReadFile(filepath.Join(r.dir, seal.AttachmentsDir, at.Hash.String()))
	check(t, err)
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != at.Hash.String() || len(raw) != at.Bytes || bytes.Contains(raw, []byte("nobody")) {
		t.Error("the file is not what its name says, or is in the clear")
	}
	info, err := os.Stat(filepath.Join(r.dir, seal.AttachmentsDir, at.Hash.String()))
	if check(t, err); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	r.restart()
	a, err = seal.OpenAttachments(r.dir, r.station)
	check(t, err)
	plain, err := a.Open(mine, &at)
	if check(t, err); !bytes.Equal(plain, ridges) {
		t.Error("it opens to something else")
	}
	if _, err := a.Open(other, &at); border.CodeOf(err) != border.Invalid {
		t.Errorf("under another encounter: %v", err)
	}
	wrongKind := at
	wrongKind.Kind = "paper"
	if _, err := a.Open(mine, &wrongKind); border.CodeOf(err) != border.Invalid {
		t.Errorf("as another kind: %v", err)
	}
	again, err := a.Put(t.Context(), bucket, mine, border.KindFinger, ridges)
	if check(t, err); again.Hash == at.Hash {
		t.Error("two sealings of the same are the same")
	}
	if list, err := a.List(); err != nil || len(list) != 2 {
		t.Errorf("%d files, %v", len(list), err)
	}
	check(t, a.Remove(again.Hash, again.Hash))
	if _, err := a.Open(mine, &again); border.CodeOf(err) != border.NotFound {
		t.Errorf("after it was removed: %v", err)
	}
	if b, held := a.Bucket(at.Hash); !held || b != bucket {
		t.Errorf("bucket %q, %v", b, held)
	}
	if _, err := r.station.Destroy(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Open(mine, &at); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("after its key was destroyed: %v", err)
	}
	if _, held := a.Bucket(at.Hash); held {
		t.Error("its destroyed key is held")
	}
}

func TestAttachmentDamaged(t *testing.T) {
	r := newRig(t)
	a, err := seal.OpenAttachments(r.dir, r.station)
	check(t, err)
	at, err := a.Put(t.Context(), bucket, border.ID{1}, border.KindFinger, ridges)
	check(t, err)
	path := filepath.Join(r.dir, seal.AttachmentsDir, at.Hash.String())
	raw, err := os.ReadFile(path)
	check(t, err)
	for name, damaged := range map[string][]byte{"flipped": append(raw[:len(raw)-1:len(raw)-1], raw[len(raw)-1]^1), "cut": raw[:3], "empty": {}} {
		check(t, os.WriteFile(path, damaged, 0o600))
		if _, err := a.Open(border.ID{1}, &at); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, head := range []string{"", "GAT1", "GAT1\xff", "GAT1\x00", "XXXX\x01a"} { // a file that is whole, and none of ours
		sum := sha256.Sum256([]byte(head))
		check(t, os.WriteFile(filepath.Join(r.dir, seal.AttachmentsDir, hex.EncodeToString(sum[:])), []byte(head), 0o600))
		if _, err := a.Open(border.ID{1}, &border.Attachment{Kind: border.KindFinger, Hash: sum}); err == nil {
			t.Errorf("%q opens", head)
		}
		if _, held := a.Bucket(sum); held {
			t.Errorf("%q has a key", head)
		}
	}
}

// What was being written when the station stopped is no attachment, and goes.
func TestAttachmentUnfinished(t *testing.T) {
	r := newRig(t)
	a, err := seal.OpenAttachments(r.dir, r.station)
	check(t, err)
	left := filepath.Join(r.dir, seal.AttachmentsDir, ".writing-1")
	check(t, os.WriteFile(left, ridges, 0o600))
	if list, err := a.List(); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	check(t, a.RemoveUnfinished())
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	for _, plain := range [][]byte{nil, make([]byte, seal.MaxAttachment+1)} {
		if _, err := a.Put(t.Context(), bucket, border.ID{1}, border.KindFinger, plain); border.CodeOf(err) != border.TooLarge {
			t.Errorf("%d bytes: %v", len(plain), err)
		}
	}
	check(t, os.RemoveAll(filepath.Join(r.dir, seal.AttachmentsDir)))
	if _, err := a.Put(t.Context(), bucket, border.ID{1}, border.KindFinger, ridges); border.CodeOf(err) != border.NotDurable {
		t.Errorf("without a folder: %v", err)
	}
}

// A reader opens what the station sealed, while it runs, and makes nothing.
func TestKeyReader(t *testing.T) {
	r := newRig(t)
	e := r.event(1, border.PartPersonal, border.PartHub)
	k, err := seal.ReadStationKeys(t.Context(), filepath.Join(r.dir, "keys.db"), "PUT-1", r.secret)
	check(t, err)
	defer k.Close()
	plain, err := k.Open(e, border.PartPersonal)
	if err != nil || string(plain) != "plain personal" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := k.Open(e, border.PartHub); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("the hub's part: %v", err)
	}
	if _, err := seal.ReadStationKeys(t.Context(), filepath.Join(r.dir, "none.db"), "PUT-1", r.secret); err == nil {
		t.Error("keys that are not there were opened")
	}
}
