package r30x

import (
	"encoding/binary"

	"garita/border"
	"garita/devices"
)

// The kinds of packet (R30x user manual, "data package format").
const (
	pidCommand = 0x01
	pidData    = 0x02
	pidAck     = 0x07
	pidEnd     = 0x08 // the last packet of data
)

// A packet is EF 01, the module's address (4), the kind (1), the length of what follows
// (2), the payload, and the sum of kind, length and payload modulo 2^16 (2); numbers are
// big-endian.
const (
	head       = 9
	sumBytes   = 2
	maxPayload = 256 // the largest that a module can be set to
)

// packet is one packet, without its frame.
type packet struct {
	kind    byte
	payload []byte
}

// appendPacket puts a packet into its frame.
func appendPacket(b []byte, address uint32, kind byte, payload []byte) []byte {
	b = append(b, 0xef, 0x01)
	b = binary.BigEndian.AppendUint32(b, address)
	from := len(b)
	b = append(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)+sumBytes))
	b = append(b, payload...)
	return binary.BigEndian.AppendUint16(b, sum(b[from:]))
}

func sum(b []byte) (s uint16) {
	for _, c := range b {
		s += uint16(c)
	}
	return s
}

// What can be wrong with a packet. All wrap devices.ErrProtocol.
var (
	errNoPacket = broken("The module sends something that is no packet of its protocol. Check that profile and baud rate fit.")
	errTooLong  = broken("The module announces a packet longer than its protocol allows. Check that profile and baud rate fit.")
	errSum      = broken("A packet of the module was damaged on its way. Present the finger again; if this goes on, replace the cable.")
)

func broken(message string) error {
	return &border.Error{Code: border.Unavailable, Op: "read the fingerprint module", Message: message, Err: devices.ErrProtocol}
}

// decoder cuts a stream of bytes into packets. It is pure and holds at most one packet.
type decoder struct {
	buf [head + maxPayload + sumBytes]byte
	n   int
}

// next takes bytes up to the end of one packet and returns the rest. ok says that p is
// whole; its payload is valid until the next call. After an error the packets' beginnings
// are lost: drop what comes until the line is silent.
func (d *decoder) next(b []byte) (p packet, rest []byte, ok bool, err error) {
	p, rest, ok, err = d.cut(b)
	if ok || err != nil {
		d.n = 0
	}
	return p, rest, ok, err
}

func (d *decoder) cut(b []byte) (p packet, rest []byte, ok bool, err error) {
	for len(b) > 0 {
		want := head
		if d.n >= head {
			want = head + d.length()
		}
		k := copy(d.buf[d.n:want], b)
		d.n += k
		b = b[k:]
		if d.buf[0] != 0xef || d.n > 1 && d.buf[1] != 0x01 {
			return packet{}, b, false, errNoPacket
		}
		if d.n < head {
			continue
		}
		if n := d.length(); n < sumBytes {
			return packet{}, b, false, errNoPacket
		} else if n > maxPayload+sumBytes {
			return packet{}, b, false, errTooLong
		}
		if d.n < head+d.length() {
			continue
		}
		end := d.n - sumBytes
		if sum(d.buf[6:end]) != binary.BigEndian.Uint16(d.buf[end:d.n]) {
			return packet{}, b, false, errSum
		}
		return packet{kind: d.buf[6], payload: d.buf[head:end]}, b, true, nil
	}
	return packet{}, nil, false, nil
}

// length is that of payload and sum.
func (d *decoder) length() int { return int(binary.BigEndian.Uint16(d.buf[7:head])) }
