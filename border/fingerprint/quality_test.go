package fingerprint_test

import (
	"context"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"garita/border"
	"garita/border/fingerprint"
)

// finger draws ridges around a core, 0.46 mm apart, inside an ellipse: nobody's finger.
func finger(width, height, dpi int) border.FingerImage {
	i := border.FingerImage{Width: width, Height: height, DPI: dpi, Pixels: make([]byte, width*height)}
	mm := 25.4 / float64(dpi)
	cx, cy := float64(width)/2, float64(height)*0.55
	for y := range height {
		for x := range width {
			dx, dy := (float64(x)-cx)*mm, (float64(y)-cy)*mm
			g := 235.0
			rx, ry := float64(width)/2*mm*0.95, float64(height)/2*mm*1.05
			if (dx/rx)*(dx/rx)+(dy/ry)*(dy/ry) < 1 {
				r := math.Hypot(dx*1.2, dy) + 0.4*math.Sin(dx*0.7+dy*0.3)
				g = 130 + 85*math.Sin(2*math.Pi*r/0.46)
			}
			i.Pixels[y*width+x] = byte(g)
		}
	}
	return i
}

// change returns an image with each pixel replaced.
func change(i border.FingerImage, f func(x, y int, g float64) float64) border.FingerImage {
	out := i
	out.Pixels = make([]byte, len(i.Pixels))
	for y := range i.Height {
		for x := range i.Width {
			out.Pixels[y*i.Width+x] = byte(math.Round(max(0, min(255, f(x, y, float64(i.Pixels[y*i.Width+x]))))))
		}
	}
	return out
}

// blurred averages over squares of 2n+1 pixels.
func blurred(i border.FingerImage, n int) border.FingerImage {
	return change(i, func(x, y int, _ float64) float64 {
		sum, count := 0.0, 0.0
		for dy := -n; dy <= n; dy++ {
			for dx := -n; dx <= n; dx++ {
				if x+dx >= 0 && x+dx < i.Width && y+dy >= 0 && y+dy < i.Height {
					sum += float64(i.Pixels[(y+dy)*i.Width+x+dx])
					count++
				}
			}
		}
		return sum / count
	})
}

func noisy(i border.FingerImage, deviation float64) border.FingerImage {
	r := rand.New(rand.NewPCG(1, 2)) // the same noise in every run
	return change(i, func(_, _ int, g float64) float64 { return g + deviation*r.NormFloat64() })
}

func flat(width, height int, grey byte) border.FingerImage {
	i := border.FingerImage{Width: width, Height: height, DPI: 500, Pixels: make([]byte, width*height)}
	for k := range i.Pixels {
		i.Pixels[k] = grey
	}
	return i
}

