// Package backup copies data folders of stations and hubs, sealed, so that a broken disk costs a day at
// most: the databases as one moment saw them, the sealed files that never change once each. Every backup
// is read back and its databases are opened before it counts. Data keys are in none.
package backup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"garita/border"
	"garita/border/keystore"
	"garita/border/seal"
)

// Config says what is backed up, where to, and how often.
type Config struct {
	Kind     string // Station or Hub
	Name     string // of the station or hub
	Software string
	Dir      string // data folder
	Contents Contents
	To       string // folder of all backups, on another disk; each station and hub has one of its own in it
	Root     keystore.Root
	// Provisioning of a station: its hub can open its backups, too. nil: at the hub.
	Provisioning *seal.Provisioning
	// Check looks at a restored copy in a folder, beyond SQLite's own check; nil: no more than that.
	Check func(ctx context.Context, dir string) error
	Clock border.Clock
	Every time.Duration // between backups; 0: a day
	Keep  int           // backups that are kept; 0: 14
	Log   *slog.Logger
}

// Report says what came of a backup.
type Report struct {
	Path     string        `json:"path"`
	Sequence uint64        `json:"sequence"`
	Made     time.Time     `json:"made"`
	Bytes    int64         `json:"bytes"` // of the backup itself
	Files    int           `json:"files"` // databases and files in it
	Beside   int64         `json:"beside"`
	Added    int64         `json:"added"`             // of those beside it, the ones that were not there yet
	Damaged  int64         `json:"damaged,omitempty"` // files of the data folder that do not fit their name, left out
	Took     time.Duration `json:"took_ns"`
	// Holders can open it: root, hub, recovery.
	Holders []string `json:"holders"`
}

// Keeper makes backups, one at a time.
type Keeper struct {
	c    Config
	dir  string // of this station's or hub's backups
	work sync.Mutex

	mu    sync.Mutex // guards what follows
	last  Report
	err   error
	tried time.Time // by Due
}

const (
	extension  = ".backup"
	filesDir   = "files"     // beside the backups
	unfinished = ".writing-" // begins names of what is being written
)

// New makes the folder of backups.
func New(c Config) (*Keeper, error) {
	const op = "open the backups"
	if c.Kind != Station && c.Kind != Hub || !goodPath(strings.ToLower(c.Name)) {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: fmt.Errorf("kind %q, name %q", c.Kind, c.Name)}
	}
	if c.Every <= 0 {
		c.Every = 24 * time.Hour
	}
	if c.Keep <= 0 {
		c.Keep = 14
	}
	k := &Keeper{c: c, dir: filepath.Join(c.To, c.Kind+"-"+c.Name)}
	if err := os.MkdirAll(filepath.Join(k.dir, filesDir), 0o700); err != nil {
		return nil, failed(op, err)
	}
	return k, nil
}

