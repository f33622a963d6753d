package r30x

import (
	"garita/border"
	"garita/devices"
	"garita/devices/drivers/geometry"
	"garita/devices/profile"
)

// imageBytes is how many bytes an image has on the wire, without the frames of its
// packets. The error says that the profile's geometry is outside the bounds of an image,
// before anything is asked or allocated for it.
func imageBytes(i profile.Image) (int, error) {
	if i.Width < 1 || i.Height < 1 || i.Width > border.MaxFingerSide || i.Height > border.MaxFingerSide ||
		i.Bits != 4 && i.Bits != 8 || i.Bits == 4 && i.Width*i.Height%2 != 0 {
		return 0, &border.Error{Code: border.Invalid, Op: "take a fingerprint", Err: devices.ErrUnsupported,
			Message: "The profile's image has an impossible size. Correct its width, height and bits."}
	}
	return i.Width * i.Height * i.Bits / 8, nil
}

// finger makes an image of the bytes that a module sent: with 4 bits for a pixel two
// pixels in each byte, the left one in the upper half.
func finger(i profile.Image, raw []byte) border.FingerImage {
	pixels := make([]byte, i.Width*i.Height)
	if i.Bits == 4 {
		for k := range pixels {
			pixels[k] = raw[k/2] >> (4 * (1 - k%2)) & 0x0f * 17 // 0 to 15 becomes 0 to 255
		}
	} else {
		copy(pixels, raw)
	}
	f := border.FingerImage{DPI: i.DPI}
	f.Pixels, f.Width, f.Height = geometry.Upright(i, pixels, i.Width, i.Height)
	return f
}
