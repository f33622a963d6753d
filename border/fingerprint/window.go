package fingerprint

import "math"

// view is what one window shows.
type view struct {
	mean, deviation float64 // of grey
	// clarity is the share of the variance that ridges of one direction explain, 0 to 1; 0 if
	// their distance is none that ridges have.
	clarity   float64
	amplitude float64 // standard deviation of grey across the ridges
	period    float64 // from ridge to ridge, mm
}

// window looks at squares of one size. It keeps its room from one to the next.
type window struct {
	side  int
	sums  []float64 // grey along lines parallel to the ridges
	n     []float64 // pixels of each
	waves []float64 // mean grey of each line, less the mean
}

func newWindow(side int) *window {
	lines := side*3/2 + 3 // the diagonal
	return &window{side: side, sums: make([]float64, lines), n: make([]float64, lines), waves: make([]float64, 0, lines)}
}

// look measures the square whose upper left corner is at x, y.
func (w *window) look(p *picture, x, y int) view {
	var sum, squares int
	for r := range w.side {
		for _, g := range p.pixels[(y+r)*p.width+x:][:w.side] {
			sum += int(g)
			squares += int(g) * int(g)
		}
	}
	n := float64(w.side * w.side)
	v := view{mean: float64(sum) / n}
	variance := float64(squares)/n - v.mean*v.mean
	if variance < leastDeviation*leastDeviation {
		return v
	}
	v.deviation = math.Sqrt(variance)
	angle, certain := w.across(p, x, y)
	if !certain {
		return v
	}
	w.project(p, x, y, angle, v.mean)
	explained, spacing := w.rhythm()
	if spacing == 0 {
		return v
	}
	mm := spacing * 25.4 / p.dpi
	if mm < shortest || mm > longest {
		return v
	}
	v.period = mm
	v.amplitude = math.Sqrt(explained)
	v.clarity = math.Min(explained/variance, 1)
	return v
}

// across returns the direction of the steepest grey, radians, from the square's gradients; not
// certain if there is none.
func (w *window) across(p *picture, x, y int) (angle float64, certain bool) {
	var xx, yy, xy int
	for r := 1; r < w.side-1; r++ {
		row := (y+r)*p.width + x
		above, here, below := p.pixels[row-p.width:][:w.side], p.pixels[row:][:w.side], p.pixels[row+p.width:][:w.side]
		for c := 1; c < w.side-1; c++ {
			dx, dy := int(here[c+1])-int(here[c-1]), int(below[c])-int(above[c])
			xx += dx * dx
			yy += dy * dy
			xy += dx * dy
		}
	}
	if xx+yy == 0 {
		return 0, false
	}
	return 0.5 * math.Atan2(2*float64(xy), float64(xx-yy)), true
}

// project averages the grey along lines across the direction, one pixel apart.
func (w *window) project(p *picture, x, y int, angle, mean float64) {
	clear(w.sums)
	clear(w.n)
	// Fixed point: 16 bits behind the point are far finer than a pixel.
	dx, dy := int(math.Round(math.Cos(angle)*65536)), int(math.Round(math.Sin(angle)*65536))
	middle := len(w.sums)/2<<16 + 1<<15
	half := w.side / 2
	for r := range w.side {
		at := middle + (r-half)*dy - half*dx
		for _, g := range p.pixels[(y+r)*p.width+x:][:w.side] {
			if i := at >> 16; i >= 0 && i < len(w.sums) {
				w.sums[i] += float64(g)
				w.n[i]++
			}
			at += dx
		}
	}
	w.waves = w.waves[:0]
	for i, n := range w.n {
		if n >= float64(w.side)/2 { // the corners' short lines say little
			w.waves = append(w.waves, w.sums[i]/n-mean)
		}
	}
}

// rhythm returns the variance along the projection, without its slope, and the distance at which it
// repeats, pixels; 0 if it does not.
func (w *window) rhythm() (variance, spacing float64) {
	if len(w.waves) < 6 {
		return 0, 0
	}
	level(w.waves)
	for _, v := range w.waves {
		variance += v * v
	}
	variance /= float64(len(w.waves))
	if variance == 0 {
		return 0, 0
	}
	// The first and the last time it passes its mean upwards, and how often between.
	first, last, times := -1.0, -1.0, 0
	for i := 1; i < len(w.waves); i++ {
		a, b := w.waves[i-1], w.waves[i]
		if a < 0 && b >= 0 {
			at := float64(i-1) + a/(a-b)
			if first < 0 {
				first = at
			} else {
				times++
			}
			last = at
		}
	}
	if times == 0 {
		return 0, 0
	}
	return variance, (last - first) / float64(times)
}

// level takes the mean and the slope out of a row of values: pressure fades slowly across a finger,
// ridges do not.
func level(v []float64) {
	n := float64(len(v))
	var mean, slope float64
	for _, x := range v {
		mean += x
	}
	mean /= n
	middle := (n - 1) / 2
	for i, x := range v {
		slope += (float64(i) - middle) * (x - mean)
	}
	slope /= n * (n*n - 1) / 12
	for i := range v {
		v[i] -= mean + slope*(float64(i)-middle)
	}
}
