package r30x

import (
	"testing"

	"garita/devices/profile"

	"github.com/google/go-cmp/cmp"
)

func TestPixels(t *testing.T) {
	for name, tc := range map[string]struct {
		image         profile.Image
		width, height int
		want          []byte
	}{
		"two in a byte": {profile.Image{Width: 2, Height: 2, Bits: 4, DPI: 500}, 2, 2, []byte{0x00, 0xff, 0x88, 0x11}},
		"inverted":      {profile.Image{Width: 2, Height: 2, Bits: 4, DPI: 500, Invert: true}, 2, 2, []byte{0xff, 0x00, 0x77, 0xee}},
		"turned":        {profile.Image{Width: 4, Height: 1, Bits: 4, DPI: 500, Rotate: 90, Flip: "horizontal"}, 1, 4, []byte{0x11, 0x88, 0xff, 0x00}},
		"whole bytes":   {profile.Image{Width: 2, Height: 1, Bits: 8, DPI: 500}, 2, 1, []byte{0x0f, 0x81}},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := imageBytes(tc.image)
			if err != nil || n != 2 {
				t.Fatalf("%d bytes, %v", n, err)
			}
			got := finger(tc.image, []byte{0x0f, 0x81})
			if d := cmp.Diff(tc.want, got.Pixels); d != "" || got.Width != tc.width || got.Height != tc.height || got.DPI != 500 {
				t.Errorf("%d × %d: %s", got.Width, got.Height, d)
			}
		})
	}
}
