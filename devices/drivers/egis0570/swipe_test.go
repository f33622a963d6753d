package egis0570

import (
	"testing"

	"garita/border"
	"garita/devices/profile"
)

// FuzzSwipe puts frames of any content together: whatever comes, the picture stays within
// what a finger image may have.
func FuzzSwipe(f *testing.F) {
	f.Add([]byte{0, 0, 200, 200, 201, 0}, uint8(8))
	f.Add([]byte{1, 250, 3, 250, 9, 250, 250}, uint8(60))
	f.Fuzz(func(t *testing.T, seed []byte, frames uint8) {
		const width, height = 114, 57
		if len(seed) == 0 {
			return
		}
		s := newSwipe(width, height)
		for n := 0; n < int(frames) && !s.over(); n++ {
			frame := make([]byte, width*height)
			level := seed[n%len(seed)]
			for i := range frame {
				frame[i] = level ^ seed[(i*7+n*13)%len(seed)]&0x1f
			}
			s.add(frame)
		}
		if len(s.frames) == 0 {
			return
		}
		img, err := s.image(profile.Image{Width: width, Height: height, DPI: 508, Invert: seed[0]&1 == 1})
		if err != nil {
			return
		}
		if img.Width < width || img.Height < height || img.Width > border.MaxFingerSide || img.Height > border.MaxFingerSide || len(img.Pixels) != img.Width*img.Height {
			t.Errorf("%d × %d with %d pixels", img.Width, img.Height, len(img.Pixels))
		}
	})
}
