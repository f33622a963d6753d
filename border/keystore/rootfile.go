package keystore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"garita/border"
)

// RootFile is the name of the file that holds a data folder's root key, sealed.
const RootFile = "root.json"

// rootFormat begins what root.json says of itself.
const rootFormat = "garita root v1"

// maxFile bounds root.json and sealed files in bytes.
const maxFile = 4 << 20

// rootFile is root.json.
type rootFile struct {
	Format string `json:"format"`
	Kind   string `json:"kind"`
	Lock   lock   `json:"lock,omitzero"`
	Sealed []byte `json:"sealed,omitempty"` // the root key, under what the lock gives
	// Recovery opens the root key without the lock; none was printed yet if it is nil.
	Recovery *recovery `json:"recovery,omitempty"`
	// Clear are SHA-256 digests of names and contents of the key files that lay in the clear when the root key was made:
	// those and no others are taken over.
	Clear [][]byte `json:"clear,omitempty"`
	// MAC, under the root key, is over all the rest.
	MAC []byte `json:"mac"`
}

// lock is what a kind needs beside its secret to give the key again. None of it is secret, but
// the key of kind software.
type lock struct {
	Key     []byte `json:"key,omitempty"`     // software
	Salt    []byte `json:"salt,omitempty"`    // passphrase, credential
	Time    uint32 `json:"time,omitempty"`    // passphrase: argon2id's passes
	Memory  uint32 `json:"memory,omitempty"`  // passphrase: argon2id's KiB
	Threads uint8  `json:"threads,omitempty"` // passphrase
	SRK     []byte `json:"srk,omitempty"`     // tpm: name of its storage root key
	Public  []byte `json:"public,omitempty"`  // tpm: TPM2B_PUBLIC of the sealed object
	Private []byte `json:"private,omitempty"` // tpm: TPM2B_PRIVATE, encrypted by the TPM
	Auth    []byte `json:"auth,omitempty"`    // tpm: the object's authorisation value
	PCRs    []int  `json:"pcrs,omitempty"`    // tpm: what it is bound to
}

// guard gives a key of 32 bytes that only it can give again. One for each kind.
type guard interface {
	// lock makes a new key.
	lock(ctx context.Context) (key []byte, l lock, err error)
	// unlock gives it again.
	unlock(ctx context.Context, l lock) (key []byte, err error)
	// refused says what to do when the key that unlock gave does not open the root key.
	refused() error
}

func newGuard(kind string, cfg Config) (guard, error) {
	switch kind {
	case TPM:
		return tpmGuard{device: cfg.TPM, pcrs: cfg.PCRs}, nil
	case Credential:
		return credentialGuard{dir: cfg.Credentials}, nil
	case Passphrase:
		return passphraseGuard{ask: cfg.Passphrase, memory: cmp.Or(cfg.memory, argonMemory)}, nil
	case Software:
		if !cfg.Demo {
			return nil, &border.Error{Code: border.Forbidden, Op: "open the root key",
				Message: "A software key is for the demo alone: whoever has the disk reads the people on it. Configure tpm, credential or passphrase, with a new data folder."}
		}
		return softwareGuard{}, nil
	}
	return nil, &border.Error{Code: border.Invalid, Op: "open the root key",
		Message: "Say what guards the keys of this data folder: tpm, credential or passphrase."}
}

func open(ctx context.Context, cfg Config) (*root, error) {
	path := filepath.Join(cfg.Dir, RootFile)
	f, err := readRoot(path)
	if border.CodeOf(err) == border.NotFound {
		if err := found(ctx, path, cfg); err != nil {
			return nil, err
		}
		f, err = readRoot(path)
	}
	if err != nil {
		return nil, err
	}
	if f.Kind == kindRecovery {
		return nil, &border.Error{Code: border.Conflict, Op: "open the root key",
			Message: "This data folder came out of a backup. Put its keys under a guard first: garita-hub recover, with the recovery key from paper."}
	}
	if cfg.Kind != "" && cfg.Kind != f.Kind {
		return nil, &border.Error{Code: border.Conflict, Op: "open the root key",
			Message: "The keys of this data folder are guarded by another kind (" + f.Kind + ") than the configuration says (" + cfg.Kind + "). Correct the configuration, or change the guard with the command rekey."}
	}
	g, err := newGuard(f.Kind, cfg)
	if err != nil {
		return nil, err
	}
	return f.open(ctx, g, path)
}

// open gives the root key through its guard.
func (f *rootFile) open(ctx context.Context, g guard, path string) (*root, error) {
	kek, err := g.unlock(ctx, f.Lock)
	if err != nil {
		return nil, err
	}
	defer zero(kek)
	aead, err := newAEAD(kek)
	if err != nil {
		return nil, err
	}
	key, err := aead.Open(nil, nil, f.Sealed, rootAAD(f.Kind))
	if err != nil || len(key) != keySize {
		return nil, g.refused()
	}
	return f.trust(key, path)
}

