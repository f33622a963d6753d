package backup

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"garita/border"
	"garita/border/keystore"
	"garita/border/seal"
)

// Unwrap gives a backup's key to who may have it: an error if this is not one of them.
type Unwrap func(h *Header) (key []byte, err error)

// WithRoot opens backups of a data folder with its root key.
func WithRoot(root keystore.Root) Unwrap {
	return func(h *Header) ([]byte, error) {
		return unwrap(h, toRoot, func(sealed []byte) ([]byte, error) { return root.Open(rootName(h), sealed) })
	}
}

// WithHub opens backups of stations at their hub.
func WithHub(private *seal.HubPrivate) Unwrap {
	return func(h *Header) ([]byte, error) {
		return unwrap(h, toHub, func(sealed []byte) ([]byte, error) { return private.OpenFromStation(seal.ForBackup+"/"+h.ID, sealed) })
	}
}

// WithRecovery opens backups with the key from paper.
func WithRecovery(k *keystore.RecoveryKey) Unwrap {
	return func(h *Header) ([]byte, error) {
		return unwrap(h, toRecovery, func(sealed []byte) ([]byte, error) { return k.Open(seal.ForBackup+"/"+h.ID, sealed) })
	}
}

// WithKey opens one backup with its own key, as [KeyText] writes it.
func WithKey(text string) (Unwrap, error) {
	b, err := hex.DecodeString(strings.NewReplacer("-", "", " ", "", "\n", "").Replace(text))
	if err != nil || len(b) != keySize {
		return nil, &border.Error{Code: border.Invalid, Op: "read the key of a backup", Message: "This is no key of a backup: it has 64 hexadecimal digits."}
	}
	return fixed(b), nil
}

// KeyText writes a backup's key for people to carry: it opens that one backup.
func KeyText(key []byte) string {
	s := hex.EncodeToString(key)
	var groups []string
	for i := 0; i < len(s); i += 8 {
		groups = append(groups, s[i:i+8])
	}
	return strings.Join(groups, "-")
}

func fixed(key []byte) Unwrap {
	return func(*Header) ([]byte, error) { return append([]byte(nil), key...), nil }
}

func unwrap(h *Header, to string, open func([]byte) ([]byte, error)) ([]byte, error) {
	err := fmt.Errorf("%w: it has none for %s", ErrKey, to)
	for _, w := range h.Keys {
		if w.To != to {
			continue
		}
		key, openErr := open(w.Sealed)
		if openErr == nil && len(key) == keySize {
			return key, nil
		}
		err = errors.Join(ErrKey, openErr)
	}
	return nil, &border.Error{Code: border.Forbidden, Op: "open a backup", Err: err,
		Message: "This key does not open this backup. Its data folder's own keys do, a station's hub (garita-hub backup-key), or the recovery key from paper."}
}

// Restored says what came out of a backup.
type Restored struct {
	Header  Header `json:"header"`
	Files   int    `json:"files"`
	Beside  int64  `json:"beside"`
	Missing int64  `json:"missing,omitempty"` // files beside the backup that are gone or damaged
}

// Options of Restore.
type Options struct {
	// Incomplete restores although files beside the backup are missing or damaged, and counts them.
	Incomplete bool
	// Check looks at the restored folder before it gets its place.
	Check func(ctx context.Context, dir string) error
}

// Restore puts a backup into the folder dir, which must be empty or not there. Whatever goes wrong, dir
// is as it was before: the data get their place in one step, when all has been checked.
func Restore(ctx context.Context, path string, open Unwrap, dir string, o Options) (Restored, error) {
	const op = "restore a backup"
	there, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Restored{}, failed(op, err)
	}
	if len(there) > 0 {
		return Restored{}, &border.Error{Code: border.Conflict, Op: op, Message: "The folder " + dir + " is not empty. A backup is only restored into an empty one: move away what is there."}
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Restored{}, &border.Error{Code: border.NotFound, Op: op, Err: err, Message: "There is no backup " + path + "."}
	}
	if err != nil {
		return Restored{}, failed(op, err)
	}
	defer f.Close()
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return Restored{}, failed(op, err)
	}
	tmp, err := os.MkdirTemp(parent, unfinished)
	if err != nil {
		return Restored{}, failed(op, err)
	}
	defer os.RemoveAll(tmp) // nothing once it has its place
	missing := refuseMissing
	if o.Incomplete {
		missing = countMissing
	}
	r, err := extract(ctx, f, open, tmp, filepath.Join(filepath.Dir(path), filesDir), missing)
	if err == nil && o.Check != nil {
		err = o.Check(ctx, tmp)
	}
	if err == nil {
		err = mark(tmp, &r)
	}
	if err == nil {
		err = syncTree(tmp)
	}
	if err == nil {
		err = errors.Join(unix.Rename(tmp, dir), syncDir(parent)) // over an empty folder, which os.Rename refuses, or none
	}
	if err != nil {
		return Restored{}, failed(op, err)
	}
	return r, nil
}

// MarkFile says in a data folder that it came out of a backup, and that nobody has seen to it yet that
// rows and blind indexes follow what was destroyed since.
const MarkFile = "restored.json"

func mark(dir string, r *Restored) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, MarkFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// Unsettled reports whether a data folder came out of a backup and is not settled yet: projections that
// rest on opened parts must be made anew, once the keys that are alive have come.
func Unsettled(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, MarkFile))
	return err == nil
}

