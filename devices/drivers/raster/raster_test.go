package raster_test

import (
	"testing"

	"garita/devices/drivers/raster"
	"garita/devices/profile"

	"github.com/google/go-cmp/cmp"
)

// A sensor of 3 × 2 pixels:
//
//	1 2 3
//	4 5 6
func TestOrientation(t *testing.T) {
	for name, tc := range map[string]struct {
		flip   string
		rotate int
		width  int
		want   []byte
	}{
		"as it is":                  {"", 0, 3, []byte{1, 2, 3, 4, 5, 6}},
		"horizontal":                {"horizontal", 0, 3, []byte{3, 2, 1, 6, 5, 4}},
		"vertical":                  {"vertical", 0, 3, []byte{4, 5, 6, 1, 2, 3}},
		"both":                      {"both", 0, 3, []byte{6, 5, 4, 3, 2, 1}},
		"90 clockwise":              {"", 90, 2, []byte{4, 1, 5, 2, 6, 3}},
		"180":                       {"", 180, 3, []byte{6, 5, 4, 3, 2, 1}},
		"270 clockwise":             {"", 270, 2, []byte{3, 6, 2, 5, 1, 4}},
		"flipped first, then 90":    {"horizontal", 90, 2, []byte{6, 3, 5, 2, 4, 1}},
		"flipped over, then by 270": {"vertical", 270, 2, []byte{6, 3, 5, 2, 4, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			got := raster.Finger(profile.Image{Width: 3, Height: 2, DPI: 500, Bits: 8, Flip: tc.flip, Rotate: tc.rotate}, []byte{1, 2, 3, 4, 5, 6})
			if d := cmp.Diff(tc.want, got.Pixels); d != "" || got.Width != tc.width || got.Height != 6/tc.width || got.DPI != 500 {
				t.Errorf("%d × %d: %s", got.Width, got.Height, d)
			}
		})
	}
}

func TestDepthAndInversion(t *testing.T) {
	i := profile.Image{Width: 4, Height: 1, Bits: 4}
	if d := cmp.Diff([]byte{0, 0xff, 0x88, 0x11}, raster.Finger(i, []byte{0x0f, 0x81}).Pixels); d != "" {
		t.Error(d)
	}
	i.Invert = true
	if d := cmp.Diff([]byte{0xff, 0, 0x77, 0xee}, raster.Finger(i, []byte{0x0f, 0x81}).Pixels); d != "" {
		t.Error(d)
	}
	if n, err := raster.Bytes(i); n != 2 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}
