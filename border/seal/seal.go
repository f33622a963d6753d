// Package seal keeps what identifies people unreadable: it seals the parts of events
// with data keys (AES-256-GCM), keeps those keys in a database of their own, wrapped for
// the station and for the hub (HPKE, RFC 9180), and makes the blind indexes by which a
// document is found again without its number being stored.
//
// Erasure is the destruction of keys: a data key serves one station, one part and one
// retention bucket, and when all its wraps are gone nothing it sealed can be read again.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"garita/border"
)

// Alg names the algorithm of every sealed part: AES-256-GCM with a random 96-bit nonce
// before the ciphertext and the 128-bit tag behind it.
const Alg = "A256GCM"

// ErrNoKey says that no wrap of a part's data key is held: it has not arrived, or it
// was destroyed.
var ErrNoKey = errors.New("the data key is not held")

// Bucket names the retention bucket of a moment: its month in UTC, "2026-11".
func Bucket(t time.Time) string { return t.UTC().Format("2006-01") }

// dataKey is one unwrapped data key.
type dataKey struct {
	id   string
	aead cipher.AEAD
}

func newDataKey(id string, secret []byte) (*dataKey, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("use data key: %w", err)
	}
	// A random nonce is safe for 2^32 messages; a station writes fewer than that a month.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("use data key: %w", err)
	}
	return &dataKey{id: id, aead: aead}, nil
}

// aad binds a ciphertext to its event and part, so that it cannot be moved elsewhere.
func aad(key border.Key, part string) []byte {
	b := make([]byte, 0, 96)
	b = append(b, key.String()...)
	b = append(b, '/')
	return append(b, part...)
}

func (k *dataKey) seal(key border.Key, part string, plain []byte) border.Part {
	return border.Part{Name: part, Alg: Alg, KeyID: k.id,
		Ciphertext: k.aead.Seal(make([]byte, 0, len(plain)+k.aead.Overhead()), nil, plain, aad(key, part))}
}

func (k *dataKey) open(key border.Key, p *border.Part) ([]byte, error) {
	plain, err := k.aead.Open(nil, nil, p.Ciphertext, aad(key, p.Name))
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "open part " + p.Name + " of " + key.String(), Err: err}
	}
	return plain, nil
}

// findPart returns the named part of an event.
func findPart(e *border.Event, name string) (*border.Part, error) {
	for i := range e.Parts {
		if p := &e.Parts[i]; p.Name == name {
			if p.Alg != Alg {
				return nil, &border.Error{Code: border.Invalid, Op: "open part " + name + " of " + e.Key.String(),
					Err: errors.New("unknown algorithm")}
			}
			return p, nil
		}
	}
	return nil, &border.Error{Code: border.NotFound, Op: "open part " + name + " of " + e.Key.String()}
}

// HubOnly writes the plaintext of the hub part: JSON padded with spaces to
// [border.HubOnlySize]. Silent hits that find no room are counted, not named: whatever
// their number, nothing about the record gives them away.
func HubOnly(silent []string) ([]byte, error) {
	h := border.HubOnly{SilentHits: silent}
	for {
		plain, err := json.Marshal(h)
		if err != nil {
			return nil, &border.Error{Code: border.Internal, Op: "write the hub part", Err: err}
		}
		if len(plain) <= border.HubOnlySize {
			return append(plain, bytes.Repeat([]byte{' '}, border.HubOnlySize-len(plain))...), nil
		}
		h.SilentHits, h.More = h.SilentHits[:len(h.SilentHits)-1], h.More+1
	}
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}

// Protection writes the plaintext of the protection part: JSON padded with spaces to a
// multiple of [border.ProtectionStep].
func Protection(p *border.Protection) ([]byte, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "write the protection part", Err: err}
	}
	pad := (border.ProtectionStep - len(plain)%border.ProtectionStep) % border.ProtectionStep
	return append(plain, bytes.Repeat([]byte{' '}, pad)...), nil
}
