package keystore

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"

	"garita/border"
)

// Causes that programs tell apart.
var (
	// ErrPassphrase: the passphrase is not the one that the root key was sealed with.
	ErrPassphrase = errors.New("wrong passphrase")
	// ErrCredential: there is no credential, or another one.
	ErrCredential = errors.New("the credential is missing or another one")
	// ErrOtherTPM: another machine's TPM, or this one's was cleared.
	ErrOtherTPM = errors.New("the root key was not sealed in this TPM")
	// ErrMeasured: the machine did not start as it did when the root key was sealed.
	ErrMeasured = errors.New("the measured start differs")
)

// recoverBy says in every refusal what helps.
const recoverBy = " If it cannot be had any more: at the hub, garita-hub recover with the recovery key; at a station, enrol it again on a new data folder, and the hub gives it its keys."

// softwareGuard keeps the key in the file itself.
type softwareGuard struct{}

func (softwareGuard) lock(context.Context) ([]byte, lock, error) {
	key := random(keySize)
	return key, lock{Key: append([]byte(nil), key...)}, nil
}

func (softwareGuard) unlock(_ context.Context, l lock) ([]byte, error) {
	if len(l.Key) != keySize {
		return nil, softwareGuard{}.refused()
	}
	return append([]byte(nil), l.Key...), nil
}

func (softwareGuard) refused() error {
	return &border.Error{Code: border.Invalid, Op: "open the root key", Message: "The root key's file is damaged. Bring back its last copy."}
}

// What argon2id takes of a passphrase (RFC 9106, second recommended option). A file may name
// other figures, within bounds.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
	maxTime      = 16
	maxMemory    = 1 << 20 // KiB
)

// MinPassphrase is the least length of a new passphrase in bytes.
const MinPassphrase = 12

const maxPassphrase = 1 << 10

// passphraseGuard asks a person.
type passphraseGuard struct {
	ask    func() ([]byte, error)
	memory uint32 // KiB, for a new key
}

func (g passphraseGuard) lock(ctx context.Context) ([]byte, lock, error) {
	l := lock{Salt: random(16), Time: argonTime, Memory: g.memory, Threads: argonThreads}
	key, err := g.derive(ctx, l, MinPassphrase)
	return key, l, err
}

func (g passphraseGuard) unlock(ctx context.Context, l lock) ([]byte, error) {
	return g.derive(ctx, l, 0)
}

func (g passphraseGuard) derive(ctx context.Context, l lock, least int) ([]byte, error) {
	if g.ask == nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "open the root key",
			Message: "The passphrase cannot be asked for here. Start the program in a terminal, or let systemd ask for it."}
	}
	if len(l.Salt) < 16 || l.Time == 0 || l.Memory < 8 || l.Threads == 0 {
		return nil, softwareGuard{}.refused() // a damaged file
	}
	p, err := g.ask()
	defer zero(p)
	if err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "ask for the passphrase", Message: "No passphrase was given.", Err: err}
	}
	if len(p) < least || len(p) > maxPassphrase {
		return nil, &border.Error{Code: border.Invalid, Op: "take a passphrase", Message: "A passphrase has at least 12 characters; four words that nobody would put together are better."}
	}
	if err := ctx.Err(); err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "open the root key", Err: err}
	}
	return argon2.IDKey(p, l.Salt, l.Time, l.Memory, l.Threads, keySize), nil
}

func (passphraseGuard) refused() error {
	return &border.Error{Code: border.Forbidden, Op: "open the root key", Message: "This is not the passphrase of this data folder. Try again." + recoverBy, Err: ErrPassphrase}
}

// CredentialName is the name of the file in the credentials folder.
const CredentialName = "garita"

// credentialGuard takes what systemd decrypted for the service.
type credentialGuard struct{ dir string }

func (g credentialGuard) lock(context.Context) ([]byte, lock, error) {
	l := lock{Salt: random(keySize)}
	key, err := g.derive(l)
	return key, l, err
}

func (g credentialGuard) unlock(_ context.Context, l lock) ([]byte, error) { return g.derive(l) }

func (g credentialGuard) derive(l lock) ([]byte, error) {
	missing := func(err error) error {
		return &border.Error{Code: border.Unavailable, Op: "read the credential",
			Message: "The service has no credential named garita. Make it with systemd-creds and name it in the unit: LoadCredentialEncrypted=garita (docs/OPERATIONS.md)." + recoverBy,
			Err:     errors.Join(ErrCredential, err)}
	}
	if g.dir == "" {
		return nil, missing(nil)
	}
	f, err := os.Open(filepath.Join(g.dir, CredentialName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(err)
	}
	if err != nil {
		return nil, internal("read the credential", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	defer zero(b)
	if err != nil {
		return nil, internal("read the credential", err)
	}
	if len(b) < keySize || len(b) > maxFile {
		return nil, &border.Error{Code: border.Invalid, Op: "read the credential", Message: "The credential garita must have at least 32 bytes.", Err: ErrCredential}
	}
	key, err := hkdf.Key(sha256.New, b, l.Salt, "garita credential v1", keySize)
	if err != nil {
		return nil, internal("derive a key", err)
	}
	return key, nil
}

func (credentialGuard) refused() error {
	return &border.Error{Code: border.Forbidden, Op: "open the root key", Message: "The credential garita is another one than this data folder was made with. Bring back the right one." + recoverBy, Err: ErrCredential}
}
