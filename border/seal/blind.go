package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"garita/border"
)

// Blinder makes keyed hashes (HMAC-SHA-256 under keys derived from the national key)
// that can be compared, but not read, without that key.
type Blinder struct {
	document, officer, person, born, name []byte
}

// NewBlinder derives the keys from the national blind-index key (32 bytes).
func NewBlinder(national []byte) (*Blinder, error) {
	if len(national) != 32 {
		return nil, &border.Error{Code: border.Invalid, Op: "read the blind-index key", Message: "The blind-index key must have 32 bytes."}
	}
	b := &Blinder{}
	for label, dst := range map[string]*[]byte{"garita document v1": &b.document, "garita officer v1": &b.officer,
		"garita person v1": &b.person, "garita birth date v1": &b.born, "garita name v1": &b.name} {
		k, err := hkdf.Key(sha256.New, national, nil, label, 32)
		if err != nil {
			return nil, fmt.Errorf("derive a blind-index key: %w", err)
		}
		*dst = k
	}
	return b, nil
}

// Document returns the blind index of a document. Case, fillers, spaces and other marks
// in issuer and number make no difference.
func (b *Blinder) Document(issuer, number string) border.BlindIndex {
	return blind(b.document, normalise(issuer), normalise(number))
}

// Person returns the blind index of a person by name and birth date, or false if either is
// missing or the date is not a full one. Names must be normalised as a machine readable zone
// prints them (border/icao); surname and given names are told apart, their order is kept.
func (b *Blinder) Person(surname, given, birthDate string) (border.BlindIndex, bool) {
	if _, err := time.Parse(time.DateOnly, birthDate); err != nil || surname+given == "" {
		return border.BlindIndex{}, false
	}
	return blind(b.person, surname, given, birthDate), true
}

// Born returns the blind index of a birth date as a document writes it, unknown parts
// included (EDTF), or false if there is none.
func (b *Blinder) Born(birthDate string) (border.BlindIndex, bool) {
	if birthDate == "" {
		return border.BlindIndex{}, false
	}
	return blind(b.born, birthDate), true
}

// Name returns the blind index of one token of a normalised name.
func (b *Blinder) Name(token string) border.BlindIndex { return blind(b.name, token) }

func blind(key []byte, texts ...string) border.BlindIndex {
	m := hmac.New(sha256.New, key)
	for i, t := range texts {
		if i > 0 {
			m.Write([]byte{0})
		}
		m.Write([]byte(t))
	}
	var sum [sha256.Size]byte
	m.Sum(sum[:0])
	return border.BlindIndex(sum[:16])
}

// Officer returns the pseudonym of an officer by badge number: 16 hexadecimal digits.
func (b *Blinder) Officer(badge string) string {
	m := hmac.New(sha256.New, b.officer)
	m.Write([]byte(badge))
	return hex.EncodeToString(m.Sum(nil)[:8])
}

// normalise keeps letters and digits, in upper case.
func normalise(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		default:
			return -1
		}
	}, s)
}