// Make makes a backup, reads it back, and takes away those that are more than are kept. Until it has
// been read back it does not have its name.
func (k *Keeper) Make(ctx context.Context) (Report, error) {
	k.work.Lock()
	defer k.work.Unlock()
	r, err := k.make(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err = err; err == nil {
		k.last = r
	}
	return r, err
}

// State gives the last backup that this keeper made, and why the last try failed.
func (k *Keeper) State() (Report, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last, k.err
}

func (k *Keeper) make(ctx context.Context) (Report, error) {
	const op = "make a backup"
	lock, err := k.lock()
	if err != nil {
		return Report{}, err
	}
	defer lock.Close()
	if err := k.tidy(); err != nil {
		return Report{}, err
	}
	there, err := k.list()
	if err != nil {
		return Report{}, err
	}
	began := k.c.Clock.Now()
	h := Header{ID: hex.EncodeToString(random(16)), Kind: k.c.Kind, Name: k.c.Name, Sequence: 1, Made: began.UTC(), Software: k.c.Software}
	if len(there) > 0 {
		h.Sequence = there[len(there)-1].sequence + 1
	}
	key := random(keySize)
	defer clear(key)
	if err := k.wrap(&h, key); err != nil {
		return Report{}, err
	}
	if err := k.room(); err != nil {
		return Report{}, err
	}
	tmp, err := os.MkdirTemp(k.c.Dir, unfinished)
	if err != nil {
		return Report{}, failed(op, err)
	}
	defer os.RemoveAll(tmp)
	m, err := k.snapshot(ctx, tmp)
	if err != nil {
		return Report{}, err
	}
	r := Report{Sequence: h.Sequence, Made: h.Made, Files: len(m.Files)}
	for _, w := range h.Keys {
		r.Holders = append(r.Holders, w.To)
	}
	digests, err := k.beside(ctx, &m, &r)
	if err != nil {
		return Report{}, err
	}
	f, err := os.CreateTemp(k.dir, unfinished+"*") // mode 0600
	if err != nil {
		return Report{}, failed(op, err)
	}
	defer os.Remove(f.Name()) // nothing once it has its name
	err = k.write(ctx, f, &h, key, tmp, &m, digests)
	if err = errors.Join(err, f.Sync()); err == nil {
		r.Bytes, err = f.Seek(0, io.SeekCurrent)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return Report{}, failed(op, err)
	}
	if err := os.RemoveAll(tmp); err != nil { // room for what is restored
		return Report{}, failed(op, err)
	}
	if err := k.verify(ctx, f.Name(), key); err != nil {
		return Report{}, err
	}
	r.Path = filepath.Join(k.dir, fmt.Sprintf("%06d-%s%s", h.Sequence, h.Made.Format("20060102T150405Z"), extension))
	if err := errors.Join(os.Rename(f.Name(), r.Path), syncDir(k.dir)); err != nil {
		return Report{}, failed(op, err)
	}
	r.Took = k.c.Clock.Now().Sub(began)
	return r, k.prune(ctx)
}

// lock keeps another program from making a backup of the same station or hub meanwhile. It ends with the
// process, however it ends.
func (k *Keeper) lock() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(k.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, failed("make a backup", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(&border.Error{Code: border.Conflict, Op: "make a backup", Err: err, Message: "Another backup is being made. Wait for it."}, f.Close())
	}
	return f, nil
}

// tidy takes away what a program that was stopped did not finish.
func (k *Keeper) tidy() error {
	for _, dir := range []string{k.dir, filepath.Join(k.dir, filesDir), k.c.Dir} {
		left, err := filepath.Glob(filepath.Join(dir, unfinished+"*"))
		for _, p := range left {
			err = errors.Join(err, os.RemoveAll(p))
		}
		if err != nil {
			return failed("make a backup", err)
		}
	}
	return nil
}

// spare is what a backup leaves of the data folder's disk, in bytes: the record comes first.
const spare = 16 << 20

// room refuses a backup whose copies could fill the disk that the record is written to.
func (k *Keeper) room() error {
	need := int64(spare)
	for _, name := range slices.Concat(k.c.Contents.Databases, k.c.Contents.Files) {
		for _, end := range []string{"", "-wal"} {
			if info, err := os.Stat(filepath.Join(k.c.Dir, name) + end); err == nil {
				need += info.Size()
			}
		}
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(k.c.Dir, &fs); err != nil {
		return failed("make a backup", err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < need {
		return &border.Error{Code: border.StorageFull, Op: "make a backup", Err: fmt.Errorf("%d MiB free, %d MiB needed", free>>20, need>>20),
			Message: "There is too little room on the data folder's disk for the copies that a backup takes. Make room; earlier backups are as they were."}
	}
	return nil
}

// wrap seals the backup's key for all who may have it.
func (k *Keeper) wrap(h *Header, key []byte) error {
	add := func(to string, sealed []byte, err error) error {
		if err == nil {
			h.Keys = append(h.Keys, Wrap{To: to, Sealed: sealed})
		}
		return err
	}
	sealed, err := k.c.Root.Seal(rootName(h), key)
	if err := add(toRoot, sealed, err); err != nil {
		return err
	}
	if k.c.Provisioning != nil {
		sealed, err := k.c.Provisioning.SealToHub(seal.ForBackup+"/"+h.ID, key)
		if err := add(toHub, sealed, err); err != nil {
			return err
		}
	}
	public, err := keystore.RecoveryPublic(k.c.Root)
	if err != nil || public == nil {
		return err
	}
	sealed, err = keystore.SealForRecovery(public, seal.ForBackup+"/"+h.ID, key)
	return add(toRecovery, sealed, err)
}

// rootName is what a backup's key is sealed to the root key as.
func rootName(h *Header) string { return seal.ForBackup + "/" + h.ID }

// snapshot copies the databases, each as one moment saw it, and the small files into a folder.
func (k *Keeper) snapshot(ctx context.Context, tmp string) (manifest, error) {
	const op = "copy a database"
	var m manifest
	add := func(name string, database bool) error {
		size, digest, err := sum(ctx, filepath.Join(tmp, name))
		if err == nil {
			m.Files = append(m.Files, file{Path: name, Size: size, Digest: digest, Database: database})
		}
		return err
	}
	for _, name := range slices.Concat(k.c.Contents.Databases, k.c.Contents.Files) {
		from, to := filepath.Join(k.c.Dir, name), filepath.Join(tmp, name)
		if never(name) || !goodPath(name) {
			return m, &border.Error{Code: border.Internal, Op: op, Err: fmt.Errorf("%s must not be in a backup", name)}
		}
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return m, failed(op, err)
		}
		database := slices.Contains(k.c.Contents.Databases, name)
		var err error
		if database {
			err = vacuum(ctx, from, to)
		} else {
			err = copyFile(from, to)
		}
		if err == nil {
			err = add(name, database)
		}
		if err != nil {
			return m, failed(op+" "+name, err)
		}
	}
	if k.c.Kind != Hub {
		return m, nil
	}
	// Of the hub's root key what the recovery key opens: a new machine has nothing else.
	b, err := keystore.ForBackup(k.c.Root)
	if border.CodeOf(err) == border.NotFound {
		k.c.Log.Warn("backup: no recovery key was printed yet; a backup of this hub is of no use on another machine", "next", "garita-hub recovery-key")
		return m, nil
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(tmp, keystore.RootFile), b, 0o600)
	}
	if err == nil {
		err = add(keystore.RootFile, false)
	}
	if err != nil {
		return m, failed(op, err)
	}
	return m, nil
}

// vacuum copies a database that may be in use: what one moment saw, and nothing of what was deleted.
func vacuum(ctx context.Context, from, to string) error {
	q := url.Values{"mode": {"rw"}, "_busy_timeout": {"10000"}} // rw: a log left by a killed program must be read, and that takes writing
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: from}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return err
	}
	if err := os.Chmod(to, 0o600); err != nil {
		return err
	}
	return db.Close()
}

