package lists

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"garita/border"
	"garita/border/watch"
)

// vault seals what describes listed people, and who decided what, before it is stored.
type vault struct {
	aead   cipher.AEAD
	digest []byte
}

// newVault derives the keys from both secrets of the lists: stations hold the list key, and
// what lies at the hub must not open with what lies at a station.
func newVault(listKey, listSeed []byte) (*vault, error) {
	v := &vault{}
	derive := func(label string) ([]byte, error) { return hkdf.Key(sha256.New, listSeed, listKey, label, 32) }
	secret, err := derive("garita lists at the hub v1")
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	if v.digest, err = derive("garita lists at the hub, digests v1"); err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("use a key: %w", err)
	}
	// A random nonce is safe for 2^32 messages: 4,000 imports of a million changes.
	v.aead, err = cipher.NewGCMWithRandomNonce(block)
	return v, err
}

// The kinds of what is sealed; each is bound to its name.
const (
	sealedEntry    = "entry/"
	sealedSet      = "change set"
	sealedProposal = "proposal/"
	sealedDecision = "decision/"
)

func (v *vault) seal(name string, what any) ([]byte, error) {
	plain, err := json.Marshal(what)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "seal a row of the lists", Err: err}
	}
	return v.sealBytes(name, plain), nil
}

func (v *vault) sealBytes(name string, plain []byte) []byte {
	return v.aead.Seal(make([]byte, 0, len(plain)+v.aead.Overhead()), nil, plain, []byte(name)) //nolint:gosec // no nonce is passed: the cipher makes a random one
}

func (v *vault) open(name string, sealed []byte, into any) error {
	plain, err := v.aead.Open(nil, nil, sealed, []byte(name))
	if err == nil {
		err = json.Unmarshal(plain, into)
	}
	if err != nil {
		// The cause could repeat what was sealed.
		return &border.Error{Code: border.Internal, Op: "open a sealed row of the lists",
			Message: "A row of the lists' database does not open with the hub's key file: another key file, or damage."}
	}
	return nil
}

func (v *vault) openEntry(k watch.Key, sealed []byte) (*watch.Entry, error) {
	e := new(watch.Entry)
	if err := v.open(entryName(k), sealed, e); err != nil {
		return nil, err
	}
	return e, nil
}

// entryName binds a sealed entry to its key; a source's name holds no NUL.
func entryName(k watch.Key) string { return sealedEntry + k.Source + "\x00" + k.ID }

// digestSize is that of the keyed digests by which an entry is found unchanged.
const digestSize = 16

// same digests an entry's JSON with a key: a plain digest would let guesses be tried.
func (v *vault) same(plain []byte) [digestSize]byte {
	m := hmac.New(sha256.New, v.digest)
	m.Write(plain)
	var sum [sha256.Size]byte
	return [digestSize]byte(m.Sum(sum[:0])[:digestSize])
}
