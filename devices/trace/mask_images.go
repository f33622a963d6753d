package trace

import (
	"bytes"
	"encoding/binary"
)

// lines masks the images of U.are.U readers: their pixels are left out. The 64 bytes
// before them stay, if they are what stands before an image.
type lines struct {
	width, height int
	images        uint8 // endpoint
}

// The head of an image; see devices/drivers/uareu.
const (
	linesHead   = 64
	linesAt     = 4
	linesBlocks = 16
	linesMost   = 15
	linesAbsent = 0x01
)

func (l *lines) in(endpoint uint8, b []byte) ([]byte, []Run) {
	if endpoint != l.images && len(b) <= linesHead {
		return bytes.Clone(b), nil // events
	}
	if endpoint == l.images && l.headed(b) {
		return bytes.Clone(b[:linesHead]), rest(len(b) - linesHead)
	}
	return nil, rest(len(b))
}

// headed reports whether b begins as an image does: what it says of its lines and what
// it says of its blocks agree. Pixels do not.
func (l *lines) headed(b []byte) bool {
	if len(b) < linesHead {
		return false
	}
	sent := int(binary.LittleEndian.Uint16(b[linesAt:]))
	if sent == 0 || sent > l.height {
		return false
	}
	for i := range linesMost {
		flags, n := b[linesBlocks+2*i], int(b[linesBlocks+2*i+1])
		if n == 0 {
			break
		}
		if flags&^0x87 != 0 {
			return false
		}
		if flags&linesAbsent == 0 {
			sent -= n
		}
	}
	return sent == 0
}

func (l *lines) out([]byte) {}
func (l *lines) quiet()     {}

func rest(n int) []Run {
	if n == 0 {
		return nil
	}
	return []Run{{N: n}}
}

// frames masks the images of the EgisTec sensor: each frame becomes as bright all over
// as it was on average, which is how the driver knows whether a finger is there.
type frames struct {
	size   int // of one frame
	images uint8
}

var egisAnswer = []byte("SIGE")

func (f *frames) in(endpoint uint8, b []byte) ([]byte, []Run) {
	if endpoint == f.images && len(b) == 7 && bytes.HasPrefix(b, egisAnswer) {
		return bytes.Clone(b), nil
	}
	var runs []Run
	for size := max(f.size, 64); len(b) > 0; {
		part := b[:min(size, len(b))]
		sum := 0
		for _, v := range part {
			sum += int(v)
		}
		mean := byte(sum / len(part))
		if len(part) < size {
			mean = 0 // too few to be an average
		}
		runs = append(runs, Run{N: len(part), Value: mean})
		b = b[len(part):]
	}
	return nil, runs
}

func (f *frames) out([]byte) {}
func (f *frames) quiet()     {}