func measure(t testing.TB, i border.FingerImage) fingerprint.Quality {
	t.Helper()
	q, err := fingerprint.Measure(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	if q.Finq < 0 || q.Finq > 100 || q.Share < 0 || q.Share > 1 || q.Clarity < 0 || q.Clarity > 1 || math.IsNaN(q.AreaMM2+q.Contrast+q.Period) {
		t.Fatalf("out of bounds: %+v", q)
	}
	return q
}

func TestOrder(t *testing.T) {
	clear := finger(384, 290, 500)
	good := measure(t, clear)
	t.Logf("clear   %+v", good)
	if good.Finq < fingerprint.Good || good.Problem != fingerprint.NoProblem || good.Period < 0.40 || good.Period > 0.52 {
		t.Errorf("a clear finger: %+v", good)
	}
	blur, noise := measure(t, blurred(clear, 3)), measure(t, noisy(flat(384, 290, 128), 60))
	t.Logf("blurred %+v", blur)
	t.Logf("noise   %+v", noise)
	if blur.Finq >= good.Finq || noise.Finq >= blur.Finq || noise.Enough() {
		t.Errorf("clear %d, blurred %d, noise %d", good.Finq, blur.Finq, noise.Finq)
	}
	for _, grey := range []byte{0, 128, 255} {
		if q := measure(t, flat(384, 290, grey)); q.Finq != 0 || q.Problem != fingerprint.NoFinger {
			t.Errorf("nothing, all %d: %+v", grey, q)
		}
	}
}

// The worse the image, the lower the number: never higher, and lower in the end.
func TestMonotone(t *testing.T) {
	clear := finger(384, 290, 500)
	for name, step := range map[string]func(n int) border.FingerImage{
		"blur":  func(n int) border.FingerImage { return blurred(blurred(clear, n), n) }, // twice: once turns ridges into valleys
		"noise": func(n int) border.FingerImage { return noisy(clear, 25*float64(n)) },
		"pale": func(n int) border.FingerImage {
			return change(clear, func(_, _ int, g float64) float64 { return 235 - (235-g)*math.Pow(0.6, float64(n)) })
		},
		"cut": func(n int) border.FingerImage {
			return change(clear, func(_, y int, g float64) float64 {
				if y > clear.Height-n*48 {
					return 235
				}
				return g
			})
		},
	} {
		last := 101
		for n := range 7 {
			q := measure(t, step(n))
			t.Logf("%s %d: %d %q", name, n, q.Finq, q.Problem)
			if q.Finq > last {
				t.Errorf("%s %d: %d, though %d before", name, n, q.Finq, last)
			}
			last = q.Finq
		}
		if last >= fingerprint.Good {
			t.Errorf("%s: %d in the end", name, last)
		}
	}
}

// What is wrong is said so that the next image can be better.
func TestProblems(t *testing.T) {
	clear := finger(384, 290, 500)
	only := func(keep func(x, y int) bool) border.FingerImage {
		return change(clear, func(x, y int, g float64) float64 {
			if keep(x, y) {
				return g
			}
			return 235
		})
	}
	for want, i := range map[fingerprint.Problem]border.FingerImage{
		fingerprint.TooHigh:  only(func(_, y int) bool { return y < 90 }),
		fingerprint.TooLow:   only(func(_, y int) bool { return y > 200 }),
		fingerprint.TooLeft:  only(func(x, _ int) bool { return x < 120 }),
		fingerprint.TooRight: only(func(x, _ int) bool { return x > 264 }),
		fingerprint.TooSmall: only(func(x, y int) bool { return math.Hypot(float64(x-192), float64(y-145)) < 70 }),
		fingerprint.TooDry:   change(clear, func(_, _ int, g float64) float64 { return 235 - (235-g)*0.10 }),
		fingerprint.TooWet:   change(clear, func(_, _ int, g float64) float64 { return g * 0.1 }),
		fingerprint.NotClear: noisy(clear, 110),
	} {
		if q := measure(t, i); q.Problem != want {
			t.Errorf("got %+v, want %q", q, want)
		}
	}
}

// Nothing that a scanner may send does harm.
func TestImpossible(t *testing.T) {
	for name, i := range map[string]border.FingerImage{
		"empty": {}, "short": {Width: 10, Height: 10, DPI: 500, Pixels: make([]byte, 99)},
		"wide":     {Width: border.MaxFingerSide + 1, Height: 1, DPI: 500, Pixels: make([]byte, border.MaxFingerSide+1)},
		"negative": {Width: -1, Height: -1, DPI: 500, Pixels: []byte{1}},
		"no dpi":   {Width: 1, Height: 1, Pixels: []byte{1}},
	} {
		if _, err := fingerprint.Measure(t.Context(), i); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range [][2]int{{1, 1}, {1, 2000}, {2000, 1}, {8, 8}, {26, 26}, {33, 31}} {
		measure(t, flat(size[0], size[1], 0))
		measure(t, noisy(flat(size[0], size[1], 128), 80))
	}
	i := finger(1000, 800, 1000) // twice as fine: thinned out, and judged much the same
	if q := measure(t, i); q.Finq < fingerprint.Good {
		t.Errorf("1,000 dpi: %+v", q)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fingerprint.Measure(ended, i); border.CodeOf(err) != border.Unavailable {
		t.Errorf("after its end: %v", err)
	}
}

// The picture of a real sensor, if it is on this machine. It is never part of the project.
func TestRealCapture(t *testing.T) {
	root := os.Getenv("GARITA_TESTDATA")
	if root == "" {
		t.Skip("GARITA_TESTDATA is not set")
	}
	f, err := os.Open(filepath.Join(root, "scanners", "egis0570", "capture.png"))
	if err != nil {
		t.Skip("no recording here")
	}
	defer f.Close()
	pic, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := pic.Bounds()
	i := border.FingerImage{Width: b.Dx(), Height: b.Dy(), DPI: 508}
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, _, _, _ := pic.At(b.Min.X+x, b.Min.Y+y).RGBA()
			i.Pixels = append(i.Pixels, byte(r>>8))
		}
	}
	q := measure(t, i)
	t.Logf("%+v", q)
	if !q.Enough() {
		t.Errorf("a real finger is not enough: %+v", q)
	}
	for n := range 5 {
		t.Logf("blurred %d: %+v", 2*n, measure(t, blurred(i, 2*n)))
	}
}

func FuzzMeasure(f *testing.F) {
	f.Add(26, 26, 500, []byte{0, 255, 7})
	f.Add(1, 1, 100, []byte{})
	f.Fuzz(func(t *testing.T, width, height, dpi int, pattern []byte) {
		i := border.FingerImage{Width: width, Height: height, DPI: dpi, Pixels: pattern}
		if width > 0 && height > 0 && width < 300 && height < 300 && len(pattern) > 0 {
			i.Pixels = make([]byte, width*height)
			for k := range i.Pixels {
				i.Pixels[k] = pattern[k%len(pattern)]
			}
		}
		q, err := fingerprint.Measure(t.Context(), i)
		if err == nil && (q.Finq < 0 || q.Finq > 100 || math.IsNaN(q.Clarity+q.Contrast+q.AreaMM2)) {
			t.Errorf("%+v", q)
		}
	})
}

func BenchmarkMeasure(b *testing.B) {
	i := noisy(finger(384, 290, 500), 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fingerprint.Measure(b.Context(), i); err != nil {
			b.Fatal(err)
		}
	}
}
