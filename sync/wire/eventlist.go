package wire

import (
	"encoding/binary"

	"garita/border"
)

// listMagic begins every event list; the digit is the version of the encoding.
const listMagic = "GEL1"

// AppendEventList encodes events for the reply to an events request: "GEL1", then each
// event with a length of 4 bytes, big endian. It stops before [MaxEventList], so the
// list may hold fewer events than were given, but at least one if there is one within
// its limit.
func AppendEventList(b []byte, events [][]byte) []byte {
	start := len(b)
	b = append(b, listMagic...)
	for i, e := range events {
		if i >= MaxEvents || len(e) > border.MaxEvent || len(b)-start+4+len(e) > MaxEventList {
			break
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(e)))
		b = append(b, e...)
	}
	return b
}

// DecodeEventList takes an event list apart. The events share memory with b and are
// not decoded.
func DecodeEventList(b []byte) ([][]byte, error) {
	if len(b) > MaxEventList {
		return nil, &border.Error{Code: border.TooLarge, Op: "read an event list"}
	}
	if len(b) < len(listMagic) || string(b[:len(listMagic)]) != listMagic {
		return nil, invalid("unknown or short event list")
	}
	b = b[len(listMagic):]
	var out [][]byte
	for len(b) > 0 {
		if len(b) < 4 || len(out) >= MaxEvents {
			return nil, invalid("event list out of bounds")
		}
		n := uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
		if n > uint64(len(b)) || n > border.MaxEvent {
			return nil, invalid("event list out of bounds")
		}
		out = append(out, b[:n:n])
		b = b[n:]
	}
	return out, nil
}
