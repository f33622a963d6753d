package keystore_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"garita/border"
	"garita/border/keystore"
)

type secret struct {
	Key  []byte `json:"key"`
	Text string `json:"text"`
}

var sealed = secret{Key: []byte("a key of nobody at all"), Text: "plain"}

// The conformance suite: what holds whatever guards the root key.
func TestKinds(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		cfg := k.config(t)
		path := filepath.Join(cfg.Dir, "station.key")
		r := open(t, cfg)
		if r.Kind() != k.name {
			t.Errorf("kind %s", r.Kind())
		}
		b, err := r.Seal("a", []byte("plain"))
		check(t, err)
		check(t, keystore.SaveFile(r, path, sealed))
		raw, err := os.ReadFile(path)
		check(t, err)
		if bytes.Contains(raw, []byte("plain")) || !bytes.Contains(raw, []byte(k.name)) {
			t.Error("the file is not sealed, or does not say under what")
		}
		check(t, r.Close())
		if _, err := r.Open("a", b); border.CodeOf(err) != border.Unavailable {
			t.Errorf("closed, it opens: %v", err)
		}
		if _, err := r.Seal("a", b); border.CodeOf(err) != border.Unavailable {
			t.Errorf("closed, it seals: %v", err)
		}

		cfg.Clear = []string{path} // what is sealed is never taken for clear
		r = open(t, cfg)           // the machine was started anew
		if plain, err := r.Open("a", b); err != nil || string(plain) != "plain" {
			t.Errorf("%q, %v", plain, err)
		}
		if _, err := r.Open("b", b); border.CodeOf(err) != border.Invalid {
			t.Errorf("under another name: %v", err)
		}
		for i := range b {
			b[i] ^= 1
			if _, err := r.Open("a", b); border.CodeOf(err) != border.Invalid {
				t.Errorf("byte %d flipped: %v", i, err)
			}
			b[i] ^= 1
		}
		var got secret
		check(t, keystore.LoadFile(r, path, &got))
		if got.Text != sealed.Text || !bytes.Equal(got.Key, sealed.Key) {
			t.Error("another secret came back")
		}
		check(t, os.Rename(path, filepath.Join(cfg.Dir, "hub.key")))
		if err := keystore.LoadFile(r, filepath.Join(cfg.Dir, "hub.key"), &got); border.CodeOf(err) != border.Invalid {
			t.Errorf("under another file's name: %v", err)
		}
		if err := keystore.LoadFile(r, path, &got); border.CodeOf(err) != border.NotFound {
			t.Errorf("no file: %v", err)
		}
	})
}

// Who has the folder and not the secret opens nothing, and is told what is wrong.
func TestThief(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		if k.thief == nil {
			t.Skip("a software key guards nothing")
		}
		cfg := k.config(t)
		open(t, cfg)
		_, err := keystore.Open(t.Context(), k.thief(t, cfg))
		if border.CodeOf(err) != border.Forbidden || !is(err, k.err) || border.MessageOf(err) == "" {
			t.Errorf("%v", err)
		}
		for _, s := range []string{"four words", "somebody"} {
			if err != nil && strings.Contains(err.Error(), s) {
				t.Error("the error repeats the passphrase")
			}
		}
		none := cfg
		none.Passphrase, none.Credentials, none.TPM = nil, "", "unix:"+filepath.Join(cfg.Dir, "none")
		if _, err := keystore.Open(t.Context(), none); border.CodeOf(err) != border.Unavailable || border.MessageOf(err) == "" {
			t.Errorf("without its guard: %v", err)
		}
		open(t, cfg) // the refusals did no harm
	})
}

// Another folder's root key is another one, whatever guards both.
func TestFoldersApart(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		one, two := k.config(t), k.config(t)
		two.Passphrase, two.Credentials, two.TPM = one.Passphrase, one.Credentials, one.TPM
		b, err := open(t, one).Seal("a", []byte("plain"))
		check(t, err)
		if _, err := open(t, two).Open("a", b); border.CodeOf(err) != border.Invalid {
			t.Errorf("%v", err)
		}
	})
}

