package main

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"
)

// pdf writes a PDF of invented pages: each a list of lines, in Helvetica, which no file
// needs to bring along. packed compresses the contents as most writers do.
func pdf(packed bool, pages ...[]string) []byte {
	var b bytes.Buffer
	var at []int
	object := func(format string, a ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(at))
		fmt.Fprintf(&b, format, a...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.4\n")
	kids := make([]string, len(pages))
	for i := range pages {
		kids[i] = fmt.Sprintf("%d 0 R", 4+2*i)
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	for i, lines := range pages {
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>", 5+2*i)
		var text bytes.Buffer
		text.WriteString("0.1 0.2 0.5 rg 40 780 515 20 re f 0 g BT /F1 12 Tf 60 740 Td 16 TL\n")
		for _, l := range lines {
			fmt.Fprintf(&text, "(%s) Tj T*\n", l)
		}
		text.WriteString("ET")
		content, filter := text.Bytes(), ""
		if packed {
			var z bytes.Buffer
			w := zlib.NewWriter(&z)
			_, _ = w.Write(content)
			_ = w.Close()
			content, filter = z.Bytes(), " /Filter /FlateDecode"
		}
		object("<< /Length %d%s >>\nstream\n%s\nendstream", len(content), filter, content)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

// letter is a visa letter with a zone and a number in it.
var letter = []string{
	"Ministry of the Interior of Utopia", "Visa letter UT-VL-2026-004417",
	"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
}

// scene is an invented picture: stripes, so that a turned or torn one is found out.
func scene(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{R: byte(255 * x / w), G: byte(255 * y / h), B: byte((x / 8 % 2) * 120), A: 255})
		}
	}
	return m
}

func jpegOf(m image.Image) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil)
	return b.Bytes()
}

func pngOf(m image.Image) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.Bytes()
}

// sample reads a file of testdata: an invented face, drawn with circles and encoded once with
// OpenJPEG's opj_compress, with boxes (jp2) and bare (j2k).
func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
