package uareu

import (
	"encoding/binary"
	"slices"
)

// Lines are how many lines an image has on the wire; the last of the sensor's is blank
// and not sent.
const Lines = Height - 1

// Image header: see the protocol's description in devices/drivers/uareu. This is written
// from the description again, not shared, so that a slip in one shows.
const header = 64

// block is a run of lines.
type block struct {
	lines     int
	scrambled bool
	newKey    bool
	keepKey   bool
	absent    bool
}

// layout is how an emulated image is cut into blocks: every kind of block is in it.
func layout(scrambled bool) []block {
	if !scrambled {
		return []block{{lines: 200}, {lines: Lines - 200}, {lines: 1, absent: true}}
	}
	return []block{
		{lines: 90, scrambled: true},
		{lines: 10},                                // plain, and the key moves on
		{lines: 5, keepKey: true},                  // plain, and it does not
		{lines: 95, scrambled: true, newKey: true}, // the next key
		{lines: Lines - 200, scrambled: true},
		{lines: 1, absent: true},
	}
}

// Key is the reader's key of a number.
func Key(number byte) uint32 { return 0x9E3779B9*(uint32(number)+1) ^ 0x1234ABCD }

// Encode is an image on the wire: header and lines, scrambled from the key of a number
// on. pixels are Width × Height as the sensor sees them.
func Encode(pixels []byte, number byte, scrambled bool) []byte {
	b := make([]byte, header, header+Width*Height)
	b[0], b[1] = 0x08, 0x01 // unknown to us; something
	binary.LittleEndian.PutUint16(b[4:], Lines)
	b[6] = number
	key := Key(number)
	row := 0
	for i, k := range layout(scrambled) {
		b[16+2*i], b[17+2*i] = flags(k), byte(k.lines)
		if k.newKey {
			number++
			key = Key(number)
		}
		part := slices.Clone(pixels[row*Width : (row+k.lines)*Width])
		row += k.lines
		switch {
		case k.scrambled:
			key = Scramble(part, key)
		case !k.keepKey:
			for range part {
				key = next(key)
			}
		}
		if !k.absent {
			b = append(b, part...)
		}
	}
	return b
}

// Seen is what a driver can make of pixels that were sent: the last pixel of each
// scrambled block is lost (0), and absent lines are blank (0, in the sensor's sense).
func Seen(pixels []byte, scrambled bool) []byte {
	seen := slices.Clone(pixels)
	row := 0
	for _, k := range layout(scrambled) {
		if k.absent {
			clear(seen[row*Width : (row+k.lines)*Width])
		}
		row += k.lines
		if k.scrambled {
			seen[row*Width-1] = 0
		}
	}
	return seen
}

func flags(k block) (f byte) {
	for bit, set := range map[byte]bool{0x80: k.newKey, 0x04: k.keepKey, 0x02: k.scrambled, 0x01: k.absent} {
		if set {
			f |= bit
		}
	}
	return f
}

// Scramble lays the key's bytes over pixels, each one place further on, and returns the key after them.
func Scramble(pixels []byte, key uint32) uint32 {
	before := byte(0x5A) // the first byte carries nothing
	for i, v := range pixels {
		pixels[i] = before
		before = v ^ over(key)
		key = next(key)
	}
	return key
}

func over(key uint32) byte {
	return byte(key>>4&1 | key>>8&1<<1 | key>>11&1<<2 | key>>14&1<<3 | key>>18&1<<4 | key>>21&1<<5 | key>>24&1<<6 | key>>29&1<<7)
}

// next has its taps at the bits 0, 2, 3, 6, 10, 12, 19, 22, 25, 28 and 31.
func next(key uint32) uint32 {
	parity := key ^ key>>2 ^ key>>3 ^ key>>6 ^ key>>10 ^ key>>12 ^ key>>19 ^ key>>22 ^ key>>25 ^ key>>28 ^ key>>31
	return key>>1 | parity<<31
}

// Empty is what the sensor sees without a finger: dark, with a little grain.
func Empty() []byte {
	b := make([]byte, Width*Height)
	for i := range b {
		b[i] = byte(i * 7 % 5)
	}
	return b
}

// Wire turns upright pixels (0 is ridge) into what the sensor of a model sees: bright
// ridges, and for the 4000 turned by 180 degrees.
func Wire(upright []byte, m Model) []byte {
	b := slices.Clone(upright)
	for i := range b {
		b[i] = 255 - b[i]
	}
	if m.ProductID != U4000B.ProductID {
		slices.Reverse(b)
	}
	return b
}
