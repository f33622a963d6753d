// Package fingerprint judges finger images. Its quality, finq, is our own measure: worked out
// from the area that shows ridges, their contrast and their clarity. It is not NFIQ, and
// nothing is claimed of how well it foretells a matcher's errors. The room is pure: no clock,
// no I/O, no state.
package fingerprint

import (
	"context"
	"math"

	"garita/border"
)

// Floor is the finq below which an image is not kept.
const Floor = 25

// Good is the finq from which another attempt is not worth the traveller's time.
const Good = 55

// Problem says what is wrong with an image, for the person who presents the next one.
type Problem string

// The problems, in the order in which they are looked for.
const (
	NoFinger  Problem = "no_finger" // nothing that looks like ridges
	TooHigh   Problem = "too_high"  // the finger lies too far up in the image
	TooLow    Problem = "too_low"   // too far down
	TooLeft   Problem = "too_left"  // too far left
	TooRight  Problem = "too_right" // too far right
	TooSmall  Problem = "too_small" // only a little of it touches: press flat
	TooDry    Problem = "too_dry"   // pale, broken ridges
	TooWet    Problem = "too_wet"   // dark, ridges run together
	NotClear  Problem = "not_clear" // smeared, moved, or the glass is dirty
	NoProblem Problem = ""          // nothing to do better
)

// Quality is what was measured of an image.
type Quality struct {
	// Finq is the quality, 0 to 100. It is 0 if there are no ridges.
	Finq     int
	Share    float64 // of the image that shows ridges, 0 to 1
	AreaMM2  float64 // the same in square millimetres
	Contrast float64 // standard deviation of grey across the ridges, 0 to 127
	Clarity  float64 // share of the grey's variance that ridges of one direction explain, 0 to 1
	Period   float64 // mean distance from ridge to ridge, mm; 0 without ridges
	// Problem is what to do better; of an image that is good enough it may be NoProblem.
	Problem Problem
}

// Enough reports whether the image may be kept.
func (q Quality) Enough() bool { return q.Finq >= Floor }

// Measures of ridges and of the windows they are looked for in, mm.
const (
	windowMM = 1.6 // side: about three ridges
	stepMM   = 0.8
	shortest = 0.25 // from ridge to ridge: small children
	longest  = 1.10
)

// maxDPI bounds the resolution at which an image is looked at; a finer one is thinned out.
const maxDPI = 600

// leastDeviation is the standard deviation of grey below which a window holds nothing but the
// sensor's noise.
const leastDeviation = 5

// Measure judges an image. [border.Invalid]: its bounds contradict each other or are beyond
// [border.MaxFingerSide] and [border.MaxFingerPixels]. [border.Unavailable]: ctx has ended.
func Measure(ctx context.Context, image border.FingerImage) (Quality, error) {
	const op = "judge a finger image"
	if image.Width < 1 || image.Height < 1 || image.Width > border.MaxFingerSide || image.Height > border.MaxFingerSide ||
		image.Width*image.Height > border.MaxFingerPixels || len(image.Pixels) != image.Width*image.Height || image.DPI < 100 || image.DPI > 2000 {
		return Quality{}, &border.Error{Code: border.Invalid, Op: op,
			Message: "The scanner sent an image of impossible size. Present the finger again; if this goes on, check the scanner in the workshop."}
	}
	p := thinned(image)
	side := max(int(math.Round(windowMM*p.dpi/25.4)), 8)
	step := max(side/2, 1)
	var t tally
	w := newWindow(side)
	for y := 0; y+side <= p.height; y += step {
		if err := ctx.Err(); err != nil {
			return Quality{}, &border.Error{Code: border.Unavailable, Op: op, Err: err}
		}
		for x := 0; x+side <= p.width; x += step {
			t.add(w.look(&p, x, y), x+side/2, y+side/2)
		}
	}
	return t.quality(&p, float64(step)), nil
}

