package main

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"

	"garita/border"
	"garita/border/papers"
)

// TestDraws draws each kind through the real, confined process, and looks at the pixels.
func TestDraws(t *testing.T) {
	r := renderer(t, papers.Config{})
	for _, c := range []struct {
		name          string
		document      []byte
		page          int
		width, height int // of the picture that is wanted
		text          string
	}{
		{"pdf", pdf(false, letter), 0, 424, 600, "UT-VL-2026-004417"},
		{"packed pdf, second page", pdf(true, []string{"one"}, letter), 1, 424, 600, "V<UTOERIKSSON<<ANNA<MARIA"},
		{"jpeg", jpegOf(scene(800, 400)), 0, 600, 300, ""},
		{"png", pngOf(scene(300, 600)), 0, 300, 600, ""},
		{"small png", pngOf(scene(30, 20)), 0, 30, 20, ""},
		{"jp2", sample(t, "portrait.jp2"), 0, 450, 600, ""},
		{"bare codestream", sample(t, "portrait.j2k"), 0, 450, 600, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.Draw(t.Context(), c.document, c.page, 600, 600)
			if err != nil {
				t.Fatal(err)
			}
			m, err := jpeg.Decode(bytes.NewReader(got.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			if d := got.Width - c.width; d < -3 || d > 3 || got.Height < c.height-3 || got.Height > c.height+3 {
				t.Errorf("drawn as %d×%d, want about %d×%d", got.Width, got.Height, c.width, c.height)
			}
			if m.Bounds().Dx() != got.Width || m.Bounds().Dy() != got.Height {
				t.Error("the picture has another size than was said")
			}
			dark, light := 0, 0
			for y := range got.Height {
				for x := range got.Width {
					switch r, g, b, _ := m.At(x, y).RGBA(); {
					case r+g+b < 3*0x6000:
						dark++
					case r+g+b > 3*0x8000:
						light++
					}
				}
			}
			if dark == 0 || light == 0 {
				t.Errorf("nothing was drawn: %d dark pixels, %d light ones", dark, light)
			}
			read, err := r.Read(t.Context(), c.document)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(read.Texts[c.page], c.text) {
				t.Errorf("text of the page: %q", read.Texts[c.page])
			}
		})
	}
}

// TestRefuses says of each paper that cannot be used what is wrong with it.
func TestRefuses(t *testing.T) {
	r := renderer(t, papers.Config{})
	many := make([][]string, papers.MaxPages+1)
	for _, c := range []struct {
		name     string
		document []byte
		page     int
		code     border.Code
		says     string
	}{
		{"too many pages", pdf(false, many...), 0, border.TooLarge, "20 pages"},
		{"no such page", pdf(false, letter), 1, border.NotFound, "no such page"},
		{"a picture has one page", jpegOf(scene(8, 8)), 1, border.NotFound, "no such page"},
		{"a head and nothing else", []byte("%PDF-1.7\n" + strings.Repeat(" ", 99)), 0, border.Invalid, "damaged"},
		{"half a picture", pngOf(scene(90, 90))[:200], 0, border.Invalid, "damaged"},
		{"half a codestream", sample(t, "portrait.j2k")[:150], 0, border.Invalid, "damaged"},
		{"locked", bytes.Replace(pdf(false, letter), []byte("/Root 1 0 R"), []byte("/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <"+
			strings.Repeat("41", 32)+"> /U <"+strings.Repeat("42", 32)+"> >> /ID [<00><00>]"), 1), 0, border.Invalid, "password"},
		{"page of a kilometre", bytes.Replace(pdf(false, letter), []byte("0 0 595 842"), []byte("0 0 1 2834645"), 1), 0, border.Invalid, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := r.Draw(t.Context(), c.document, c.page, 300, 300)
			if border.CodeOf(err) != c.code || !strings.Contains(border.MessageOf(err), c.says) {
				t.Errorf("%s: %v", border.CodeOf(err), err)
			}
		})
	}
}
