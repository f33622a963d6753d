package enrolment

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"strings"

	"garita/border"
)

// Code is a one-time code by which a station is enrolled: 30 symbols of Crockford's base 32, five
// that name the code, 24 that are its secret (120 bits), and one that catches mistakes in typing.
type Code string

// The parts of a code.
const (
	codeLen  = 30
	idLen    = 5
	groupLen = 5
	maxTyped = 128 // bytes, with whatever stands between the symbols
)

const symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewCode makes a code. A nil random source means crypto/rand.
func NewCode(random io.Reader) (Code, error) {
	if random == nil {
		random = rand.Reader
	}
	b := make([]byte, codeLen-1, codeLen)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", &border.Error{Code: border.Internal, Op: "make a one-time code", Err: err}
	}
	for i := range b {
		b[i] &= 31
	}
	return spell(append(b, twice(remainder(b)))), nil
}

func spell(values []byte) Code {
	for i, v := range values {
		values[i] = symbols[v]
	}
	return Code(values)
}

// remainder evaluates values as a polynomial over the field of 32 elements (x^5+x^2+1). A whole code
// gives 0, and does no more when one symbol is another or any two have changed places.
func remainder(values []byte) (r byte) {
	for _, v := range values {
		r = twice(r) ^ v
	}
	return r
}

// twice multiplies by x.
func twice(v byte) byte {
	v <<= 1
	if v&32 != 0 {
		v ^= 0b100101
	}
	return v
}

// ParseCode reads a code as a person types it: in any case, with or without marks between the groups,
// O for 0, I and L for 1. [border.Invalid]: it is not whole, or there is a mistake in it.
func ParseCode(typed string) (Code, error) {
	bad := &border.Error{Code: border.Invalid, Op: "read a one-time code",
		Message: "This is not a whole one-time code, or there is a mistake in it. Compare it symbol by symbol: it has six groups of five."}
	if len(typed) > maxTyped {
		return "", bad
	}
	values := make([]byte, 0, codeLen)
	for _, c := range strings.ToUpper(typed) {
		switch c {
		case ' ', '-', '\t', '\n', '\r', '.', '_', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u00a0':
			continue
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		default:
		}
		v := strings.IndexRune(symbols, c)
		if v < 0 || len(values) == codeLen {
			return "", bad
		}
		values = append(values, byte(v))
	}
	if len(values) != codeLen || remainder(values) != 0 {
		return "", bad
	}
	return spell(values), nil
}

// String gives the code in groups, for people.
func (c Code) String() string {
	var b strings.Builder
	for i := 0; i < len(c); i += groupLen {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(string(c[i:min(i+groupLen, len(c))]))
	}
	return b.String()
}

// ID names the code; it is no secret.
func (c Code) ID() string { return string(c[:min(idLen, len(c))]) }

// ValidID reports whether this can be the name of a code.
func ValidID(id string) bool {
	return len(id) == idLen && strings.Trim(id, symbols) == ""
}

// Key is what both ends derive from the code to prove that they know it (32 bytes, HKDF-SHA-256). The
// code itself never travels.
func (c Code) Key() ([]byte, error) {
	k, err := hkdf.Key(sha256.New, []byte(c), nil, "garita enrolment code v1", 32)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "derive a key", Err: err}
	}
	return k, nil
}
