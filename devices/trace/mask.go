package trace

import (
	"garita/devices/profile"
)

// mask takes personal data out of what one kind of scanner sends, before it is
// remembered. It follows the protocol over the edges of reads, and when it has lost the
// thread it hides more, never less. Its methods are called in the order of the wire.
type mask interface {
	// in returns what may be remembered of bytes that came: a new slice, and what was
	// left out behind it.
	in(endpoint uint8, b []byte) ([]byte, []Run)
	// out is told what the driver sends.
	out(b []byte)
	// quiet is told that the line is silent, or that a call has ended.
	quiet()
}

func maskFor(p *profile.Profile) mask {
	switch p.Driver {
	case "framed", "honeywell":
		return newText(p)
	case "elyctis":
		return &tlv{most: p.Framing.MaxBytes}
	case "r30x":
		return &packets{}
	case "uareu":
		return &lines{width: p.Image.Width, height: p.Image.Height, images: uint8(p.Transport.In)}
	case "egis0570":
		return &frames{size: p.Image.Width * p.Image.Height, images: uint8(p.Transport.In)}
	default:
		return hidden{}
	}
}

// hidden shows nothing but lengths: of a protocol that nobody here knows.
type hidden struct{}

func (hidden) in(_ uint8, b []byte) ([]byte, []Run) { return nil, []Run{{N: len(b)}} }
func (hidden) out([]byte)                           {}
func (hidden) quiet()                               {}

// veil holds a few bytes that are masked for now, and may be shown once it is sure that
// they are harmless: an answer about the firmware, a packet whose checksum is right.
type veil struct {
	at    []*byte // where they are remembered
	plain []byte
}

// maxVeiled bounds a veil: no answer about a firmware is longer.
const maxVeiled = 256

func (v *veil) add(at *byte, plain byte) {
	if len(v.plain) < maxVeiled {
		v.at, v.plain = append(v.at, at), append(v.plain, plain)
	} else {
		v.drop()
	}
}

// show remembers bytes from and to as they are, and forgets the rest.
func (v *veil) show(from, to int) {
	for i := max(from, 0); i < min(to, len(v.plain)); i++ {
		*v.at[i] = v.plain[i]
	}
	v.drop()
}

func (v *veil) drop() {
	clear(v.plain)
	v.at, v.plain = v.at[:0], v.plain[:0]
}

// shape hides a character and keeps its kind: A or a for a letter, 0 for a digit. With
// another parity than the profile's the highest bit says nothing, so it hides no letter.
func shape(c byte) byte {
	switch {
	case c >= 0x80:
		return 0xff
	case c >= 'A' && c <= 'Z':
		return 'A'
	case c >= 'a' && c <= 'z':
		return 'a'
	case c >= '0' && c <= '9':
		return '0'
	default:
		return c
	}
}

// Masked is a text as masks show it.
func Masked(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = shape(c)
	}
	return string(b)
}
