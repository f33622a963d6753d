package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"garita/border"
	"garita/border/checkpoint"
	"garita/border/journal"
)

// garita verify audit holds a journal against the checkpoints in it and those in a file, with the keys
// that it is given.
func TestVerifyAudit(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	signer, err := checkpoint.NewSigner(checkpoint.Name("HUB"), key)
	must(err)
	verifier, err := checkpoint.NewVerifier(checkpoint.Name("HUB"), key.Public().(ed25519.PublicKey))
	must(err)
	vkey, err := checkpoint.VerifierKey(checkpoint.Name("HUB"), key.Public().(ed25519.PublicKey))
	must(err)
	j, err := journal.Open(t.Context(), journal.Config{Dir: dir, Station: "HUB", Post: "HUB", Clock: stillClock{}, Reserve: -1, Signer: signer, Cosigner: verifier})
	must(err)
	act := &journal.Entry{Header: border.Header{Type: border.TypeAudit, Act: &border.ActHeader{Action: "sign_in", Result: border.ActDone}}}
	for range 5 {
		_, err = j.Append(t.Context(), act)
		must(err)
	}
	kept, err := j.CosignOwn(t.Context(), signer)
	must(err)
	again, err := j.CosignOwn(t.Context(), signer)
	must(err)
	if !bytes.Equal(kept, again) || len(kept) == 0 {
		t.Fatal("the same state is signed twice")
	}
	must(j.Close())
	file := filepath.Join(t.TempDir(), "checkpoints")
	must(os.WriteFile(file, append(append([]byte{}, kept...), kept...), 0o600))

	verify := func(c verifyAuditCmd) (string, error) {
		var out bytes.Buffer
		err := c.Run(context.Background(), &world{out: &out})
		var line struct {
			Report struct {
				OK  bool
				Log checkpoint.Findings
			}
		}
		if json.Unmarshal(out.Bytes(), &line) != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 || line.Report.OK != (err == nil) {
			t.Errorf("no single line of JSON that says %v: %s", err, out.String())
		}
		return out.String(), err
	}
	if line, err := verify(verifyAuditCmd{Dir: dir, Key: []string{vkey}, Checkpoints: []string{file}}); err != nil || !bytes.Contains([]byte(line), []byte(`"agreed":3`)) {
		t.Errorf("%s, %v", line, err)
	}
	if line, err := verify(verifyAuditCmd{Dir: dir}); err != nil || !bytes.Contains([]byte(line), []byte(`"unsigned":1`)) {
		t.Errorf("without a key: %s, %v", line, err)
	}
	other, err := checkpoint.VerifierKey(checkpoint.Name("HUB"), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey))
	must(err)
	if _, err := verify(verifyAuditCmd{Dir: dir, Key: []string{other}}); err == nil {
		t.Error("another key's signature counts")
	}
	must(os.WriteFile(file, bytes.Replace(kept, []byte("\n6\n"), []byte("\n9\n"), 1), 0o600))
	if _, err := verify(verifyAuditCmd{Dir: dir, Checkpoints: []string{file}}); err == nil {
		t.Error("a checkpoint of more events than there are counts")
	}
	if err := (verifyAuditCmd{Dir: t.TempDir()}).Run(t.Context(), &world{out: &bytes.Buffer{}}); border.CodeOf(err) != border.NotFound {
		t.Errorf("an empty folder: %v", err)
	}
	if err := (verifyAuditCmd{Dir: dir, Key: []string{"no key"}}).Run(t.Context(), &world{out: &bytes.Buffer{}}); border.CodeOf(err) != border.Invalid {
		t.Errorf("no key: %v", err)
	}
}