// picture is an image at no more than maxDPI.
type picture struct {
	width, height int
	dpi           float64
	pixels        []byte
}

// thinned averages an image down to no more than maxDPI.
func thinned(image border.FingerImage) picture {
	n := (image.DPI + maxDPI - 1) / maxDPI
	if n <= 1 || image.Width < n || image.Height < n {
		return picture{image.Width, image.Height, float64(image.DPI), image.Pixels}
	}
	p := picture{image.Width / n, image.Height / n, float64(image.DPI) / float64(n), nil}
	p.pixels = make([]byte, p.width*p.height)
	for y := range p.height {
		for x := range p.width {
			sum := 0
			for dy := range n {
				row := (y*n+dy)*image.Width + x*n
				for _, v := range image.Pixels[row : row+n] {
					sum += int(v)
				}
			}
			p.pixels[y*p.width+x] = byte(sum / (n * n))
		}
	}
	return p
}

// tally adds up what the windows show.
type tally struct {
	windows, fore int
	weight        float64 // sum of clarities: how much of each window counts
	contrast      float64
	period        float64
	grey, all     float64 // of the windows that hold anything, of all
	x, y          float64 // centre of what shows ridges, weighted
}

func (t *tally) add(v view, x, y int) {
	t.windows++
	t.all += v.mean
	if v.deviation < leastDeviation {
		return
	}
	t.fore++
	t.grey += v.mean
	t.weight += v.clarity
	t.contrast += v.clarity * v.amplitude
	t.period += v.clarity * v.period
	t.x += v.clarity * float64(x)
	t.y += v.clarity * float64(y)
}

// Where each measure is as good as it needs to be. They were chosen on drawn ridges and on the
// few pictures of real sensors that are at hand; a validation by matchers' errors is to come.
const (
	fullAreaMM2  = 140 // of a flat finger; less is less for a matcher, whatever the sensor
	fullContrast = 18
	fullClarity  = 0.50
	leastShare   = 0.30 // of the image: below it too little of the finger touches
)

func (t *tally) quality(p *picture, step float64) Quality {
	var q Quality
	if t.windows == 0 || t.weight < 1 || t.weight < 0.04*float64(t.windows) {
		q.Problem = NoFinger
		return q
	}
	cell := step * 25.4 / p.dpi
	q.Share = t.weight / float64(t.windows)
	q.AreaMM2 = t.weight * cell * cell
	q.Contrast = t.contrast / t.weight
	q.Clarity = t.weight / float64(t.fore)
	q.Period = t.period / t.weight
	total := full(q.AreaMM2/fullAreaMM2) * math.Sqrt(full(q.Contrast/fullContrast)) * full(q.Clarity/fullClarity)
	q.Finq = int(math.Round(100 * total))
	q.Problem = t.problem(p, &q)
	return q
}

// full bounds a share at 1.
func full(v float64) float64 { return math.Max(0, math.Min(v, 1)) }

// problem says what would make the image better; nothing if it is good.
func (t *tally) problem(p *picture, q *Quality) Problem {
	if q.Finq >= Good {
		return NoProblem
	}
	grey, touched := t.grey/float64(t.fore), float64(t.fore)/float64(t.windows)
	if touched < 0.6 {
		x, y := t.x/t.weight/float64(p.width)-0.5, t.y/t.weight/float64(p.height)-0.5
		switch off := math.Max(math.Abs(x), math.Abs(y)); {
		case off < 0.15:
		case -y == off:
			return TooHigh
		case y == off:
			return TooLow
		case -x == off:
			return TooLeft
		default:
			return TooRight
		}
		if touched < leastShare {
			return TooSmall
		}
	}
	switch {
	case q.Contrast < fullContrast && grey < 85 || grey < 60:
		return TooWet
	case q.Contrast < fullContrast && grey > 180:
		return TooDry
	case q.Clarity < fullClarity:
		return NotClear
	case q.AreaMM2 < fullAreaMM2/2:
		return TooSmall
	}
	return NotClear
}