// beside copies the files of the folders that are not there yet, and lists them.
func (k *Keeper) beside(ctx context.Context, m *manifest, r *Report) (digests []border.Digest, err error) {
	const op = "copy the sealed files"
	for _, name := range k.c.Contents.Folders {
		dir := folder{Path: name}
		hashes, err := seal.ListAttachments(filepath.Join(k.c.Dir, name))
		if err != nil {
			return nil, err
		}
		for _, hash := range hashes {
			if err := ctx.Err(); err != nil {
				return nil, &border.Error{Code: border.Unavailable, Op: op, Err: err}
			}
			size, added, err := k.keep(filepath.Join(k.c.Dir, name, hash.String()), hash)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				continue // nothing names it any more
			case errors.Is(err, errMisnamed):
				r.Damaged++
				continue
			case err != nil:
				return nil, failed(op, err)
			}
			if added {
				r.Added++
			}
			dir.Files++
			dir.Bytes += size
			digests = append(digests, hash)
		}
		r.Beside += dir.Files
		m.Folders = append(m.Folders, dir)
	}
	return digests, syncDir(filepath.Join(k.dir, filesDir))
}

// errMisnamed: a file's bytes do not have the digest that its name says.
var errMisnamed = errors.New("a file does not fit its name")

// keep copies one file beside the backups, unless it is there.
func (k *Keeper) keep(from string, hash border.Digest) (size int64, added bool, err error) {
	to := filepath.Join(k.dir, filesDir, hash.String())
	info, err := os.Stat(from)
	if err != nil {
		return 0, false, err
	}
	if there, err := os.Stat(to); err == nil && there.Size() == info.Size() {
		return info.Size(), false, nil
	}
	return info.Size(), true, copyNamed(from, to, hash)
}