// Settled takes the mark away, when that was done.
func Settled(dir string) error {
	err := os.Remove(filepath.Join(dir, MarkFile))
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("settle a restored folder", err)
	}
	return nil
}

// missingFiles says what becomes of the files beside a backup.
type missingFiles int

const (
	refuseMissing missingFiles = iota // copied; one that is missing is an error
	countMissing                      // copied; those that are missing are counted
	onlyThere                         // not copied; each must be there
)

// extract reads a backup into an empty folder and checks every byte.
func extract(ctx context.Context, r io.Reader, open Unwrap, dir, beside string, missing missingFiles) (out Restored, err error) {
	h, head, err := readHead(r)
	if err != nil {
		return out, err
	}
	out.Header = h
	key, err := open(&h)
	if err != nil {
		return out, err
	}
	defer clear(key)
	aead, err := chunks(key, head)
	if err != nil {
		return out, failed("read a backup", err)
	}
	o := newOpener(r, aead)
	b, err := readPrefixed(o, maxManifest)
	if err != nil {
		return out, wrongOrDamaged(err, o)
	}
	m, err := parseManifest(b)
	if err != nil {
		return out, err
	}
	for _, f := range m.Folders {
		n, lost, err := takeFolder(ctx, o, &f, dir, beside, missing)
		if err != nil {
			return out, err
		}
		out.Beside, out.Missing = out.Beside+n, out.Missing+lost
	}
	for _, f := range m.Files {
		if err := takeFile(ctx, o, &f, dir); err != nil {
			return out, err
		}
		out.Files++
	}
	if err := o.end(); err != nil {
		return out, err
	}
	for _, f := range m.Files {
		if !f.Database {
			continue
		}
		if err := sound(ctx, filepath.Join(dir, f.Path)); err != nil {
			return out, &border.Error{Code: border.Invalid, Op: "read a backup", Err: err,
				Message: "The database " + f.Path + " in the backup is damaged. Take an older backup."}
		}
	}
	return out, nil
}

// wrongOrDamaged: if not even the first chunk opens, the key may be another backup's.
func wrongOrDamaged(err error, o *opener) error {
	if errors.Is(err, ErrDamaged) && o.n == (nonce{10: 1}) {
		return &border.Error{Code: border.Invalid, Op: "read a backup", Message: "The backup does not open: it is damaged from its beginning, or the key is another backup's.",
			Err: errors.Join(err, ErrKey)}
	}
	return err
}

// takeFolder brings the files of a folder from beside the backup.
func takeFolder(ctx context.Context, r io.Reader, f *folder, dir, beside string, missing missingFiles) (n, lost int64, err error) {
	to := filepath.Join(dir, f.Path)
	if missing != onlyThere {
		if err := os.MkdirAll(to, 0o700); err != nil {
			return 0, 0, failed("restore a folder", err)
		}
	}
	for range f.Files {
		var hash border.Digest
		if _, err := io.ReadFull(r, hash[:]); err != nil {
			return n, lost, orDamaged(err)
		}
		if err := ctx.Err(); err != nil {
			return n, lost, failed("restore a folder", err)
		}
		from := filepath.Join(beside, hash.String())
		if missing == onlyThere {
			_, err = os.Stat(from)
		} else {
			err = copyNamed(from, filepath.Join(to, hash.String()), hash)
		}
		switch {
		case err == nil:
			n++
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errMisnamed):
			return n, lost, failed("restore a folder", err)
		case missing == countMissing:
			lost++
		default:
			return n, lost, &border.Error{Code: border.Invalid, Op: "read a backup", Err: errors.Join(ErrDamaged, err),
				Message: "A sealed file that belongs to the backup is gone or damaged: " + from + ". Bring it from another copy of the backups, or restore without it (--incomplete)."}
		}
	}
	return n, lost, nil
}

// takeFile writes one file out of the stream.
func takeFile(ctx context.Context, r io.Reader, f *file, dir string) error {
	const op = "restore a file"
	path := filepath.Join(dir, f.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return failed(op, err)
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return failed(op, err)
	}
	hash := sha256.New()
	_, err = io.CopyN(io.MultiWriter(out, hash), contextReader{ctx, r}, f.Size)
	if errors.Is(err, io.EOF) {
		err = damaged("cut off")
	}
	if err == nil && border.Digest(hash.Sum(nil)) != f.Digest {
		err = damaged("a file does not fit its digest")
	}
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return failed(op, err)
	}
	return nil
}

const sqliteMagic = "SQLite format 3\x00"

// sound asks SQLite whether a database is one.
func sound(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	head := make([]byte, len(sqliteMagic))
	_, err = io.ReadFull(f, head)
	if err = errors.Join(err, f.Close()); err != nil || string(head) != sqliteMagic {
		return errors.Join(errors.New("not an SQLite database"), err) // SQLite itself calls the shortest files sound
	}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return errors.New("integrity_check finds damage")
	}
	return db.Close()
}

// syncTree syncs all folders; the files in them were synced when they were written.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
}

// KeyOf gives the key of one backup, for [KeyText].
func KeyOf(path string, open Unwrap) (Header, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return Header{}, nil, &border.Error{Code: border.NotFound, Op: "open a backup", Err: err, Message: "There is no backup " + path + "."}
	}
	defer f.Close()
	h, err := ReadHeader(f)
	if err != nil {
		return h, nil, err
	}
	key, err := open(&h)
	return h, key, err
}
