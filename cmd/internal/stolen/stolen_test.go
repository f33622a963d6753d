package stolen_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"garita/cmd/internal/stolen"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const line = "P<UTOESPINOZA<MARIN<<LUZ<DEL<CARMEN<<<<<<<<<"

func needles() []stolen.Needle {
	return []stolen.Needle{{Name: "surname", Text: "Espinoza Marín"}, {Name: "born", Date: "1985-03-07"}, {Name: "zone", Text: line},
		{Name: "image", Bytes: bytes.Repeat([]byte{0x89, 'P', 3, 0xff}, 8)}, {Name: "short", Text: "Ana"}, {Name: "printed", Text: "QUINTERO"}}
}

func pack(t *testing.T, w io.WriteCloser, b []byte, out *bytes.Buffer) []byte {
	t.Helper()
	_, err := w.Write(b)
	check(t, err)
	check(t, w.Close())
	return out.Bytes()
}

// noise is bytes in which nothing is hidden.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Whatever way it is written, and wherever in a file, it is found.
func TestFound(t *testing.T) {
	name := "Espinoza Marín"
	wide := func(s string, big bool) (b []byte) {
		for _, u := range utf16.Encode([]rune(s)) {
			if big {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		return b
	}
	js, err := json.Marshal(map[string]string{"l": line})
	check(t, err)
	zipped := func(b []byte) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w, err := z.Create("some name")
		check(t, err)
		_, err = w.Write(b)
		check(t, err)
		check(t, z.Close())
		return out.Bytes()
	}
	gzipped := func(b []byte) []byte { var o bytes.Buffer; return pack(t, gzip.NewWriter(&o), b, &o) }
	long := []byte(strings.Repeat("a line of nobody in a log\n", 100) + name + " " + strings.Repeat("and on ", 50))
	for what, c := range map[string]struct {
		b      []byte
		needle string
	}{
		"as is":            {[]byte(name), "surname"},
		"upper":            {[]byte("ESPINOZA MARÍN"), "surname"},
		"lower":            {[]byte("espinoza marín"), "surname"},
		"title":            {[]byte("Señor Quintero"), "printed"},
		"utf16le":          {wide(name, false), "surname"},
		"utf16be":          {wide(strings.ToUpper(name), true), "surname"},
		"url":              {[]byte("/people?name=Espinoza+Mar%C3%ADn"), "surname"},
		"hex":              {[]byte(hex.EncodeToString([]byte(name))), "surname"},
		"base64, first":    {[]byte(base64.StdEncoding.EncodeToString([]byte(name + " lives"))), "surname"},
		"base64, second":   {[]byte(base64.StdEncoding.EncodeToString([]byte("x" + name + " lives"))), "surname"},
		"base64, third":    {[]byte(base64.URLEncoding.EncodeToString([]byte("xy" + name))), "surname"},
		"date":             {[]byte(`"birth_date":"1985-03-07"`), "born"},
		"date, compact":    {[]byte("19850307"), "born"},
		"date, reversed":   {[]byte("70305891"), "born"},
		"date in a zone":   {[]byte("UTO8503079F2701018"), "born"},
		"date, as people":  {[]byte("07.03.1985"), "born"},
		"zone":             {[]byte(line), "zone"},
		"zone in JSON":     {js, "zone"},
		"zone in HTML":     {[]byte(strings.ReplaceAll(line, "<", "&lt;")), "zone"},
		"image":            {needles()[3].Bytes, "image"},
		"gzip":             {gzipped(long), "surname"},
		"zlib":             {func() []byte { var o bytes.Buffer; return pack(t, zlib.NewWriter(&o), long, &o) }(), "surname"},
		"zip":              {zipped(long), "surname"},
		"gzip in zip":      {zipped(append(noise(100), gzipped(long)...)), "surname"},
		"gzip in zip, hex": {zipped(gzipped([]byte(strings.Repeat("x", 100) + hex.EncodeToString([]byte(line))))), "zone"},
	} {
		for _, before := range []int{0, 1, 4095, 1<<20 - 3, 1<<20 + 70_000} { // across the edges of what is read at a time
			dir := t.TempDir()
			check(t, os.Mkdir(filepath.Join(dir, "deep"), 0o700))
			check(t, os.WriteFile(filepath.Join(dir, "deep", "f.db-wal"), slices.Concat(noise(before), c.b, noise(100)), 0o600))
			r, err := stolen.Search(t.Context(), []string{dir}, needles())
			check(t, err)
			if !slices.ContainsFunc(r.Findings, func(f stolen.Finding) bool { return f.Needle == c.needle }) {
				t.Errorf("%s after %d bytes: not found; %+v", what, before, r)
				continue
			}
			if f := r.Findings[0]; f.Within == "" && (f.Offset < int64(before) || f.Offset > int64(before+60)) {
				t.Errorf("%s after %d bytes: found at %d", what, before, f.Offset)
			}
			if len(r.Skipped) != 1 || r.Skipped[0] != "short" {
				t.Errorf("skipped %v", r.Skipped)
			}
		}
	}
}

// In what is sealed, and in what is like it and not it, nothing is found.
func TestClean(t *testing.T) {
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "a"), noise(3<<20), 0o600))
	check(t, os.WriteFile(filepath.Join(dir, "b"), []byte("Espinoza Marin, 1985-07-03, 850307, P<UTOESPINOZA<MARIN<<LUZ<DEL<CARMEN<<"), 0o600))
	check(t, os.Symlink("/etc", filepath.Join(dir, "elsewhere")))
	r, err := stolen.Search(t.Context(), []string{dir}, needles())
	check(t, err)
	if len(r.Findings) != 0 || r.Files != 2 || r.Bytes < 3<<20 {
		t.Errorf("%+v", r)
	}
	if _, err := stolen.Search(t.Context(), []string{filepath.Join(dir, "none")}, needles()); err == nil {
		t.Error("a folder that is not there is clean")
	}
	for range 50 {
		f, err := os.OpenFile(filepath.Join(dir, "c"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		check(t, err)
		_, err = f.WriteString(line + "\n")
		check(t, err)
		check(t, f.Close())
	}
	r, err = stolen.Search(t.Context(), []string{dir}, needles())
	check(t, err)
	if len(r.Findings) != 5 || r.More != 45 {
		t.Errorf("%d findings and %d more", len(r.Findings), r.More)
	}
}
