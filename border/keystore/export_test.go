package keystore

import (
	"path/filepath"
	"testing"
)

// Public is the public half of a recovery key.
func (k *RecoveryKey) Public() []byte { return k.public }

// Lock is what a kind needs beside its secret.
type Lock = lock

// LockOf reads a folder's lock.
func LockOf(t *testing.T, dir string) Lock {
	t.Helper()
	f, err := readRoot(filepath.Join(dir, RootFile))
	if err != nil {
		t.Fatal(err)
	}
	return f.Lock
}

// Cheap makes passphrases cost little.
func Cheap(c Config) Config { c.memory = 64; return c }
