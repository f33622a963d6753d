package uareu

import (
	"encoding/binary"
	"math/bits"
)

// keystream is the state of the shift register that scrambles an image: 32 bits, moved to
// the right once for each pixel, with the parity of the tapped bits coming in at the top.
type keystream uint32

// taps are the bits 0, 2, 3, 6, 10, 12, 19, 22, 25, 28 and 31.
const taps = 0x9248144D

// outputs are the bits of the register that make up the byte laid over a pixel, from its
// lowest bit to its highest.
var outputs = [8]uint{4, 8, 11, 14, 18, 21, 24, 29}

func (k *keystream) step() {
	*k = *k>>1 | keystream(bits.OnesCount32(uint32(*k)&taps)&1)<<31
}

// mask is the byte laid over the present pixel.
func (k *keystream) mask() (b byte) {
	for to, from := range outputs {
		b |= byte(*k>>from&1) << to
	}
	return b
}

// The register is linear: what it becomes, and what it gives, is the exclusive-or of what
// each of its four bytes would alone. So eight pixels take four look-ups.
const stride = 8

type contribution struct {
	masks [4][256]uint64    // the bytes laid over the next eight pixels, little-endian
	after [4][256]keystream // the register after them
}

var strides = func() (c contribution) {
	for i := range 4 {
		for v := range 256 {
			k := keystream(v) << (8 * i)
			var b [stride]byte
			for j := range b {
				b[j] = k.mask()
				k.step()
			}
			c.masks[i][v], c.after[i][v] = binary.LittleEndian.Uint64(b[:]), k
		}
	}
	return c
}()

// leap moves the register on by eight pixels and returns what lies over them.
func (k *keystream) leap() uint64 {
	a, b, c, d := byte(*k), byte(*k>>8), byte(*k>>16), byte(*k>>24)
	*k = strides.after[0][a] ^ strides.after[1][b] ^ strides.after[2][c] ^ strides.after[3][d]
	return strides.masks[0][a] ^ strides.masks[1][b] ^ strides.masks[2][c] ^ strides.masks[3][d]
}

func (k *keystream) skip(n int) {
	for ; n >= stride; n -= stride {
		k.leap()
	}
	for range n {
		k.step()
	}
}

// descramble makes pixels of scrambled ones, in place. A pixel travels one place behind
// its own, so the first byte carries none and the last pixel is lost: it becomes 0.
func (k *keystream) descramble(b []byte) {
	if len(b) == 0 {
		return
	}
	i := 0
	for ; i+stride < len(b); i += stride {
		v := binary.LittleEndian.Uint64(b[i+1:]) ^ k.leap()
		binary.LittleEndian.PutUint64(b[i:], v)
	}
	for ; i < len(b)-1; i++ {
		b[i] = b[i+1] ^ k.mask()
		k.step()
	}
	b[i] = 0
	k.step()
}
