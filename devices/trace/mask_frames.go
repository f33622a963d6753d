package trace

import (
	"bytes"
	"encoding/binary"
)

// tlv masks the frames of Elyctis readers: a command, the length of its data in two bytes
// and the data. Answers about the reader itself are shown if they were asked for.
type tlv struct {
	most   int // bytes of data
	head   []byte
	left   int // bytes of data still to come
	shown  bool
	lost   bool // the frames' beginnings, until the line is silent
	quiets int  // silences in a row
	asked  [256]bool
	last   byte  // the byte before, if it may be a command
	at     *byte // where that is remembered
}

// endOfFrame is how many silences in a row end a frame that has not ended, as the driver
// does after 400 ms.
const endOfFrame = 2

// maxHigh is the highest first byte of a length that can be one.
const maxHigh = 0x10

func (t *tlv) in(_ uint8, b []byte) ([]byte, []Run) {
	t.quiets = 0
	m := make([]byte, len(b))
	for i, c := range b {
		if t.begins(c) {
			*t.at = t.last
			t.lost, t.left, t.head = false, 0, append(t.head[:0], t.last)
		}
		m[i] = t.one(c)
		t.last, t.at = c, &m[i]
	}
	return m, nil
}

// begins reports whether a frame begins with the byte before, in the middle of something
// that is hidden: a command, and the first byte of a length that no document has in it.
func (t *tlv) begins(c byte) bool {
	return c <= 1 && t.at != nil && tlvCommand(t.last) && (t.lost || t.left > 0 && !t.shown)
}

func tlvCommand(c byte) bool { return bytes.IndexByte([]byte("ILCVWRT"), c) >= 0 }

func (t *tlv) one(c byte) byte {
	if t.lost {
		return shape(c)
	}
	if t.left > 0 {
		if t.left--; t.left == 0 {
			t.head = t.head[:0]
		}
		if t.shown {
			return c
		}
		return shape(c)
	}
	if len(t.head) == 0 && !tlvCommand(c) {
		t.lost = true
		return shape(c)
	}
	t.head = append(t.head, c)
	if len(t.head) == 2 && c > maxHigh {
		t.lost = true
		return shape(c)
	}
	if len(t.head) < 3 {
		return c
	}
	t.left = int(binary.BigEndian.Uint16(t.head[1:]))
	command := t.head[0]
	// 'C' answers with a byte or two about the mode.
	t.shown = command == 'C' && t.left <= 2 || command != 'I' && command != 'L' && t.left <= 64 && t.asked[command]
	t.asked[command] = false
	if most := max(t.most, 512); t.left > most {
		t.lost, t.left = true, 0
	}
	if t.left == 0 {
		t.head = t.head[:0]
	}
	return c
}

func (t *tlv) out(b []byte) {
	if len(b) > 0 {
		t.asked[b[0]] = true
	}
}

func (t *tlv) quiet() {
	if t.quiets++; t.quiets >= endOfFrame {
		t.lost, t.left, t.head = false, 0, t.head[:0]
	}
}

// packets masks the EF 01 packets of fingerprint modules: pixels become 0, with the sum
// that then is right. An answer is shown when its own sum has proved it to be one.
type packets struct {
	head []byte // 9 bytes
	left int    // bytes of payload still to come
	sum  []byte // of the masked packet; what is left of it to come
	data bool
	real uint16 // the sum over what came
	got  []byte // the sum that came
	veil veil
}

const (
	packetHead = 9
	packetData = 0x02
	packetLast = 0x08
	packetMost = 64 // bytes of an answer that is shown
)

var (
	packetAddress = []byte{0xff, 0xff, 0xff, 0xff} // of every module that nobody has given another
	packetKinds   = []byte{0x01, packetData, 0x07, packetLast}
)

func (p *packets) in(_ uint8, b []byte) ([]byte, []Run) {
	m := make([]byte, len(b))
	for i, c := range b {
		p.one(&m[i], c)
	}
	return m, nil
}

func (p *packets) one(at *byte, c byte) {
	switch {
	case len(p.head) < packetHead:
		p.begin(at, c)
	case p.left > 0:
		p.left--
		p.real += uint16(c)
		if p.data {
			return // 0
		}
		p.veil.add(at, c)
	default:
		if p.data {
			// A sum that is wrong stays as wrong as it was.
			*at = p.sum[0] ^ c ^ byte(p.real>>(8*(len(p.sum)-1)))
			p.sum = p.sum[1:]
			if len(p.sum) == 0 {
				p.reset()
			}
			return
		}
		p.veil.add(at, c)
		if p.got = append(p.got, c); len(p.got) == 2 {
			if binary.BigEndian.Uint16(p.got) == p.real {
				p.veil.show(0, packetMost+2)
			}
			p.reset()
		}
	}
}

// begin takes a byte of a packet's head, which is shown when it is whole and one: pixels
// may begin as a packet does.
func (p *packets) begin(at *byte, c byte) {
	if n := len(p.head); n == 0 && c != 0xef || n == 1 && c != 0x01 {
		p.reset()
		if c != 0xef {
			return // 0
		}
	}
	p.head = append(p.head, c)
	p.veil.add(at, c)
	if len(p.head) < packetHead {
		return
	}
	kind, n := p.head[6], int(binary.BigEndian.Uint16(p.head[7:]))
	if !bytes.Equal(p.head[2:6], packetAddress) || bytes.IndexByte(packetKinds, kind) < 0 {
		p.reset()
		return
	}
	p.veil.show(0, packetHead)
	p.real = uint16(kind) + uint16(p.head[7]) + uint16(p.head[8])
	p.data = kind == packetData || kind == packetLast || n > packetMost+2
	p.sum = binary.BigEndian.AppendUint16(nil, p.real)
	if p.left = n - 2; p.left < 0 {
		p.reset()
	}
}

// out: the driver asks nothing while it has half a packet in hand.
func (p *packets) out([]byte) { p.reset() }
func (p *packets) quiet()     {}

func (p *packets) reset() {
	p.veil.drop()
	p.head, p.got, p.left = p.head[:0], p.got[:0], 0
}