// Of several programs that make the root key at once, all get the same one.
func TestFoundedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		cfg := k.config(t)
		roots := make([]keystore.Root, 4)
		var wg sync.WaitGroup
		for i := range roots {
			wg.Go(func() {
				r, err := keystore.Open(t.Context(), cfg)
				if err != nil {
					t.Error(err)
					return
				}
				roots[i] = r
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		b, err := roots[0].Seal("a", []byte("plain"))
		check(t, err)
		for _, r := range roots {
			if _, err := r.Open("a", b); err != nil {
				t.Error(err)
			}
			check(t, r.Close())
		}
	})
}

// root.json cannot be changed unseen, nor can it be taken away.
func TestRootFileChanged(t *testing.T) {
	cfg := kinds()[0].config(t)
	path := filepath.Join(cfg.Dir, keystore.RootFile)
	r := open(t, cfg)
	check(t, keystore.SaveFile(r, filepath.Join(cfg.Dir, "station.key"), sealed))
	_, err := keystore.NewRecovery(r)
	check(t, err)
	good, err := os.ReadFile(path)
	check(t, err)
	var fields map[string]any
	check(t, json.Unmarshal(good, &fields))
	thief, err := keystore.ParseRecoveryKey(theirs(t))
	check(t, err)
	for name, change := range map[string]func(f map[string]any){
		"a recovery key of somebody else": func(f map[string]any) {
			f["recovery"] = map[string]any{"public": thief.Public(), "sealed": f["recovery"].(map[string]any)["sealed"]}
		},
		"no recovery key":      func(f map[string]any) { delete(f, "recovery") },
		"a clear file is good": func(f map[string]any) { f["clear"] = [][]byte{make([]byte, 32)} },
		"another key":          func(f map[string]any) { f["lock"] = map[string]any{"key": make([]byte, 32)} },
		"no MAC":               func(f map[string]any) { delete(f, "mac") },
		"an unknown field":     func(f map[string]any) { f["also"] = 1 },
		"costly figures":       func(f map[string]any) { f["lock"].(map[string]any)["memory"] = 1 << 31 },
		"another format":       func(f map[string]any) { f["format"] = "garita root v2" },
	} {
		clear(fields)
		check(t, json.Unmarshal(good, &fields))
		change(fields)
		b, err := json.Marshal(fields)
		check(t, err)
		check(t, os.WriteFile(path, b, 0o600))
		if _, err := keystore.Open(t.Context(), cfg); border.CodeOf(err) != border.Invalid || border.MessageOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := keystore.NewRecovery(r); err == nil {
			t.Errorf("%s: an open root key wrote over it", name)
		}
	}
	for _, b := range [][]byte{nil, good[:len(good)/2], []byte("null"), []byte("[]")} {
		check(t, os.WriteFile(path, b, 0o600))
		if _, err := keystore.Open(t.Context(), cfg); border.CodeOf(err) != border.Invalid {
			t.Errorf("%q: %v", b, err)
		}
	}
	check(t, os.Remove(path))
	if _, err := keystore.Open(t.Context(), cfg); border.CodeOf(err) != border.NotFound || !strings.Contains(border.MessageOf(err), "station.key") {
		t.Errorf("gone, beside a sealed file: %v", err)
	}
	check(t, os.WriteFile(path, good, 0o640))
	check(t, os.Chmod(path, 0o640))
	if _, err := keystore.Open(t.Context(), cfg); border.CodeOf(err) != border.Forbidden {
		t.Errorf("readable by others: %v", err)
	}
	check(t, os.Chmod(path, 0o600))
	open(t, cfg)
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		cfg  keystore.Config
		want border.Code
	}{
		{keystore.Config{Kind: keystore.Software, Dir: dir}, border.Forbidden},
		{keystore.Config{Dir: dir}, border.Invalid},
		{keystore.Config{Kind: "stone", Dir: dir}, border.Invalid},
		{keystore.Config{Kind: keystore.Passphrase, Dir: dir, Passphrase: say("short")}, border.Invalid},
		{keystore.Config{Kind: keystore.Passphrase, Dir: dir}, border.Unavailable},
		{keystore.Config{Kind: keystore.Credential, Dir: dir}, border.Unavailable},
		{keystore.Config{Kind: keystore.TPM, Dir: dir, TPM: "/dev/none"}, border.Unavailable},
		{keystore.Config{Kind: keystore.TPM, Dir: dir, TPM: filepath.Join(dir, "root.json")}, border.Unavailable},
		{keystore.Config{Kind: keystore.Software, Dir: filepath.Join(dir, "none"), Demo: true}, border.Internal},
	} {
		if _, err := keystore.Open(t.Context(), c.cfg); border.CodeOf(err) != c.want {
			t.Errorf("%+v: %v", c.cfg, err)
		}
		if _, err := os.Stat(filepath.Join(dir, keystore.RootFile)); err == nil {
			t.Fatalf("%+v left a file", c.cfg)
		}
	}
	small := t.TempDir()
	check(t, os.WriteFile(filepath.Join(small, keystore.CredentialName), make([]byte, 31), 0o600))
	if _, err := keystore.Open(t.Context(), keystore.Config{Kind: keystore.Credential, Dir: dir, Credentials: small}); border.CodeOf(err) != border.Invalid {
		t.Errorf("a small credential: %v", err)
	}
	demo := keystore.Config{Kind: keystore.Software, Dir: dir, Demo: true}
	open(t, demo)
	demo.Kind = ""
	open(t, demo)
	demo.Demo = false // a folder of the demo in earnest
	if _, err := keystore.Open(t.Context(), demo); border.CodeOf(err) != border.Forbidden {
		t.Errorf("%v", err)
	}
	demo.Kind = keystore.Passphrase
	if _, err := keystore.Open(t.Context(), demo); border.CodeOf(err) != border.Conflict {
		t.Errorf("%v", err)
	}
}

