// Package geometry turns what a fingerprint sensor sends into an upright image with dark
// ridges, as the profile says.
package geometry

import "garita/devices/profile"

// Upright returns the pixels of a width × height image inverted, flipped and then turned
// clockwise as the profile says, with its new width and height. It may change pix and
// return it.
func Upright(p profile.Image, pix []byte, width, height int) ([]byte, int, int) {
	pix = pix[:width*height]
	if p.Invert {
		for i, v := range pix {
			pix[i] = 255 - v
		}
	}
	if p.Flip == "horizontal" || p.Flip == "both" {
		for y := range height {
			reverse(pix[y*width : (y+1)*width])
		}
	}
	if p.Flip == "vertical" || p.Flip == "both" {
		for y := range height / 2 {
			a, b := pix[y*width:(y+1)*width], pix[(height-1-y)*width:(height-y)*width]
			for x := range a {
				a[x], b[x] = b[x], a[x]
			}
		}
	}
	switch p.Rotate {
	case 180:
		reverse(pix)
	case 90, 270:
		turned := make([]byte, len(pix))
		for y := range height {
			for x, v := range pix[y*width : (y+1)*width] {
				if p.Rotate == 90 {
					turned[x*height+height-1-y] = v
				} else {
					turned[(width-1-x)*height+y] = v
				}
			}
		}
		return turned, height, width
	}
	return pix, width, height
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}