// copyNamed copies a file whose bytes must have a digest, whole or not at all.
func copyNamed(from, to string, hash border.Digest) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), unfinished+"*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), in)
	if err == nil && border.Digest(h.Sum(nil)) != hash {
		err = errMisnamed
	}
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), to)
}

// write writes a backup.
func (k *Keeper) write(ctx context.Context, w io.Writer, h *Header, key []byte, tmp string, m *manifest, digests []border.Digest) error {
	head, err := writeHead(w, h)
	if err != nil {
		return err
	}
	aead, err := chunks(key, head)
	if err != nil {
		return err
	}
	s := newSealer(w, aead)
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(b) > maxManifest {
		return errors.New("the list of contents is too long")
	}
	if _, err := s.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)); err != nil {
		return err
	}
	for i := range digests {
		if _, err := s.Write(digests[i][:]); err != nil {
			return err
		}
	}
	for _, f := range m.Files {
		in, err := os.Open(filepath.Join(tmp, f.Path))
		if err != nil {
			return err
		}
		n, err := io.Copy(s, contextReader{ctx, in})
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
		if n != f.Size {
			return fmt.Errorf("%s has changed its size", f.Path)
		}
	}
	return s.Close()
}

// verify restores a backup into a folder that then goes, and opens its databases.
func (k *Keeper) verify(ctx context.Context, path string, key []byte) error {
	dir, err := os.MkdirTemp(k.c.Dir, unfinished)
	if err != nil {
		return failed("read a backup back", err)
	}
	defer os.RemoveAll(dir)
	f, err := os.Open(path)
	if err != nil {
		return failed("read a backup back", err)
	}
	defer f.Close()
	_, err = extract(ctx, f, fixed(key), dir, filepath.Join(k.dir, filesDir), onlyThere)
	if err == nil && k.c.Check != nil {
		err = k.c.Check(ctx, dir)
	}
	if err != nil {
		return &border.Error{Code: border.CodeOf(err), Op: "read a backup back", Err: err,
			Message: "A new backup was written and does not read back; it does not count. Look at the disk of the backups, then make another."}
	}
	return nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

// sum reads a file's size and digest.
func sum(ctx context.Context, path string) (size int64, d border.Digest, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, d, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, contextReader{ctx, f})
	return size, border.Digest(h.Sum(nil)), err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// failed gives an error of the disk or of SQLite its code.
func failed(op string, err error) error {
	var e *border.Error
	if errors.As(err, &e) {
		return err
	}
	var s sqlite3.Error
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT),
		errors.As(err, &s) && (s.Code == sqlite3.ErrFull || s.SystemErrno == syscall.ENOSPC):
		return &border.Error{Code: border.StorageFull, Op: op, Err: err, Message: "A disk is full: there is no room for the backup or for reading it back. Make room; earlier backups are as they were."}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &border.Error{Code: border.Unavailable, Op: op, Err: err}
	}
	return &border.Error{Code: border.Internal, Op: op, Err: err}
}
