package demo

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"garita/cmd/internal/stolen"
)

// needle is one form of something that identifies a traveller.
type needle struct {
	what string // "surname as base64": what is found may be said, the value not
	form []byte
}

// shortest is the least length of a needle: shorter ones turn up in ciphertext by chance.
const shortest = 6

// needlesOf lists every form of everything that identifies a specimen's holder.
func needlesOf(s Specimen) (out []needle) {
	add := func(what, value string) {
		if value == "" {
			return
		}
		for _, f := range forms(value) {
			if len(f.form) >= shortest {
				out = append(out, needle{what + " " + f.what, f.form})
			}
		}
	}
	add("surname", s.surname)
	for _, part := range strings.Fields(s.given) {
		if len(part) >= 5 {
			add("given name", part)
		}
	}
	add("document number", s.number)
	for _, l := range s.Lines {
		add("MRZ line", l)
	}
	second := s.Lines[1] // birth date, its digit and the sex stand together in every format
	if i := strings.Index(second, s.birth); i >= 0 {
		add("birth date in the MRZ", second[i:i+8])
	}
	for _, field := range []string{"address", "employer", "plate", "visa_number", "accompanied_by"} {
		add(field, s.Answers[field])
	}
	if at, err := time.Parse("060102", s.birth); err == nil {
		if at.Year() > time.Now().Year()-10 {
			at = at.AddDate(-100, 0, 0)
		}
		add("birth date", at.Format(time.DateOnly))
	}
	return out
}

// stolenOf lists what identifies a specimen's holder for the search of a stolen disk.
func stolenOf(s Specimen) (out []stolen.Needle) {
	add := func(name, text string) {
		if len(text) >= stolen.MinLength {
			out = append(out, stolen.Needle{Name: name, Text: text})
		}
	}
	add("surname", s.surname)
	add("given names", s.given)
	for _, part := range strings.Fields(s.given) {
		add("given name", part)
	}
	add("document number", s.number)
	for _, l := range s.Lines {
		add("MRZ line", l)
	}
	for _, field := range []string{"address", "employer", "plate", "visa_number", "accompanied_by"} {
		add(field, s.Answers[field])
	}
	if s.born != "" {
		out = append(out, stolen.Needle{Name: "birth date", Date: s.born})
	}
	return out
}

// forms lists the ways in which a value may stand in a file.
func forms(v string) []needle {
	title := v[:1] + strings.ToLower(v[1:])
	wide := func(v string, high int) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune(v)) {
			pair := [2]byte{byte(u), byte(u)}
			pair[high] = byte(u >> 8)
			b = append(b, pair[:]...)
		}
		return b
	}
	h := hex.EncodeToString([]byte(v))
	out := []needle{{"as it is", []byte(v)}, {"in small letters", []byte(strings.ToLower(v))}, {"as a title", []byte(title)},
		{"as UTF-16LE", wide(v, 1)}, {"as UTF-16BE", wide(v, 0)}, {"as hex", []byte(h)}, {"as HEX", []byte(strings.ToUpper(h))}}
	if strings.Contains(v, "<") {
		out = append(out, needle{"in JSON", []byte(strings.ReplaceAll(v, "<", `\u003c`))})
	}
	for k, name := range []string{"as base64", "as base64, second alignment", "as base64, third alignment"} {
		enc := base64.StdEncoding.EncodeToString(append(make([]byte, k), v...))
		out = append(out, needle{name, []byte(enc[(8*k+5)/6 : 8*(k+len(v))/6])}) // the characters that depend on v alone
	}
	return out
}

// haystack finds needles in files in one pass.
type haystack struct {
	first [1 << 16]bool // of the first two bytes
	by    map[[shortest]byte][]needle
}

func newHaystack(people []Specimen) *haystack {
	h := &haystack{by: make(map[[shortest]byte][]needle)}
	for _, p := range people {
		h.add(needlesOf(p)...)
	}
	return h
}

func (h *haystack) add(needles ...needle) {
	for _, n := range needles {
		h.first[int(n.form[0])<<8|int(n.form[1])] = true
		k := [shortest]byte(n.form)
		h.by[k] = append(h.by[k], n)
	}
}

// search lists what it finds in a folder, as "file: what", and how many bytes it read.
func (h *haystack) search(t *testing.T, dir string) (found []string, read int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "sample-list.csv" || d.Name() == "reserve" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read += int64(len(b))
		rel, err := filepath.Rel(dir, path)
		for i := 0; i+shortest <= len(b); i++ {
			if !h.first[int(b[i])<<8|int(b[i+1])] {
				continue
			}
			for _, n := range h.by[[shortest]byte(b[i:])] {
				if bytes.HasPrefix(b[i:], n.form) {
					found = append(found, rel+": "+n.what)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, read
}
