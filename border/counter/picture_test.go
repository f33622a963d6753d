package counter

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"garita/border"
)

// Whatever is sent for a picture: no panic, a typed error or a sound picture within the bounds.
func FuzzRedraw(f *testing.F) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 17, 9)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:40])
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff})
	f.Add(hidden(b.Bytes()))
	f.Fuzz(func(t *testing.T, b []byte) {
		drawn, size, err := redraw(border.KindPortrait, b)
		if err != nil {
			if code := border.CodeOf(err); code != border.Invalid && code != border.TooLarge {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		c, err := jpeg.DecodeConfig(bytes.NewReader(drawn))
		if err != nil || c.Width != size.X || c.Height != size.Y || c.Width > 640 || c.Height > 800 {
			t.Errorf("%d×%d drawn: %v", c.Width, c.Height, err)
		}
	})
}

// hidden puts a frame of 40,000 by 40,000 and the begin of its scan before a picture, where a reader that takes the
// markers without a length for segments does not see it.
func hidden(picture []byte) []byte {
	inside := []byte{0xff, 0xc0, 0, 11, 8, 0x9c, 0x40, 0x9c, 0x40, 1, 1, 0x11, 0, // a frame
		0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0} // a scan
	out := []byte{0xff, 0xd8, 0xff, 0xd0, 0, byte(2 + len(inside))}
	return append(append(out, inside...), picture[2:]...)
}

// A frame that hides behind a marker without a length is refused before anything is allocated for it.
func TestHiddenFrame(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	b2 := hidden(b.Bytes())
	if c, err := jpeg.DecodeConfig(bytes.NewReader(b2)); err != nil || c.Width != 40_000 {
		t.Fatalf("the decoder sees %d, %v: this test shows nothing", c.Width, err)
	}
	if _, err := frame(b2); err == nil {
		t.Error("its frame was taken")
	}
	if _, _, err := redraw(border.KindPortrait, b2); border.CodeOf(err) != border.Invalid {
		t.Errorf("taken: %v", err)
	}
}
