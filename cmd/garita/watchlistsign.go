package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"garita/border"
	"garita/border/watch"
	releases "garita/border/watch/release"
)

// watchlistSignCmd is `garita watchlist sign`.
type watchlistSignCmd struct {
	List    string        `arg:"" placeholder:"LIST" type:"path" help:"The list, a file."`
	ListKey string        `required:"" placeholder:"FILE" type:"path" help:"File with the list key that seals: 64 hexadecimal digits."`
	Signer  string        `required:"" placeholder:"FILE" type:"path" help:"File with the seed of the key that signs: 64 hexadecimal digits."`
	Name    string        `default:"national" help:"Name of the list."`
	Version uint64        `default:"1" help:"Version of the list in its epoch. Above 1, the manifest of the version before must be named."`
	After   string        `placeholder:"FILE" type:"path" help:"Manifest of the version before."`
	Valid   time.Duration `default:"48h" help:"How long the release holds."`
}

// Help is the long help text.
func (watchlistSignCmd) Help() string {
	return `Writes LIST.sealed, the list sealed under the list key as stations take it, and LIST.manifest,
which names it and is signed. For a list that travels by hand; the hub signs its own.
Keys are made with "openssl rand -hex 32". Prints the public key that
"garita watchlist verify" asks for.`
}

// Run seals and signs.
func (c watchlistSignCmd) Run(w *world) error {
	l, err := openList(c.List)
	if err != nil {
		return err
	}
	key, err := readKey(c.ListKey)
	if err != nil {
		return err
	}
	seed, err := readKey(c.Signer)
	if err != nil {
		return err
	}
	keys, err := releases.NewKeys(key)
	if err != nil {
		return err
	}
	m, err := c.manifest(w, l)
	if err != nil {
		return err
	}
	m.Key = keys.ID()
	plain, err := os.Open(c.List)
	if err != nil {
		return &border.Error{Code: border.Unavailable, Op: "sign list", Message: "The list cannot be read again.", Err: err}
	}
	defer plain.Close()
	err = replaceFile(c.List+".sealed", func(out io.Writer) error {
		m.Base.File, err = keys.SealFile(out, m.SnapshotLabel(), plain)
		return err
	})
	if err != nil {
		return err
	}
	signer := ed25519.NewKeyFromSeed(seed)
	signed, err := releases.Sign(m, signer)
	if err != nil {
		return err
	}
	if err := replaceFile(c.List+".manifest", func(out io.Writer) error { _, err := out.Write(signed); return err }); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "public key %x\n", signer.Public())
	return nil
}

// manifest says what is signed.
func (c watchlistSignCmd) manifest(w *world, l *openedList) (*releases.Manifest, error) {
	now := w.now().UTC()
	m := &releases.Manifest{List: c.Name, Version: c.Version}
	switch {
	case l.documents != nil:
		return nil, invalidList("sign list", "Lists with documents are signed by the hub.")
	case c.Version > 1 && c.After == "":
		return nil, invalidList("sign list", "Name the manifest of the version before with --after.")
	case c.Version > 1:
		before, err := readAtMost(c.After, border.MaxManifest)
		if err != nil {
			return nil, &border.Error{Code: border.NotFound, Op: "sign list", Message: "The manifest " + c.After + " cannot be read.", Err: err}
		}
		old, err := releases.DecodeManifest(before)
		if err != nil {
			return nil, err
		}
		if old.List != c.Name || old.Version+1 != c.Version {
			return nil, invalidList("sign list", fmt.Sprintf("%s is version %d of the list %s.", c.After, old.Version, old.List))
		}
		m = old.Next(releases.Hash(before))
	default:
		rand.Read(m.Epoch[:])
	}
	m.Issued, m.ValidUntil = now, now.Add(c.Valid)
	m.Entries, m.Sources = int64(l.Len()), append([]watch.Source{}, l.Sources()...)
	m.Base.Version = m.Version
	return m, nil
}

// readKey reads a key of 32 bytes from a file.
func readKey(path string) ([]byte, error) {
	b, err := readAtMost(path, 1<<10)
	if err != nil {
		return nil, &border.Error{Code: border.NotFound, Op: "read key", Message: "The key file " + path + " cannot be read.", Err: err}
	}
	key := make([]byte, 32)
	text := bytes.TrimSpace(b)
	if len(text) != 64 {
		return nil, badKey(path)
	}
	if _, err := hex.Decode(key, text); err != nil {
		return nil, badKey(path)
	}
	return key, nil
}

func badKey(path string) error {
	return invalidList("read key", strings.TrimSpace("A key file holds 64 hexadecimal digits; "+path+" does not."))
}
