package uareu

import (
	"encoding/binary"
	"fmt"

	"garita/devices/profile"
)

// An image begins with 64 bytes: the number of lines that follow at 4 (16 bits,
// little-endian), the number of the key at 6, and from 16 on up to 15 pairs of flags and
// a count of lines. The other bytes' meaning is not known. Then come the lines.
const (
	headerBytes = 64
	linesAt     = 4
	keyAt       = 6
	blocksAt    = 16
	maxBlocks   = 15
)

// Flags of a block of lines.
const (
	blockNewKey    = 0x80 // from here on the next key
	blockKeepKey   = 0x04 // the key does not move on in these lines
	blockScrambled = 0x02
	blockAbsent    = 0x01 // the lines are blank and were not sent
)

// wireBytes returns how long the image that begins with b must be. Errors say that it is
// none of this sensor.
func wireBytes(b []byte, p profile.Image) (int, error) {
	if len(b) < headerBytes {
		return 0, fault("The scanner sent half an image.", fmt.Sprintf("%d bytes", len(b)))
	}
	lines := int(binary.LittleEndian.Uint16(b[linesAt:]))
	if lines == 0 || lines > p.Height {
		return 0, fault("The scanner sent an image of another size.", fmt.Sprintf("%d lines", lines))
	}
	if most := headerBytes + p.Width*p.Height; len(b) > most {
		return 0, fault("The scanner sent too large an image.", fmt.Sprintf("%d bytes, more than %d", len(b), most))
	}
	return headerBytes + lines*p.Width, nil
}

// decode makes pixels of a whole image, Width × Height, as the sensor sees them. It works
// in b. keys gives the key of a number.
func decode(b []byte, p profile.Image, keys func(uint8) (keystream, error)) ([]byte, error) {
	whole, err := wireBytes(b, p)
	if err != nil {
		return nil, err
	}
	if len(b) < whole {
		return nil, fault("The scanner sent half an image.", fmt.Sprintf("%d of %d bytes", len(b), whole))
	}
	data := b[headerBytes:whole]
	// Some readers mark lines as scrambled and send them plain.
	scrambled := anyScrambled(b) && roughness(data, p.Width) > roughest
	number := b[keyAt]
	var key keystream
	if scrambled {
		if key, err = keys(number); err != nil {
			return nil, err
		}
	}
	pixels := blank(p)
	row := 0
	for i := 0; i < maxBlocks && len(data) > 0; i++ {
		flags, lines := b[blocksAt+2*i], int(b[blocksAt+2*i+1])
		if lines == 0 {
			break
		}
		if row+lines > p.Height {
			return nil, fault("The scanner sent an image of another size.", "blocks of more lines than the sensor has")
		}
		if scrambled && flags&blockNewKey != 0 {
			number++
			if key, err = keys(number); err != nil {
				return nil, err
			}
		}
		absent := flags&blockAbsent != 0
		part := data[:0]
		if !absent {
			part = data[:min(lines*p.Width, len(data))]
		}
		switch {
		case !scrambled || flags&blockKeepKey != 0:
		case flags&blockScrambled != 0 && !absent:
			key.descramble(part)
			if roughness(part, p.Width) > roughest {
				clear(pixels)
				return nil, fault("The scanner's image cannot be unscrambled.", "noise under the key")
			}
		default:
			key.skip(lines * p.Width)
		}
		copy(pixels[row*p.Width:], part)
		data = data[len(part):]
		row += lines
	}
	if len(data) > 0 {
		return nil, fault("The scanner sent an image of another form.", "lines in no block")
	}
	return pixels, nil
}

// blank is an image of nothing, in the sensor's own sense of dark and bright.
func blank(p profile.Image) []byte {
	pixels := make([]byte, p.Width*p.Height)
	if !p.Invert {
		for i := range pixels {
			pixels[i] = 255
		}
	}
	return pixels
}

func anyScrambled(b []byte) bool {
	for i := range maxBlocks {
		if b[blocksAt+2*i]&blockScrambled != 0 && b[blocksAt+2*i+1] != 0 {
			return true
		}
	}
	return false
}

// roughest is the mean difference of neighbours above which pixels are no picture:
// independent bytes have 85, ridges of full contrast as dense as they can stand below 60.
const roughest = 64

// roughness is the mean difference of neighbouring pixels in the lines of b that are not
// all alike.
func roughness(b []byte, width int) int {
	sum, count := 0, 0
	for ; len(b) >= width; b = b[width:] {
		line := 0
		for x := 1; x < width; x++ {
			diff := int(b[x]) - int(b[x-1])
			sign := diff >> 63
			line += (diff ^ sign) - sign // absolute, and no branch for noise to mislead
		}
		if line > 0 {
			sum, count = sum+line, count+width-1
		}
	}
	if count == 0 {
		return 0
	}
	return sum / count
}
