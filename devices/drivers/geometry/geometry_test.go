package geometry_test

import (
	"testing"

	"garita/devices/drivers/geometry"
	"garita/devices/profile"
)

// The image
//
//	1 2 3
//	4 5 6
//
// turned in every way, written out by hand.
func TestUpright(t *testing.T) {
	for _, c := range []struct {
		image         profile.Image
		want          string
		width, height int
	}{
		{profile.Image{}, "123456", 3, 2},
		{profile.Image{Flip: "horizontal"}, "321654", 3, 2},
		{profile.Image{Flip: "vertical"}, "456123", 3, 2},
		{profile.Image{Flip: "both"}, "654321", 3, 2},
		{profile.Image{Rotate: 90}, "415263", 2, 3},
		{profile.Image{Rotate: 180}, "654321", 3, 2},
		{profile.Image{Rotate: 270}, "362514", 2, 3},
		{profile.Image{Rotate: 90, Flip: "horizontal"}, "635241", 2, 3},
	} {
		got, w, h := geometry.Upright(c.image, []byte("123456"), 3, 2)
		if string(got) != c.want || w != c.width || h != c.height {
			t.Errorf("%+v: %s, %d × %d; want %s", c.image, got, w, h, c.want)
		}
	}
	if got, _, _ := geometry.Upright(profile.Image{Invert: true}, []byte{0, 1, 255}, 3, 1); got[0] != 255 || got[1] != 254 || got[2] != 0 {
		t.Errorf("inverted: %v", got)
	}
}
