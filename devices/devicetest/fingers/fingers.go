// Package fingers draws invented fingerprints: ridges around a core, and marks that are
// at one place each, so that an image that was flipped, turned, shifted or mixed up with
// another is not taken for the right one.
package fingers

import (
	"math"
	"math/rand/v2"
)

// period is the distance of two ridges, in pixels at about 500 dpi.
const period = 9.0

// Draw draws a fingerprint: width × height pixels, 0 is ridge, 255 valley, upright. The
// same number draws the same finger.
func Draw(number, width, height int) []byte {
	pix := make([]byte, width*height)
	cx := float64(width)*0.45 + float64(number%7)
	cy := float64(height)*0.4 + float64(number%11)
	bend := 1.2 + float64(number%5)/10
	for y := range height {
		for x := range width {
			dx, dy := float64(x)-cx, (float64(y)-cy)/bend
			r := math.Hypot(dx, dy) + 3*math.Atan2(dy, dx) // a whorl, slightly spiral
			v := 128 + 100*math.Sin(r*2*math.Pi/period)
			if edge := math.Hypot(dx/float64(width), dy/float64(height)); edge > 0.45 {
				v += (255 - v) * math.Min(1, (edge-0.45)*10) // the finger's edge
			}
			pix[y*width+x] = uint8(v)
		}
	}
	mark(pix, width, width/8, height/8, 6)                 // upper left, large
	mark(pix, width, width-width/8, height/6, 3)           // upper right, small
	mark(pix, width, width/5, height-height/4, 2+number%3) // lower left
	return pix
}

// mark draws a dark square around a point.
func mark(pix []byte, width, x, y, half int) {
	for j := y - half; j <= y+half; j++ {
		for i := x - half; i <= x+half; i++ {
			if at := j*width + i; i >= 0 && i < width && at >= 0 && at < len(pix) {
				pix[at] = 10
			}
		}
	}
}

// Noise is n bytes that are no image: the same ones for the same number.
func Noise(number uint64, n int) []byte {
	r := rand.New(rand.NewPCG(number, number))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}
