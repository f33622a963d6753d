package cases

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"garita/border"
	"garita/border/seal"
	"garita/border/watch"
)

// vault seals what cases say of people before it is stored, and makes the keyed hashes by which
// entries are found again.
type vault struct {
	aead cipher.AEAD
	hash []byte
}

// newVault derives the keys from the hub's own secret, which no station has.
func newVault(private *seal.HubPrivate) (*vault, error) {
	v := &vault{}
	derive := func(label string) ([]byte, error) {
		return hkdf.Key(sha256.New, private.PrivateKey, nil, label, 32)
	}
	secret, err := derive("garita cases at the hub v1")
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	if v.hash, err = derive("garita cases at the hub, hashes v1"); err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("use a key: %w", err)
	}
	v.aead, err = cipher.NewGCMWithRandomNonce(block) // a random nonce is safe for 2^32 messages
	return v, err
}

// seal seals what as JSON, bound to what it is part of.
func (v *vault) seal(about string, id []byte, what any) ([]byte, error) {
	plain, err := json.Marshal(what)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "seal a row of the cases"} // the cause could repeat it
	}
	return v.aead.Seal(make([]byte, 0, len(plain)+v.aead.Overhead()), nil, plain, append([]byte(about), id...)), nil //nolint:gosec // a false alarm: no nonce is passed, the cipher makes a random one
}

func (v *vault) open(about string, id, sealed []byte, into any) error {
	plain, err := v.aead.Open(nil, nil, sealed, append([]byte(about), id...))
	if err == nil {
		err = json.Unmarshal(plain, into)
		clear(plain)
	}
	if err != nil { // the cause could repeat what was sealed
		return &border.Error{Code: border.Internal, Op: "open a sealed row of the cases",
			Message: "A row of the cases' database does not open with the hub's key file: another key file, or damage."}
	}
	return nil
}

func (v *vault) blind(texts ...string) border.BlindIndex {
	m := hmac.New(sha256.New, v.hash)
	for _, t := range texts {
		m.Write([]byte(t))
		m.Write([]byte{0})
	}
	var sum [sha256.Size]byte
	m.Sum(sum[:0])
	return border.BlindIndex(sum[:16])
}

// entry is the keyed hash of an entry's name.
func (v *vault) entry(k watch.Key) border.BlindIndex { return v.blind("entry", k.Source, k.ID) }

// fingerprint is the keyed hash of an entry's identifying fields; zero if they are not known.
func (v *vault) fingerprint(e *watch.Entry) border.BlindIndex {
	if e == nil {
		return border.BlindIndex{}
	}
	f := watch.FingerprintOf(e)
	return v.blind("fingerprint", e.Source, e.ID, string(f[:]))
}
