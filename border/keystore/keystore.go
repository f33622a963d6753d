// Package keystore keeps the one secret that all others of a data folder hang on, outside the
// databases: in a TPM 2.0, in a credential of systemd, or in the head of whoever starts the
// program. Without it nothing in the folder opens. Software keys, in a file beside the data, are
// for the demo alone.
//
// The root key is random and made once. The file root.json holds it sealed under what the kind
// gives, and for recovery: see recovery.go. Everything else is sealed under the root key.
package keystore

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"

	"garita/border"
)

// The kinds of what guards a root key.
const (
	TPM        = "tpm"        // sealed in the machine's TPM 2.0
	Credential = "credential" // from systemd, LoadCredentialEncrypted=
	Passphrase = "passphrase" // typed at every start
	Software   = "software"   // in a file; the demo's
)

// Root seals what a data folder keeps for itself. Safe for concurrent use.
type Root interface {
	// Kind says what guards the key: one of the constants above.
	Kind() string
	// Seal seals bytes to a name: what is opened under another name does not open.
	Seal(name string, plain []byte) ([]byte, error)
	// Open opens what Seal sealed; [border.Invalid] if it was changed, moved to another name, or
	// sealed under another root.
	Open(name string, sealed []byte) ([]byte, error)
	// Close forgets the key.
	Close() error
}

// Config says where a root key is, and what guards it.
type Config struct {
	// Kind is what guards a new root key; "" takes what guards the one that is there.
	Kind string
	Dir  string // data folder, which must exist; root.json lies in it
	// Passphrase asks for the passphrase; called once by Open if the kind is one. What it gives is
	// overwritten with zeros.
	Passphrase func() ([]byte, error)
	// Credentials is the folder with the file "garita" of at least 32 bytes: $CREDENTIALS_DIRECTORY.
	Credentials string
	// TPM is the device, or "unix:PATH" of a socket; "": /dev/tpmrm0.
	TPM string
	// PCRs of the SHA-256 bank that must be as they were when the root key was made: 7 is the state
	// of Secure Boot. None: the TPM alone.
	PCRs []int
	// Demo allows software keys.
	Demo bool
	// Clear are paths of key files that may lie there in the clear, from before there were root keys:
	// what they hold when the root key is made is taken over by LoadFile, once.
	Clear []string

	memory uint32 // KiB for argon2id; 0: argonMemory
}

// keySize is that of every key here, in bytes.
const keySize = 32

// root is an open root key.
type root struct {
	kind string
	path string // of root.json
	aead cipher.AEAD
	mu   sync.Mutex // guards key; held while root.json is written
	key  []byte     // nil: closed
}

// Open opens the root key of a data folder, or makes it if there is none and nothing is sealed
// there yet.
func Open(ctx context.Context, cfg Config) (Root, error) {
	r, err := open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// newRoot takes the key over.
func newRoot(kind, path string, key []byte) (*root, error) {
	sub, err := hkdf.Key(sha256.New, key, nil, "garita seal v1", keySize)
	if err != nil {
		return nil, internal("derive a key", err)
	}
	defer zero(sub)
	aead, err := newAEAD(sub)
	if err != nil {
		return nil, err
	}
	return &root{kind: kind, path: path, aead: aead, key: key}, nil
}

// Kind says what guards the key.
func (r *root) Kind() string { return r.kind }

// Seal seals bytes to a name.
func (r *root) Seal(name string, plain []byte) ([]byte, error) {
	if r.closed() {
		return nil, errClosed
	}
	return r.aead.Seal(nil, nil, plain, []byte(name)), nil //nolint:gosec // no nonce is passed at all: the cipher makes a random one
}

// Open opens what Seal sealed.
func (r *root) Open(name string, sealed []byte) ([]byte, error) {
	if r.closed() {
		return nil, errClosed
	}
	plain, err := r.aead.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "open what is sealed as " + name,
			Message: "It is damaged, or was sealed under another root key.", Err: err}
	}
	return plain, nil
}

// Close forgets the key. What the cipher made of it stays in memory until it is collected.
func (r *root) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	zero(r.key)
	r.key = nil
	return nil
}

func (r *root) closed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.key == nil
}

var errClosed = &border.Error{Code: border.Unavailable, Op: "use the root key", Err: errors.New("closed")}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, internal("use a key", err)
	}
	// A random nonce is safe for 2^32 messages under one key, which no data folder ever sees.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, internal("use a key", err)
	}
	return aead, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

// zero overwrites a secret. Copies that the language made are out of reach.
func zero(b []byte) { clear(b) }

func internal(op string, err error) error {
	return &border.Error{Code: border.Internal, Op: op, Err: err}
}