// Key files from before there were root keys are sealed once, and what lay there is overwritten. No
// other clear file is ever believed.
func TestClear(t *testing.T) {
	cfg := kinds()[0].config(t)
	path, forged := filepath.Join(cfg.Dir, "station.key"), filepath.Join(cfg.Dir, "hub.key")
	b, err := json.Marshal(sealed)
	check(t, err)
	check(t, os.WriteFile(path, b, 0o600))
	check(t, os.Link(path, filepath.Join(cfg.Dir, "witness"))) // the same bytes on the disk
	cfg.Clear = []string{path, filepath.Join(cfg.Dir, "none")}
	open(t, cfg) // stopped before it read the file
	r := open(t, cfg)
	var got secret
	check(t, keystore.LoadFile(r, path, &got))
	if got.Text != sealed.Text {
		t.Error("another secret came back")
	}
	if raw, err := os.ReadFile(path); err != nil || bytes.Contains(raw, []byte("plain")) {
		t.Errorf("it was not sealed, %v", err)
	}
	if raw, err := os.ReadFile(filepath.Join(cfg.Dir, "witness")); err != nil || len(raw) != len(b) || !bytes.Equal(raw, make([]byte, len(raw))) {
		t.Errorf("what lay there was not overwritten: %q, %v", raw, err)
	}
	check(t, keystore.LoadFile(r, path, &got))
	for name, f := range map[string]struct {
		path string
		b    []byte
	}{"forged": {path, []byte(`{"text":"forged"}`)}, "put back": {path, b}, "of another name": {forged, b}} {
		check(t, os.WriteFile(f.path, f.b, 0o600))
		if err := keystore.LoadFile(r, f.path, &got); border.CodeOf(err) != border.Forbidden || got.Text != sealed.Text {
			t.Errorf("a clear file, %s: %v, %+v", name, err, got)
		}
	}
	check(t, keystore.Shred(path))
	check(t, keystore.Shred(path))
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("a shredded file is there")
	}
}
