package egis0570

import (
	"garita/border"
	"garita/devices/drivers/geometry"
	"garita/devices/profile"
)

const (
	// touched is how much brighter, on average, a frame with a finger is than one
	// without: a finger covers a third of the sensor or more.
	touched = 20
	// fewest frames of a finger that count as a swipe: a splash of water has fewer.
	fewest = 3
	// most frames of one swipe: 10 s at the recording's 75 a second.
	most = 750
	// reach is how far a finger may move from one frame to the next, in pixels along and
	// across the swipe; a frame is 57 high, and the overlap must remain large.
	reachAlong, reachAcross = 24, 6
)

// swipe puts the frames of one finger together. Frames are width × height, bright where
// the skin is.
type swipe struct {
	width, height int
	level         int // mean of the darkest frame: one without a finger; 256 before the first
	frames        [][]byte
	left          bool // the finger has gone
}

func newSwipe(width, height int) *swipe {
	return &swipe{width: width, height: height, level: 256}
}

// add takes the next frame. It keeps a copy of what matters.
func (s *swipe) add(frame []byte) {
	if s.left {
		return
	}
	level := mean(frame)
	s.level = min(s.level, level)
	switch {
	case level > s.level+touched:
		s.frames = append(s.frames, append([]byte(nil), frame...))
	case len(s.frames) >= fewest:
		s.left = true
	default:
		s.forget()
	}
}

// over says that the finger has gone, or has been there for too long.
func (s *swipe) over() bool { return s.left || len(s.frames) >= most }

// forget clears the frames; they are personal data.
func (s *swipe) forget() {
	for _, f := range s.frames {
		clear(f)
	}
	s.frames = nil
}

// place is where a frame lies on the picture.
type place struct{ x, y int }

// image lays the frames over each other. Every pixel is one that the sensor sent: of the
// frames that saw a line of the finger, the one that saw it nearest to its own middle.
func (s *swipe) image(p profile.Image) (border.FingerImage, error) {
	places, low, high := s.places()
	width, height := high.x-low.x+s.width, high.y-low.y+s.height
	pixels := make([]byte, width*height)
	if !p.Invert {
		for i := range pixels {
			pixels[i] = 255
		}
	}
	distance := make([]uint8, width*height)
	for i := range distance {
		distance[i] = 255
	}
	for i, f := range s.frames {
		for y := range s.height {
			from := max(y-s.height/2, s.height/2-y)
			at := (places[i].y-low.y+y)*width + places[i].x - low.x
			for x, v := range f[y*s.width : (y+1)*s.width] {
				if int(distance[at+x]) > from {
					distance[at+x], pixels[at+x] = uint8(from), v
				}
			}
		}
	}
	img := border.FingerImage{DPI: p.DPI}
	img.Pixels, img.Width, img.Height = geometry.Upright(p, pixels, width, height)
	return img, nil
}

// places adds up the movements. The picture stays within what a finger image may have:
// frames beyond it are dropped.
func (s *swipe) places() (places []place, low, high place) {
	if len(s.frames) == 0 {
		return nil, low, high
	}
	at, step := place{}, place{}
	places = append(places, at)
	for i := 1; i < len(s.frames); i++ {
		step = s.movement(s.frames[i-1], s.frames[i], step)
		at = place{at.x + step.x, at.y + step.y}
		lowest, highest := place{min(low.x, at.x), min(low.y, at.y)}, place{max(high.x, at.x), max(high.y, at.y)}
		if highest.x-lowest.x+s.width > border.MaxFingerSide || highest.y-lowest.y+s.height > border.MaxFingerSide {
			s.frames = s.frames[:i]
			break
		}
		low, high = lowest, highest
		places = append(places, at)
	}
	return places, low, high
}

// movement is how far the window moved over the finger from one frame to the next: the
// shift at which they differ least where they overlap. The movement before is tried first,
// for a finger keeps its pace, and what is worse than a good guess is soon given up.
func (s *swipe) movement(a, b []byte, before place) (step place) {
	best, bestSize := s.difference(a, b, before.x, before.y, -1, 1)
	step = before
	for _, y := range nearestFirst(reachAlong) {
		for _, x := range nearestFirst(reachAcross) {
			if sum, size := s.difference(a, b, x, y, best, bestSize); size > 0 {
				best, bestSize, step = sum, size, place{x, y}
			}
		}
	}
	return step
}

// difference sums up how b, laid dx and dy further on, differs from a, over every second
// pixel of every second line. It gives up (size 0) once it is worse than the best.
func (s *swipe) difference(a, b []byte, dx, dy, best, bestSize int) (sum, size int) {
	fromX, toX := max(0, dx), s.width+min(0, dx)
	fromY, toY := max(0, dy), s.height+min(0, dy)
	size = ((toX - fromX + 1) / 2) * ((toY - fromY + 1) / 2)
	for y := fromY; y < toY; y += 2 {
		lineA, lineB := y*s.width, (y-dy)*s.width-dx
		for x := fromX; x < toX; x += 2 {
			i, j := lineA+x, lineB+x
			diff := int(a[i]) - int(b[j])
			sign := diff >> 63
			sum += (diff ^ sign) - sign
		}
		if best >= 0 && sum*bestSize >= best*size {
			return 0, 0
		}
	}
	return sum, size
}

// nearestFirst lists 0, 1, -1, 2, -2 … so that of two shifts that fit alike the smaller
// one wins.
func nearestFirst(reach int) []int {
	list := []int{0}
	for i := 1; i <= reach; i++ {
		list = append(list, i, -i)
	}
	return list
}

func mean(b []byte) int {
	sum := 0
	for _, v := range b {
		sum += int(v)
	}
	return sum / max(1, len(b))
}
