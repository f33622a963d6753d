package keystore

import (
	"context"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"path/filepath"
	"strings"

	"garita/border"
)

// recovery lets a printed key open the root key when its guard is lost: a broken machine, a cleared
// TPM, a forgotten passphrase.
type recovery struct {
	Public []byte `json:"public"` // X25519, of the recovery key
	Sealed []byte `json:"sealed"` // the root key, HPKE to it
}

// kindRecovery is the kind of a root.json that came out of a backup: only the recovery key opens it.
const kindRecovery = "recovery"

const (
	recoveryRoot   = "garita recovery of the root key v1"
	recoveryPrefix = "garita recovery of "
)

// RecoveryKey is what a recovery sheet says: 160 random bits. It opens what was sealed to its public half.
type RecoveryKey struct {
	secret []byte
	key    hpke.PrivateKey
	public []byte
}

const (
	recoveryBytes = 20
	recoveryCheck = 5 // bytes of a checksum behind them, so that a slip of the pen is found
	recoveryGroup = 5 // letters
)

// letters leave out what is misread: I, L, O, U.
var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

func newRecoveryKey(secret []byte) (*RecoveryKey, error) {
	b, err := hkdf.Key(sha256.New, secret, nil, "garita recovery key v1", keySize)
	if err != nil {
		return nil, internal("derive a key", err)
	}
	defer zero(b)
	k, err := ecdh.X25519().NewPrivateKey(b)
	if err != nil {
		return nil, internal("derive a key", err)
	}
	h, err := hpke.NewDHKEMPrivateKey(k)
	if err != nil {
		return nil, internal("derive a key", err)
	}
	return &RecoveryKey{secret: secret, key: h, public: k.PublicKey().Bytes()}, nil
}

// ParseRecoveryKey reads a key from a recovery sheet; spaces, hyphens and case do not matter.
func ParseRecoveryKey(text string) (*RecoveryKey, error) {
	bad := &border.Error{Code: border.Invalid, Op: "read the recovery key", Message: "This is no recovery key: a letter is wrong or missing. Type what the sheet says, group by group."}
	if len(text) > 256 {
		return nil, bad
	}
	// I, L and O are no letters of the sheet: whoever reads them means what they look like.
	text = strings.NewReplacer(" ", "", "-", "", "\n", "", "\r", "", "\t", "", "I", "1", "L", "1", "O", "0").Replace(strings.ToUpper(text))
	b, err := letters.DecodeString(text)
	if err != nil || len(text) != letters.EncodedLen(recoveryBytes+recoveryCheck) || len(b) != recoveryBytes+recoveryCheck {
		return nil, bad
	}
	sum := sha256.Sum256(b[:recoveryBytes])
	if [recoveryCheck]byte(b[recoveryBytes:]) != [recoveryCheck]byte(sum[:]) {
		return nil, bad
	}
	return newRecoveryKey(b[:recoveryBytes])
}

// Text is what the sheet says: eight groups of five letters.
func (k *RecoveryKey) Text() string {
	sum := sha256.Sum256(k.secret)
	s := letters.EncodeToString(append(append([]byte(nil), k.secret...), sum[:recoveryCheck]...))
	var groups []string
	for ; len(s) > recoveryGroup; s = s[recoveryGroup:] {
		groups = append(groups, s[:recoveryGroup])
	}
	return strings.Join(append(groups, s), "-")
}

// Open opens what [SealForRecovery] sealed for that purpose.
func (k *RecoveryKey) Open(purpose string, sealed []byte) ([]byte, error) {
	return k.open(recoveryPrefix+purpose, sealed)
}

func (k *RecoveryKey) open(info string, sealed []byte) ([]byte, error) {
	plain, err := hpke.Open(k.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info), sealed)
	if err != nil {
		return nil, &border.Error{Code: border.Forbidden, Op: "use the recovery key", Message: "This is the recovery key of something else, or an older one.", Err: err}
	}
	return plain, nil
}

// SealForRecovery seals bytes to a recovery key by its public half; the purpose is bound to them.
func SealForRecovery(public []byte, purpose string, plain []byte) ([]byte, error) {
	return sealTo(public, recoveryPrefix+purpose, plain)
}

