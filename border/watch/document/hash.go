// Package document knows a hundred million stolen, lost and revoked travel documents by keyed
// hashes: a filter that every post holds in memory and that errs a little towards a hit, exact
// sets of what came and went since it was built, and the exact store that only the hub holds.
package document

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"math/bits"

	"garita/border"
)

// Key is the secret under which numbers are hashed: one for each epoch of the list, the same
// in the whole country. Whoever holds it can test guesses, so it is sealed to stations.
type Key struct{ k0, k1 uint64 }

// DeriveKey makes the key of a list's epoch from the national list key.
func DeriveKey(listKey []byte, list string, epoch border.Epoch) (Key, error) {
	b, err := hkdf.Key(sha256.New, listKey, epoch[:], "garita documents "+list, 16)
	if err != nil {
		return Key{}, &border.Error{Code: border.Internal, Op: "derive the key of document hashes", Err: err}
	}
	return Key{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}, nil
}

// Digest is the keyed hash of a document; its first 64 bits are what filters hold.
type Digest struct{ Lo, Hi uint64 }

// Bytes gives the digest as it travels to the hub.
func (d Digest) Bytes() (b [16]byte) {
	binary.LittleEndian.PutUint64(b[:], d.Lo)
	binary.LittleEndian.PutUint64(b[8:], d.Hi)
	return b
}

// DigestOf reads what [Digest.Bytes] gave.
func DigestOf(b [16]byte) Digest { return digest(b[:]) }

// maxNumber bounds the characters of a number that are looked at.
const maxNumber = 64

// Class is the first letter of a document's type as far as lists tell documents apart: 'P' for
// passports, 'V' for visas, 'I' for all other identity documents (Doc 9303-5 allows A, C and I).
func Class(documentType string) byte {
	for i := 0; i < len(documentType); i++ {
		switch documentType[i] {
		case 'P', 'p':
			return 'P'
		case 'V', 'v':
			return 'V'
		case '<', ' ':
			continue
		}
		break
	}
	return 'I'
}

// Hash gives the digest of a document. Of issuer and number only A–Z and 0–9 count, in upper
// case. ok is false if nothing is left of the number.
func (k Key) Hash(issuer string, class byte, number string) (d Digest, ok bool) {
	var buf [8 + 1 + maxNumber]byte
	b := appendPlain(buf[:0], issuer, 7)
	b = append(b, 0, class)
	at := len(b)
	b = appendPlain(b, number, maxNumber-1)
	if len(b) == at {
		return Digest{}, false
	}
	return k.sum(b), true
}

// Row gives the digests under which a row of a list is found: one, or one for each class if the
// row does not say which type of document it means. None without an issuer or a number: nobody
// could find it.
func (k Key) Row(issuer, documentType, number string) iter.Seq[Digest] {
	return func(yield func(Digest) bool) {
		if len(appendPlain(nil, issuer, 1)) == 0 {
			return
		}
		classes := "PIV"
		if documentType != "" {
			classes = string(Class(documentType))
		}
		for i := range len(classes) {
			if d, ok := k.Hash(issuer, classes[i], number); !ok || !yield(d) {
				return
			}
		}
	}
}

func appendPlain(b []byte, s string, most int) []byte {
	for i := 0; i < len(s) && most > 0; i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b = append(b, c)
			most--
		}
	}
	return b
}

// sum is SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012): a short-input
// pseudo-random function that is fast where HMAC would take most of the time of a lookup.
func (k Key) sum(p []byte) Digest {
	v0, v1 := k.k0^0x736f6d6570736575, k.k1^0x646f72616e646f6d^0xee
	v2, v3 := k.k0^0x6c7967656e657261, k.k1^0x7465646279746573
	round := func() {
		v0 += v1
		v1 = bits.RotateLeft64(v1, 13) ^ v0
		v0 = bits.RotateLeft64(v0, 32)
		v2 += v3
		v3 = bits.RotateLeft64(v3, 16) ^ v2
		v0 += v3
		v3 = bits.RotateLeft64(v3, 21) ^ v0
		v2 += v1
		v1 = bits.RotateLeft64(v1, 17) ^ v2
		v2 = bits.RotateLeft64(v2, 32)
	}
	last := uint64(len(p)) << 56
	for ; len(p) >= 8; p = p[8:] {
		m := binary.LittleEndian.Uint64(p)
		v3 ^= m
		round()
		round()
		v0 ^= m
	}
	for i, c := range p {
		last |= uint64(c) << (8 * i)
	}
	v3 ^= last
	round()
	round()
	v0 ^= last
	v2 ^= 0xee
	for range 4 {
		round()
	}
	d := Digest{Lo: v0 ^ v1 ^ v2 ^ v3}
	v1 ^= 0xdd
	for range 4 {
		round()
	}
	d.Hi = v0 ^ v1 ^ v2 ^ v3
	return d
}
