package journal

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// DefaultReserve is the size in bytes of the reserve: 1,000 crossings take about 4 MiB in
// the database and 4 MiB in its log before it wraps; the rest is for the file system.
const DefaultReserve = 16 << 20

// StorageState says whether the journal can record.
type StorageState string

// The states of storage.
const (
	StorageOK      StorageState = "ok"
	StorageLow     StorageState = "low"     // less than 15 % of the disk is free
	StorageReserve StorageState = "reserve" // the disk is full; crossings are recorded from the reserve
	StorageFull    StorageState = "full"    // the reserve is used up: nothing can be recorded
	StorageFailed  StorageState = "failed"  // the disk returns errors; the journal keeps trying
)

// Storage is the state of a station's record medium.
type Storage struct {
	State  StorageState `json:"state"`
	Free   int64        `json:"free_bytes"`
	Total  int64        `json:"total_bytes"`
	Reason string       `json:"reason,omitempty"` // plain words with what to do next
}

// reserve is a file that occupies room on the disk until the disk is full.
type reserve struct {
	dir      string
	size     int64
	released bool
}

func (r *reserve) path() string { return filepath.Join(r.dir, "reserve") }

// set makes the reserve if there is room for it; a station that starts on a full disk
// starts without.
func (r *reserve) set(dir string, size int64) {
	r.dir, r.size = dir, size
	if size <= 0 {
		r.released = false
		return
	}
	var st unix.Stat_t
	if unix.Stat(r.path(), &st) == nil && st.Size >= size && st.Blocks*512 >= size { // not a copy with holes
		r.released = false
		return
	}
	free, _ := space(dir)
	if free < 2*size || r.allocate() != nil {
		r.released = true
		return
	}
	r.released = false
}

func (r *reserve) allocate() error {
	f, err := os.OpenFile(r.path(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), 0, 0, r.size)
	if errors.Is(err, unix.EOPNOTSUPP) { // not every file system can promise room
		err = r.fill(f)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(r.path()))
	}
	return nil
}

// fill takes the room by writing it.
func (r *reserve) fill(f *os.File) error {
	block := make([]byte, 1<<20)
	rand.Read(block) // nothing that a file system could store in less room
	for at := int64(0); at < r.size; at += int64(len(block)) {
		if _, err := f.WriteAt(block[:min(int64(len(block)), r.size-at)], at); err != nil {
			return err
		}
	}
	return nil
}

// release gives the room back to the file system, for crossings.
func (r *reserve) release() error {
	r.released = true
	if err := os.Remove(r.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// space returns the bytes free for this user and the size of the file system of dir.
func space(dir string) (free, total int64) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0
	}
	return int64(st.Bavail) * st.Bsize, int64(st.Blocks) * st.Bsize
}

// survey looks at the disk and sets the storage state. err is that of the last opening.
func (w *writer) survey(err error) {
	s := Storage{State: StorageOK}
	s.Free, s.Total = space(w.j.cfg.Dir)
	switch {
	case err != nil && isFull(err):
		s.State = StorageFull
		s.Reason = "The disk is full and the reserve is used up. Nothing can be recorded here. Free space on the disk; the station goes on by itself."
	case err != nil:
		s.State = StorageFailed
		s.Reason = "The disk returns errors. Nothing can be recorded here until it answers again. Call the technician."
	case w.reserve.released && w.reserve.size > 0:
		s.State = StorageReserve
		s.Reason = "The disk is full. Room for about 1,000 more crossings is kept. Free space on the disk now."
	case s.Free*100 < s.Total*15:
		s.State = StorageLow
		s.Reason = "Less than 15 % of the disk is free. Free space on the disk soon."
	}
	w.j.setStorage(s)
}

// housekeep opens a database that is closed, renews the reserve, moves the projections on
// and looks at the disk.
func (w *writer) housekeep() {
	if w.store == nil {
		_ = w.open() // its error is kept in the storage state
		w.wake()
		return
	}
	if w.reserve.released {
		w.reserve.set(w.j.cfg.Dir, w.j.cfg.Reserve)
	}
	w.survey(nil)
	w.follow()
}