// trust checks that the file is as whoever holds the root key wrote it, and takes the key over.
func (f *rootFile) trust(key []byte, path string) (*root, error) {
	if err := f.check(key, path); err != nil {
		zero(key)
		return nil, err
	}
	return newRoot(f.Kind, path, key)
}

// check compares the MAC.
func (f *rootFile) check(key []byte, path string) error {
	mac, err := f.sum(key)
	if err != nil {
		return err
	}
	if !hmac.Equal(mac, f.MAC) {
		return &border.Error{Code: border.Invalid, Op: "open the root key",
			Message: "The file " + path + " was changed. Bring back its last copy, and find out who changed it."}
	}
	return nil
}

func rootAAD(kind string) []byte { return []byte(rootFormat + " " + kind) }

// sum is the MAC over all but itself.
func (f *rootFile) sum(key []byte) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, key, nil, "garita root file v1", keySize)
	if err != nil {
		return nil, internal("derive a key", err)
	}
	defer zero(k)
	rest := *f
	rest.MAC = nil
	b, err := json.Marshal(&rest)
	if err != nil {
		return nil, internal("write the root key's file", err)
	}
	m := hmac.New(sha256.New, k)
	m.Write(b)
	return m.Sum(nil), nil
}

// bind puts the root key under a guard.
func (f *rootFile) bind(ctx context.Context, kind string, g guard, key []byte) error {
	kek, l, err := g.lock(ctx)
	if err != nil {
		return err
	}
	defer zero(kek)
	aead, err := newAEAD(kek)
	if err != nil {
		return err
	}
	f.Format, f.Kind, f.Lock = rootFormat, kind, l
	f.Sealed = aead.Seal(nil, nil, key, rootAAD(kind)) //nolint:gosec // as in root.Seal
	f.MAC, err = f.sum(key)
	return err
}

// found makes a root key, unless another program was faster.
func found(ctx context.Context, path string, cfg Config) error {
	left, err := sealedIn(cfg.Dir)
	if err != nil {
		return err
	}
	if left != "" {
		return &border.Error{Code: border.NotFound, Op: "read " + path,
			Message: "The root key's file is gone, but " + left + " is sealed under it. Bring the file back, or restore this folder from a backup into an empty one."}
	}
	g, err := newGuard(cfg.Kind, cfg)
	if err != nil {
		return err
	}
	f := &rootFile{}
	if f.Clear, err = digests(cfg.Clear); err != nil {
		return err
	}
	key := random(keySize)
	defer zero(key)
	if err := f.bind(ctx, cfg.Kind, g, key); err != nil {
		return err
	}
	return f.write(path, true)
}

// write writes root.json; if it must be new, it leaves one that is there.
func (f *rootFile) write(path string, isNew bool) error {
	b, err := f.encode()
	if err != nil {
		return err
	}
	return writeFile(path, b, isNew)
}

func (f *rootFile) encode() ([]byte, error) {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, internal("write the root key's file", err)
	}
	return append(b, '\n'), nil
}

func readRoot(path string) (*rootFile, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	f, ok := parseRoot(b)
	if !ok {
		return nil, &border.Error{Code: border.Invalid, Op: "read " + path,
			Message: "The root key's file is damaged. Bring back its last copy."}
	}
	return f, nil
}

// parseRoot reads root.json; its bounds are checked before anything is made of it.
func parseRoot(b []byte) (*rootFile, bool) {
	var f rootFile
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || f.Format != rootFormat || len(f.Sealed) > 256 {
		return nil, false
	}
	l := &f.Lock
	if l.Memory > maxMemory || l.Time > maxTime || len(l.PCRs) > 24 || slices.ContainsFunc(l.PCRs, func(p int) bool { return p < 0 || p > 23 }) {
		return nil, false
	}
	return &f, true
}

// readFile reads a file that its owner alone may read.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &border.Error{Code: border.NotFound, Op: "read " + path, Err: err}
	}
	if err != nil {
		return nil, internal("read "+path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, internal("read "+path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, &border.Error{Code: border.Forbidden, Op: "read " + path,
			Message: "The file can be read by others than its owner. Run: chmod 600 " + path}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, internal("read "+path, err)
	}
	if len(b) > maxFile {
		return nil, &border.Error{Code: border.TooLarge, Op: "read " + path}
	}
	return b, nil
}

// writeFile writes a file for its owner alone: temporary file, sync, rename, sync of the folder.
// With keep a file that is there stays as it is.
func writeFile(path string, b []byte, keep bool) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".key-*") // created with mode 0600
	if err != nil {
		return internal("write "+path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return internal("write "+path, err)
	}
	if keep {
		if err = os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	} else {
		err = os.Rename(f.Name(), path)
	}
	if err = errors.Join(err, syncDir(dir)); err != nil {
		return internal("write "+path, err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
