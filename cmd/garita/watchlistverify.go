package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"garita/border"
	releases "garita/border/watch/release"
)

// watchlistVerifyCmd is `garita watchlist verify`.
type watchlistVerifyCmd struct {
	List   string `arg:"" placeholder:"LIST" type:"path" help:"The list whose LIST.manifest and LIST.sealed are checked."`
	Public string `required:"" placeholder:"HEX" help:"Public key of the signer, or a file with it: 64 hexadecimal digits."`
}

// Help is the long help text.
func (watchlistVerifyCmd) Help() string {
	return `Checks that LIST.manifest was signed by the key, and that LIST.sealed is the file it names.
No list key is needed: what is inside stays sealed. Exits with 1 on any fault.`
}

// Run checks.
func (c watchlistVerifyCmd) Run(w *world) error {
	const op = "verify list"
	public, err := hex.DecodeString(c.Public)
	if err != nil || len(public) != ed25519.PublicKeySize {
		if public, err = readKey(c.Public); err != nil {
			return err
		}
	}
	signed, err := readAtMost(c.List+".manifest", border.MaxManifest)
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: op, Message: "There is no manifest " + c.List + ".manifest; `garita watchlist sign` makes one.", Err: err}
	}
	m, err := releases.Verify(signed, public)
	if err != nil {
		return err
	}
	f, err := os.Open(c.List + ".sealed")
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: op, Message: "There is no sealed list " + c.List + ".sealed.", Err: err}
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(f, releases.MaxSnapshot+1))
	if err != nil {
		return &border.Error{Code: border.Unavailable, Op: op, Message: "The sealed list cannot be read.", Err: err}
	}
	if n != m.Base.Size || border.Digest(sum.Sum(nil)) != m.Base.Digest {
		return &border.Error{Code: border.Forbidden, Op: op, Message: "The sealed list is not the one that the manifest names: it was cut off, damaged or exchanged."}
	}
	fmt.Fprintf(w.out, "ok: list %s, version %d, %s, valid until %s\n", m.List, m.Version, count(int(m.Entries), "entry", "entries"), m.ValidUntil.Format(time.RFC3339))
	if !w.now().Before(m.ValidUntil) {
		return &border.Error{Code: border.Stale, Op: op, Message: "The signature is right, but the release holds no longer."}
	}
	return nil
}
