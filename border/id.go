package border

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"io"
	"sync"
	"time"
)

// ID is a UUID version 7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then
// 74 random bits. It identifies an encounter and the crossing that the encounter ends
// in. Its order is a hint only; the order of record is an event's seq.
type ID [16]byte

// IDs makes IDs from an injected clock and source of randomness. Safe for concurrent use.
type IDs struct {
	clock Clock

	mu   sync.Mutex // guards rand
	rand io.Reader
}

// NewIDs returns a maker of IDs. A nil random source means crypto/rand.
func NewIDs(clock Clock, random io.Reader) *IDs {
	if random == nil {
		random = rand.Reader
	}
	return &IDs{clock: clock, rand: random}
}

// New makes an ID at the clock's present time. A clock before 1970 counts as 1970.
// The error is that of the random source.
func (m *IDs) New() (ID, error) {
	var id ID
	m.mu.Lock()
	_, err := io.ReadFull(m.rand, id[6:])
	m.mu.Unlock()
	if err != nil {
		return ID{}, &Error{Code: Internal, Op: "make an id", Err: err}
	}
	ms := m.clock.Now().UnixMilli()
	if ms < 0 {
		ms = 0
	}
	var t [8]byte
	binary.BigEndian.PutUint64(t[:], uint64(ms)<<16)
	copy(id[:6], t[:6])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id, nil
}

// Time returns the time an ID was made, to the millisecond, in UTC.
func (id ID) Time() time.Time {
	var t [8]byte
	copy(t[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(t[:]))).UTC()
}

// IsZero reports whether the ID was never set.
func (id ID) IsZero() bool { return id == ID{} }

// String gives the ID as 8-4-4-4-12 hexadecimal digits.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[:8], id[:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:], id[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// MarshalText gives the text form; the zero ID is "".
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return []byte{}, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads the text form.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	v, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// ParseID reads the text form of a UUID version 7; upper case is accepted. Anything
// else is an [Invalid] error.
func ParseID(s string) (ID, error) {
	bad := &Error{Code: Invalid, Op: "read an id", Message: "An id is a UUID of version 7."}
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, bad
	}
	var id ID
	if _, err := hex.Decode(id[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:])); err != nil {
		return ID{}, bad
	}
	if id[6]>>4 != 7 || id[8]>>6 != 2 {
		return ID{}, bad
	}
	return id, nil
}
