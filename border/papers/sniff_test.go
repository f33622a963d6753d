package papers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"garita/border"
)

// codestreamOf is the beginning of a JPEG 2000 codestream of that size.
func codestreamOf(x, y uint32) []byte {
	b := append(bytes.Clone(j2kHead), 0, 41, 0, 0)
	for _, v := range []uint32{x, y, 0, 0} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return append(b, make([]byte, 40)...)
}

// boxed puts a codestream into the boxes of a JP2 file.
func boxed(stream []byte) []byte {
	b := append(bytes.Clone(jp2Head), "\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 "...)
	b = append(b, "\x00\x00\x00\x00jp2c"...) // the last box: its length is what is left
	return append(b, stream...)
}

func encoded(t testing.TB, write func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, image.NewGray(image.Rect(0, 0, 70, 50))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSniff(t *testing.T) {
	picture := encoded(t, func(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) })
	drawing := encoded(t, func(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) })
	wide := bytes.Clone(drawing)
	binary.BigEndian.PutUint32(wide[16:], 50_000) // the header's sum is wrong then, and nothing is believed
	for _, c := range []struct {
		name string
		file []byte
		most int
		kind Kind
		err  error
	}{
		{"pdf", []byte("%PDF-1.7\n"), MaxPixels, PDF, nil},
		{"jpeg", picture, MaxPixels, JPEG, nil},
		{"png", drawing, MaxPixels, PNG, nil},
		{"codestream", codestreamOf(6000, 6000), MaxPixels, JPEG2000, nil},
		{"boxes", boxed(codestreamOf(2000, 2000)), MaxPortraitPixels, JPEG2000, nil},
		{"portrait beyond 4 Mpx", boxed(codestreamOf(2001, 2000)), MaxPortraitPixels, "", errPixels},
		{"beyond 40 Mpx", codestreamOf(8000, 5001), MaxPixels, "", errPixels},
		{"width of a galaxy", codestreamOf(1<<31, 1), MaxPixels, "", errDamaged},
		{"no height", codestreamOf(10, 0), MaxPixels, "", errDamaged},
		{"no codestream in the boxes", boxed(nil), MaxPixels, "", errDamaged},
		{"box of an absurd length", append(bytes.Clone(jp2Head), "\x00\x00\x00\x01jp2h\xff\xff\xff\xff\xff\xff\xff\xff"...), MaxPixels, "", errDamaged},
		{"header that does not fit its sum", wide, MaxPixels, "", errDamaged},
		{"nothing", nil, MaxPixels, "", errKind},
		{"pdf further on", []byte("x%PDF-1.7\n"), MaxPixels, "", errKind},
		{"html", []byte("<!doctype html><html>"), MaxPixels, "", errKind},
		{"svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), MaxPixels, "", errKind},
		{"zip, epub, xps, docx", []byte("PK\x03\x04" + strings.Repeat("x", 90)), MaxPixels, "", errKind},
		{"mobi", []byte(strings.Repeat("x", 60) + "BOOKMOBI" + strings.Repeat("x", 20)), MaxPixels, "", errKind},
		{"gif", []byte("GIF89a" + strings.Repeat("x", 90)), MaxPixels, "", errKind},
		{"tiff", []byte("II*\x00" + strings.Repeat("x", 90)), MaxPixels, "", errKind},
		{"pdf and mobi", []byte("%PDF-1.7\n" + strings.Repeat("x", 51) + "BOOKMOBI" + strings.Repeat("x", 20)), MaxPixels, "", errTwoKinds},
		{"picture and pdf", append(bytes.Clone(picture), "%PDF-1.7"...), MaxPixels, "", errTwoKinds},
		{"too many bytes", make([]byte, MaxBytes+1), MaxPixels, "", errSize},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind, err := Sniff(c.file, c.most)
			var want, got *border.Error
			errors.As(c.err, &want)
			errors.As(err, &got)
			if kind != c.kind || (got == nil) != (want == nil) || got != nil && (got.Code != want.Code || got.Message != want.Message) {
				t.Errorf("taken for %q, %v; want %q, %v", kind, err, c.kind, c.err)
			}
		})
	}
}

func FuzzSniff(f *testing.F) {
	f.Add(codestreamOf(10, 10))
	f.Add(boxed(codestreamOf(10, 10)))
	f.Add([]byte("%PDF-1.4"))
	f.Add(encoded(f, func(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) }))
	f.Add(encoded(f, func(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) }))
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, err := Sniff(b, MaxPixels)
		if (kind == "") != (err != nil) {
			t.Errorf("%q and %v", kind, err)
		}
		if err != nil && border.MessageOf(err) == "" {
			t.Errorf("nothing for people to read: %v", err)
		}
	})
}
