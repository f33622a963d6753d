package border

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Limits of an encoded event. Whatever is beyond them is malformed.
const (
	MaxHeader = 16 << 10  // bytes of header JSON
	MaxParts  = 8         // sealed parts
	MaxPart   = 64 << 10  // bytes of one ciphertext
	MaxEvent  = 256 << 10 // bytes of a whole encoded event
)

// magic begins every encoded event; the digit is the version of the encoding.
const magic = "GEV1"

// hashDomain separates event hashes from every other use of SHA-256.
const hashDomain = "garita.event.v1\n"

// ComputeHash returns SHA-256 over the domain, the previous hash, the digest of the
// header and the digests of the stored parts in their order, all of fixed length.
func (e *Event) ComputeHash() Digest {
	var buf [len(hashDomain) + sha256.Size*(2+MaxParts)]byte
	b := append(buf[:0], hashDomain...)
	b = append(b, e.Prev[:]...)
	h := sha256.Sum256(e.Header)
	b = append(b, h[:]...)
	for i := range e.Parts {
		p := &e.Parts[i]
		d := sha256.New()
		var lengths [3*256 + 7]byte
		d.Write(appendPartHead(lengths[:0], p))
		d.Write(p.Ciphertext)
		b = d.Sum(b)
	}
	return sha256.Sum256(b)
}

// Encode gives the bytes that station and hub store and the stream carries:
// "GEV1", prev (32), hash (32), then the header as length (4, big endian) and JSON,
// the number of parts (1), and each part as name, algorithm and key id with one
// length byte each, then the ciphertext with a length of 4.
func (e *Event) Encode() []byte {
	n := len(magic) + 2*sha256.Size + 4 + len(e.Header) + 1
	for i := range e.Parts {
		p := &e.Parts[i]
		n += 3 + len(p.Name) + len(p.Alg) + len(p.KeyID) + 4 + len(p.Ciphertext)
	}
	b := make([]byte, 0, n)
	b = append(b, magic...)
	b = append(b, e.Prev[:]...)
	b = append(b, e.Hash[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Header)))
	b = append(b, e.Header...)
	b = append(b, byte(len(e.Parts)))
	for i := range e.Parts {
		b = appendPart(b, &e.Parts[i])
	}
	return b
}

func appendPart(b []byte, p *Part) []byte {
	return append(appendPartHead(b, p), p.Ciphertext...)
}

// appendPartHead appends all of a part's encoding but its ciphertext.
func appendPartHead(b []byte, p *Part) []byte {
	for _, s := range [...]string{p.Name, p.Alg, p.KeyID} {
		b = append(b, byte(len(s)))
		b = append(b, s...)
	}
	return binary.BigEndian.AppendUint32(b, uint32(len(p.Ciphertext)))
}

// DecodeEvent reads an encoded event and checks its form, not its hash: see [Event.Verify].
// The event's fields share memory with b. Its key and type come from the header. Any
// malformed input is an [Invalid] error; the input is never repeated in it.
func DecodeEvent(b []byte) (Event, error) {
	var e Event
	bad := func(what string) (Event, error) {
		return Event{}, &Error{Code: Invalid, Op: "decode event", Err: fmt.Errorf("%s", what)}
	}
	if len(b) > MaxEvent {
		return bad("longer than the limit")
	}
	if len(b) < len(magic)+2*sha256.Size+4 || string(b[:len(magic)]) != magic {
		return bad("unknown or short encoding")
	}
	b = b[len(magic):]
	copy(e.Prev[:], b)
	copy(e.Hash[:], b[sha256.Size:])
	b = b[2*sha256.Size:]
	var ok bool
	if e.Header, b, ok = cut(b, 4, MaxHeader); !ok {
		return bad("header out of bounds")
	}
	if len(b) == 0 || b[0] > MaxParts {
		return bad("number of parts out of bounds")
	}
	parts := int(b[0])
	b = b[1:]
	for range parts {
		var p Part
		for _, s := range [...]*string{&p.Name, &p.Alg, &p.KeyID} {
			var f []byte
			if f, b, ok = cut(b, 1, 255); !ok {
				return bad("part out of bounds")
			}
			*s = string(f)
		}
		if p.Ciphertext, b, ok = cut(b, 4, MaxPart); !ok {
			return bad("part out of bounds")
		}
		e.Parts = append(e.Parts, p)
	}
	if len(b) != 0 {
		return bad("bytes after the end")
	}
	var k struct {
		Key
		Type string `json:"type"`
	}
	if json.Unmarshal(e.Header, &k) != nil || k.Station.Validate() != nil || k.Epoch.IsZero() || k.Seq == 0 || k.Type == "" {
		return bad("header without a key and a type")
	}
	e.Key, e.Type = k.Key, k.Type
	return e, nil
}

// cut takes a field with a big-endian length prefix of size bytes off the front of b.
func cut(b []byte, size, limit int) (field, rest []byte, ok bool) {
	if len(b) < size {
		return nil, nil, false
	}
	n := 0
	for _, c := range b[:size] {
		n = n<<8 | int(c)
	}
	b = b[size:]
	if n < 0 || n > limit || n > len(b) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}

// Verify reports an [Invalid] error when the stored hash is not that of the content.
func (e *Event) Verify() error {
	if e.ComputeHash() != e.Hash {
		return &Error{Code: Invalid, Op: "verify event", Err: fmt.Errorf("%s: content does not fit its hash", e.Key)}
	}
	return nil
}