func sealTo(public []byte, info string, plain []byte) ([]byte, error) {
	k, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "seal for recovery", Err: err}
	}
	h, err := hpke.NewDHKEMPublicKey(k)
	if err != nil {
		return nil, internal("seal for recovery", err)
	}
	sealed, err := hpke.Seal(h, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info), plain)
	if err != nil {
		return nil, internal("seal for recovery", err)
	}
	return sealed, nil
}

// errForeign: the root is not one of this package's.
var errForeign = &border.Error{Code: border.Internal, Op: "use the root key's file", Err: errors.New("not a root key of this package")}

// NewRecovery makes a recovery key for an open root key and puts it into root.json, in place of an older
// one. Its text is for paper, and is kept nowhere.
func NewRecovery(r Root) (*RecoveryKey, error) {
	own, ok := r.(*root)
	if !ok {
		return nil, errForeign
	}
	k, err := newRecoveryKey(random(recoveryBytes))
	if err != nil {
		return nil, err
	}
	return k, own.change(func(f *rootFile, key []byte) error {
		sealed, err := sealTo(k.public, recoveryRoot, key)
		f.Recovery = &recovery{Public: k.public, Sealed: sealed}
		return err
	})
}

// RecoveryPublic is the public half of a root key's recovery key; nil if none was made yet.
func RecoveryPublic(r Root) ([]byte, error) {
	own, ok := r.(*root)
	if !ok {
		return nil, errForeign
	}
	var public []byte
	return public, own.read(func(f *rootFile, _ []byte) error {
		if f.Recovery != nil {
			public = f.Recovery.Public
		}
		return nil
	})
}

// ForBackup is root.json as it may lie in a backup: without its guard, so that only the recovery key
// opens it. [border.NotFound] if there is no recovery key.
func ForBackup(r Root) ([]byte, error) {
	own, ok := r.(*root)
	if !ok {
		return nil, errForeign
	}
	var out []byte
	return out, own.read(func(f *rootFile, key []byte) (err error) {
		if f.Recovery == nil {
			return &border.Error{Code: border.NotFound, Op: "back up the root key", Message: "There is no recovery key yet. Print one: garita-hub recovery-key"}
		}
		c := rootFile{Format: rootFormat, Kind: kindRecovery, Recovery: f.Recovery}
		if c.MAC, err = c.sum(key); err == nil {
			out, err = c.encode()
		}
		return err
	})
}

// Recover puts a root key under a new guard, cfg.Kind, with a key from paper instead of the old guard. The
// recovery key stays good.
func Recover(ctx context.Context, cfg Config, k *RecoveryKey) error {
	path := filepath.Join(cfg.Dir, RootFile)
	f, err := readRoot(path)
	if err != nil {
		return err
	}
	if f.Recovery == nil {
		return &border.Error{Code: border.NotFound, Op: "recover the root key", Message: "No recovery key was ever printed for this data folder."}
	}
	key, err := k.open(recoveryRoot, f.Recovery.Sealed)
	if err != nil {
		return err
	}
	r, err := f.trust(key, path)
	if err != nil {
		return err
	}
	defer r.Close()
	return r.guard(ctx, cfg)
}

// Rekey puts an open root key under another guard: another kind, another passphrase, or the machine's
// start as it is now.
func Rekey(ctx context.Context, r Root, cfg Config) error {
	own, ok := r.(*root)
	if !ok {
		return errForeign
	}
	return own.guard(ctx, cfg)
}

func (r *root) guard(ctx context.Context, cfg Config) error {
	g, err := newGuard(cfg.Kind, cfg)
	if err != nil {
		return err
	}
	return r.change(func(f *rootFile, key []byte) error { return f.bind(ctx, cfg.Kind, g, key) })
}

// read gives root.json, checked, and the key.
func (r *root) read(do func(f *rootFile, key []byte) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key == nil {
		return errClosed
	}
	f, err := readRoot(r.path)
	if err != nil {
		return err
	}
	if err := f.check(r.key, r.path); err != nil {
		return err
	}
	return do(f, r.key)
}

// change writes root.json anew.
func (r *root) change(do func(f *rootFile, key []byte) error) error {
	return r.read(func(f *rootFile, key []byte) (err error) {
		if err = do(f, key); err != nil {
			return err
		}
		if f.MAC, err = f.sum(key); err != nil {
			return err
		}
		return f.write(r.path, false)
	})
}
