package uareu

import (
	"garita/devices/profile"
)

// Refill makes an image of a recording whose pixels were left out take the same way
// through the driver again: where the keys by number were asked for, its lines become a
// grey picture under them. Without keys the lines had come plain, and stay empty.
func Refill(image []byte, p profile.Image, keys map[uint8]uint32) {
	whole, err := wireBytes(image, p)
	if err != nil || len(image) < whole || !anyScrambled(image) {
		return
	}
	number := image[keyAt]
	key, scrambled := keys[number]
	if !scrambled {
		return
	}
	stream, data := keystream(key), image[headerBytes:whole]
	for i := 0; i < maxBlocks && len(data) > 0; i++ {
		flags, lines := image[blocksAt+2*i], int(image[blocksAt+2*i+1])
		if lines == 0 {
			return
		}
		if flags&blockNewKey != 0 {
			number++
			stream = keystream(keys[number])
		}
		part := data[:0]
		if flags&blockAbsent == 0 {
			part = data[:min(lines*p.Width, len(data))]
		}
		switch {
		case flags&blockKeepKey != 0:
		case flags&blockScrambled != 0 && len(part) > 0:
			for j := 1; j < len(part); j++ {
				part[j] = stream.mask()
				stream.step()
			}
			stream.step()
		default:
			stream.skip(lines * p.Width)
		}
		data = data[len(part):]
	}
}
