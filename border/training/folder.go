package training

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"garita/border"
)

const (
	// prefix begins the name of every training's folder: by it leftovers are found.
	prefix = "garita-training-"
	// lockFile is held by the program that trains in the folder. It ends with the program, however it ends.
	lockFile = "lock"
)

// folder is a training's own, held by this program.
type folder struct {
	path string
	lock *os.File
}

// newFolder makes an empty folder within parent; "" is the machine's for temporary files.
func newFolder(parent string) (*folder, error) {
	const op = "make a folder for training"
	for range 10 { // another program may take a new folder for a leftover before it is locked
		path, err := os.MkdirTemp(parent, prefix)
		if err != nil {
			return nil, &border.Error{Code: border.Unavailable, Op: op, Err: err,
				Message: "This station has no room for training now: its folder for temporary files takes nothing. Tell the technician."}
		}
		if lock := hold(path); lock != nil {
			return &folder{path, lock}, nil
		}
	}
	return nil, &border.Error{Code: border.Unavailable, Op: op}
}

// hold locks a folder; nil: somebody else holds it, or it is gone.
func hold(path string) *os.File {
	f, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		held, heldErr := f.Stat()
		there, thereErr := os.Lstat(f.Name()) // it may have been removed meanwhile, with its folder
		if heldErr == nil && thereErr == nil && os.SameFile(held, there) {
			return f
		}
	}
	_ = f.Close() // nothing was written
	return nil
}

// remove removes the folder with all that is in it.
func (f *folder) remove() error {
	return errors.Join(os.RemoveAll(f.path), f.lock.Close())
}

// sweep removes what trainings left behind that a power cut or a crash ended. What another program holds, or
// another user owns, is left alone.
func sweep(parent string) error {
	if parent == "" {
		parent = os.TempDir()
	}
	all, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "look for leftovers of training", Err: err}
	}
	var errs []error
	for _, e := range all {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) || !own(e) {
			continue
		}
		if lock := hold(filepath.Join(parent, e.Name())); lock != nil {
			errs = append(errs, (&folder{filepath.Join(parent, e.Name()), lock}).remove())
		}
	}
	return errors.Join(errs...)
}

// own reports whether an entry belongs to the user of this program.
func own(e fs.DirEntry) bool {
	i, err := e.Info()
	if err != nil {
		return false
	}
	s, ok := i.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid()
}
