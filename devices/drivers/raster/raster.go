// Package raster brings the pixels of a fingerprint sensor into the form that the domain
// has: 8 bits each, row by row from the top, ridges dark.
package raster

import (
	"garita/border"
	"garita/devices"
	"garita/devices/profile"
)

// Bytes is how many bytes the sensor's image has on the wire, without headers. The error
// says that the profile's geometry is outside the bounds of an image, before anything is
// allocated for it.
func Bytes(i profile.Image) (int, error) {
	if i.Width < 1 || i.Height < 1 || i.Width > border.MaxFingerSide || i.Height > border.MaxFingerSide ||
		i.Bits != 4 && i.Bits != 8 || i.Width*i.Height%2 != 0 && i.Bits == 4 {
		return 0, &border.Error{Code: border.Invalid, Op: "take a fingerprint", Err: devices.ErrUnsupported,
			Message: "The profile's image has an impossible size. Correct its width, height and bits."}
	}
	return i.Width * i.Height * i.Bits / 8, nil
}

// Finger makes an image of what the sensor sent: raw has as many bytes as [Bytes] says,
// two pixels in one with 4 bits, the left one in the upper half.
func Finger(i profile.Image, raw []byte) border.FingerImage {
	pixels := make([]byte, i.Width*i.Height)
	if i.Bits == 4 {
		for k := range pixels {
			pixels[k] = raw[k/2] >> (4 * (1 - k%2)) & 0x0f * 17 // 0 to 15 becomes 0 to 255
		}
	} else {
		copy(pixels, raw)
	}
	if i.Invert {
		for k := range pixels {
			pixels[k] = ^pixels[k]
		}
	}
	f := border.FingerImage{Width: i.Width, Height: i.Height, DPI: i.DPI, Pixels: pixels}
	return turn(flip(f, i.Flip), i.Rotate)
}

func flip(f border.FingerImage, how string) border.FingerImage {
	sideways, over := how == "horizontal" || how == "both", how == "vertical" || how == "both"
	if !sideways && !over {
		return f
	}
	return arrange(f, f.Width, f.Height, func(x, y int) (int, int) {
		if sideways {
			x = f.Width - 1 - x
		}
		if over {
			y = f.Height - 1 - y
		}
		return x, y
	})
}

// turn rotates clockwise.
func turn(f border.FingerImage, degrees int) border.FingerImage {
	switch degrees {
	case 90:
		return arrange(f, f.Height, f.Width, func(x, y int) (int, int) { return y, f.Height - 1 - x })
	case 180:
		return flip(f, "both")
	case 270:
		return arrange(f, f.Height, f.Width, func(x, y int) (int, int) { return f.Width - 1 - y, x })
	default:
		return f
	}
}

// arrange makes an image of w × h pixels whose pixel at x, y is that of f at from(x, y).
func arrange(f border.FingerImage, w, h int, from func(x, y int) (int, int)) border.FingerImage {
	pixels := make([]byte, len(f.Pixels))
	for y := range h {
		for x := range w {
			fx, fy := from(x, y)
			pixels[y*w+x] = f.Pixels[fy*f.Width+fx]
		}
	}
	f.Width, f.Height, f.Pixels = w, h, pixels
	return f
}
