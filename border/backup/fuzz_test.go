package backup_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"garita/border"
	"garita/border/backup"
)

var fuzzKey = bytes.Repeat([]byte{7}, 32)

// plain writes what a backup seals.
func plain(manifest string, rest ...string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(manifest))), manifest+strings.Join(rest, "")...)
}

func oneFile(path, content string) []byte {
	sum := sha256.Sum256([]byte(content))
	return plain(fmt.Sprintf(`{"files":[{"path":%q,"size":%d,"sha256":%q}]}`, path, len(content), hex.EncodeToString(sum[:])), content)
}

func sealedPlain(t testing.TB, b []byte) []byte {
	t.Helper()
	out, err := backup.Sealed(&backup.Header{ID: "00", Kind: backup.Station, Name: "PUT-1"}, fuzzKey, b)
	check(t, err)
	return out
}

// restoreBytes restores a backup into a folder below one that is watched: nothing may appear outside it.
func restoreBytes(t testing.TB, b []byte) (dir string, err error) {
	t.Helper()
	top := t.TempDir()
	path := filepath.Join(top, "a", "1.backup")
	check(t, os.Mkdir(filepath.Dir(path), 0o700))
	check(t, os.WriteFile(path, b, 0o600))
	open, err := backup.WithKey(backup.KeyText(fuzzKey))
	check(t, err)
	dir = filepath.Join(top, "b", "data")
	_, err = backup.Restore(t.Context(), path, open, dir, backup.Options{})
	for _, name := range tree(t, top) {
		if name != "a/1.backup" && !(err == nil && strings.HasPrefix(name, "b/data/")) {
			t.Errorf("%s appeared, %v", name, err)
		}
	}
	return dir, err
}

// Even who has the key cannot lead a restoration out of its folder, or put keys into it.
func TestHostileContents(t *testing.T) {
	if dir, err := restoreBytes(t, sealedPlain(t, oneFile("deep/er/file.txt", "content"))); err != nil {
		t.Fatal(err)
	} else if b, err := os.ReadFile(filepath.Join(dir, "deep/er/file.txt")); err != nil || string(b) != "content" {
		t.Fatalf("%q, %v", b, err)
	}
	digest := strings.Repeat("00", 32)
	for name, b := range map[string][]byte{
		"out of the folder":   oneFile("../out", "x"),
		"out, later":          oneFile("a/../../out", "x"),
		"absolute":            oneFile("/tmp/garita-out", "x"),
		"the folder itself":   oneFile(".", "x"),
		"nothing":             oneFile("", "x"),
		"not clean":           oneFile("a//b", "x"),
		"capital letters":     oneFile("A", "x"),
		"a NUL":               oneFile("a\x00b", "x"),
		"keys":                oneFile("self/keys.db", "x"),
		"the log of keys":     oneFile("keys.db-wal", "x"),
		"an identity":         oneFile("identity.json", "x"),
		"twice":               plain(`{"files":[{"path":"a","size":0,"sha256":"` + digest + `"},{"path":"a","size":0,"sha256":"` + digest + `"}]}`),
		"of negative size":    plain(`{"files":[{"path":"a","size":-1,"sha256":"` + digest + `"}]}`),
		"larger than it is":   plain(`{"files":[{"path":"a","size":9999999,"sha256":"`+digest+`"}]}`, "x"),
		"another digest":      plain(`{"files":[{"path":"a","size":1,"sha256":"`+digest+`"}]}`, "x"),
		"a database that not": plain(`{"files":[{"path":"a","size":1,"database":true,"sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}]}`, "x"),
		"a folder outside":    plain(`{"folders":[{"path":"..","files":0}]}`),
		"files without end":   plain(`{"folders":[{"path":"a","files":99999999999}]}`),
		"files that are not":  plain(`{"folders":[{"path":"a","files":1000000}]}`),
		"more than it says":   append(oneFile("a", "x"), "more"...),
		"a list without end":  {0xff, 0xff, 0xff, 0xff},
		"no list":             {},
		"no JSON":             plain("{"),
	} {
		if _, err := restoreBytes(t, sealedPlain(t, b)); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Any bytes at all: no panic, and nothing but what was sealed comes out.
func FuzzRead(f *testing.F) {
	text := strings.Repeat("content ", 20_000)
	good := sealedPlain(f, oneFile("a", text))
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(sealedPlain(f, oneFile("a", "")))
	f.Add([]byte("garita backup 1\n\x00\x00\x00\x02{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, content, err := backup.ReadAll(b, fuzzKey)
		if err == nil && (n != 1 || string(content) != text && len(content) > 0) {
			t.Errorf("%d files and %d bytes came out", n, len(content))
		}
	})
}

// Any contents, sealed with the right key.
func FuzzContents(f *testing.F) {
	f.Add(oneFile("a/b", "content"))
	f.Add(oneFile("../a", "content"))
	f.Add(plain(`{"folders":[{"path":"lists","files":1,"bytes":3}]}`, strings.Repeat("x", 32)))
	f.Add(plain(`{"files":[{"path":"a","size":3,"database":true,"sha256":""}]}`, "abc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := backup.ReadAll(sealedPlain(t, b), fuzzKey); err != nil && border.MessageOf(err) == "" {
			t.Errorf("nothing is said: %v", err)
		}
	})
}
