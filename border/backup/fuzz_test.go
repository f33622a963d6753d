package backup_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// The chunks by themselves, before any digest is compared: none is moved, doubled or left out, no end is
// cut off, and another head opens none.
func TestChunks(t *testing.T) {
	const chunk = 64<<10 + 16
	for _, size := range []int{0, 1, 64<<10 - 7, 64<<10 - 6, 64<<10 - 5, 3 << 16, 300 * 64 << 10} {
		content := strings.Repeat("x", size)
		good := sealedPlain(t, plain("{}", content))
		if _, got, err := backup.ReadAll(good, fuzzKey); err != nil || string(got) != content {
			t.Fatalf("%d bytes: %d came out, %v", size, len(got), err)
		}
		first := len(good) - (len(content) + 6 + 16*((len(content)+6+64<<10-1)/(64<<10)))
		other, err := backup.Sealed(&backup.Header{ID: "01", Kind: backup.Station, Name: "PUT-1"}, fuzzKey, plain("{}", content))
		check(t, err)
		cases := map[string][]byte{"another head": append(other[:first:first], good[first:]...)}
		for n := 1; first+n*chunk < len(good); n++ {
			if n > 3 && n < 254 {
				continue
			}
			at := first + n*chunk
			cases[fmt.Sprint("cut behind ", n)] = good[:at]
			cases[fmt.Sprint("doubled ", n)] = slices.Concat(good[:at], good[at-chunk:])
			cases[fmt.Sprint("left out ", n)] = slices.Concat(good[:at-chunk], good[at:])
			if at+chunk < len(good) {
				cases[fmt.Sprint("swapped ", n)] = slices.Concat(good[:at-chunk], good[at:at+chunk], good[at-chunk:at], good[at+chunk:])
			}
		}
		for name, b := range cases {
			if _, _, err := backup.ReadAll(b, fuzzKey); border.CodeOf(err) != border.Invalid {
				t.Errorf("%d bytes, %s: %v", size, name, err)
			}
		}
	}
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
