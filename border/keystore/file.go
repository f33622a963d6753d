package keystore

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"garita/border"
)

// sealedFormat begins what a sealed file says of itself.
const sealedFormat = "garita sealed v1"

// sealedFile is a file that holds a sealed value. All but Sealed is for people.
type sealedFile struct {
	Format string `json:"format"`
	Kind   string `json:"kind"` // of the root key
	Name   string `json:"name"`
	Sealed []byte `json:"sealed"`
}

// fileName is what a file's content is bound to.
func fileName(path string) string { return "file/" + filepath.Base(path) }

// SaveFile writes v as sealed JSON, for its owner alone, whole or not at all. The content is bound to
// the file's name: it does not open under another one.
func SaveFile(r Root, path string, v any) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return internal("write "+path, err)
	}
	defer zero(plain)
	sealed, err := r.Seal(fileName(path), plain)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(sealedFile{Format: sealedFormat, Kind: r.Kind(), Name: filepath.Base(path), Sealed: sealed}, "", "  ")
	if err != nil {
		return internal("write "+path, err)
	}
	return writeFile(path, append(b, '\n'), false)
}

// LoadFile reads what SaveFile wrote into v. [border.NotFound]: there is no such file.
// [border.Invalid]: it is damaged, was renamed, or belongs to another root key.
//
// A file in the clear is taken if it is one of [Config.Clear] and has not changed since the root key was
// made: it is sealed, and what lay there is overwritten. Any other is [border.Forbidden].
func LoadFile(r Root, path string, v any) error {
	b, err := readFile(path)
	if err != nil {
		return err
	}
	defer zero(b)
	damaged := &border.Error{Code: border.Invalid, Op: "read " + path, Message: "The file is damaged. Bring back its last copy."}
	f, ok := parseSealed(b)
	if !ok {
		return takeClear(r, path, b, v)
	}
	plain, err := r.Open(fileName(path), f.Sealed)
	if err != nil {
		return errors.Join(damaged, err)
	}
	defer zero(plain)
	if json.Unmarshal(plain, v) != nil {
		return damaged // the cause could repeat the content, and the content is secret
	}
	return nil
}

func parseSealed(b []byte) (*sealedFile, bool) {
	var f sealedFile
	if len(b) > maxFile || json.Unmarshal(b, &f) != nil || f.Format != sealedFormat {
		return nil, false
	}
	return &f, true
}

// takeClear takes over a file from before there were root keys.
func takeClear(r Root, path string, b []byte, v any) error {
	own, ok := r.(*root)
	sum := clearSum(path, b)
	if !ok || !own.expects(sum) {
		return &border.Error{Code: border.Forbidden, Op: "read " + path,
			Message: "The file is damaged, or lies there in the clear, and this program did not put it there. Bring back its last copy."}
	}
	if json.Unmarshal(b, v) != nil {
		return &border.Error{Code: border.Invalid, Op: "read " + path, Message: "The file is damaged. Bring back its last copy."}
	}
	old, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return internal("seal "+path, err)
	}
	defer old.Close()
	if err := SaveFile(r, path, v); err != nil {
		return err
	}
	// The name is the sealed file's now; this is what it was before.
	return errors.Join(overwrite(old), own.took(sum))
}

// clearSum names a clear file's content under its name.
func clearSum(path string, b []byte) []byte {
	sum := sha256.Sum256(append([]byte(filepath.Base(path)+"\x00"), b...))
	return sum[:]
}

// expects reports whether a clear file lay there when the root key was made, and was not taken over yet.
func (r *root) expects(sum []byte) (yes bool) {
	err := r.read(func(f *rootFile, _ []byte) error {
		yes = slices.ContainsFunc(f.Clear, func(d []byte) bool { return bytes.Equal(d, sum) })
		return nil
	})
	return yes && err == nil
}

// took forgets a clear file: it is not taken over a second time.
func (r *root) took(sum []byte) error {
	return r.change(func(f *rootFile, _ []byte) error {
		f.Clear = slices.DeleteFunc(f.Clear, func(d []byte) bool { return bytes.Equal(d, sum) })
		return nil
	})
}

// Shred overwrites a file with zeros and removes it. A disk that writes elsewhere than it read, as flash
// does, may keep the old blocks: a key that ever lay in the clear on such a disk should be replaced.
func Shred(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return internal("remove "+path, err)
	}
	err = errors.Join(overwrite(f), f.Close(), os.Remove(path), syncDir(filepath.Dir(path)))
	if err != nil {
		return internal("remove "+path, err)
	}
	return nil
}

func overwrite(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return internal("overwrite a file", err)
	}
	if _, err = f.Seek(0, io.SeekStart); err == nil {
		_, err = io.CopyN(f, zeros{}, info.Size())
	}
	if err = errors.Join(err, f.Sync()); err != nil {
		return internal("overwrite a file", err)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// digests are those of the files that are there and in the clear.
func digests(paths []string) (out [][]byte, err error) {
	for _, p := range paths {
		b, err := readFile(p)
		if border.CodeOf(err) == border.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, clearSum(p, b))
		zero(b)
	}
	return out, nil
}

// sealedIn names a sealed file of a folder; "" if there is none.
func sealedIn(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", internal("read the data folder", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", internal("read the data folder", err)
		}
		head := make([]byte, 64)
		n, err := io.ReadFull(f, head)
		_ = f.Close() // only read
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return "", internal("read the data folder", err)
		}
		if bytes.Contains(head[:n], []byte(sealedFormat)) {
			return e.Name(), nil
		}
	}
	return "", nil
}
