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
