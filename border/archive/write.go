package archive

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"garita/border"
	"garita/border/seal"
)

// lostAgain is how long after a station said that a file is lost it is asked again: it may have been
// restored.
const lostAgain = 24 * time.Hour

// brokenMost is how often a file may arrive whole and be another before it is not asked for until the
// next day.
const brokenMost = 3

// Wanted implements [border.FileSink].
func (a *Archive) Wanted(ctx context.Context, station border.StationID, limit int) (files []border.WantedFile, pending int, err error) {
	err = a.db.Do(ctx, "list the files that are to come", func(t *sql.Tx) error {
		lost := a.c.Clock.Now().Add(-lostAgain).UnixMicro()
		const waits = `FROM file WHERE station = ? AND arrived_at IS NULL AND (lost_at IS NULL OR lost_at < ?)`
		if err := t.QueryRowContext(ctx, `SELECT COUNT(DISTINCT digest) `+waits, string(station), lost).Scan(&pending); err != nil {
			return err
		}
		rows, err := t.QueryContext(ctx, `SELECT digest, MIN(bytes) `+waits+` GROUP BY digest ORDER BY MIN(named_at), digest LIMIT ?`, string(station), lost, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var digest []byte
			var f border.WantedFile
			if err := rows.Scan(&digest, &f.Bytes); err != nil {
				return err
			}
			f.Hash = border.Digest(digest)
			files = append(files, f)
		}
		return rows.Err()
	})
	for i := range files {
		// One that has all its bytes and not its name, as after a power cut, takes any piece to be
		// finished: it is asked for from the beginning, and what it has is passed over.
		if info, err := os.Stat(a.partial(station, files[i].Hash)); err == nil && info.Size() < int64(files[i].Bytes) {
			files[i].Held = int(info.Size())
		}
	}
	return files, pending, err
}

// Lost implements [border.FileSink].
func (a *Archive) Lost(ctx context.Context, station border.StationID, files []border.Digest) error {
	now := a.c.Clock.Now().UnixMicro()
	fresh := int64(0)
	err := a.db.Do(ctx, "note lost files", func(t *sql.Tx) error {
		for _, h := range files {
			n := int64(0)
			if err := t.QueryRowContext(ctx, `SELECT COUNT(*) FROM file WHERE digest = ? AND station = ? AND arrived_at IS NULL AND lost_at IS NULL`,
				h[:], string(station)).Scan(&n); err != nil {
				return err
			}
			fresh += n
			if _, err := t.ExecContext(ctx, `UPDATE file SET lost_at = ? WHERE digest = ? AND station = ? AND arrived_at IS NULL`, now, h[:], string(station)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && fresh > 0 { // what it says again every day is known
		a.alarm(station, "The station does not have files any more that its crossings name, or has them damaged.")
	}
	return err
}

// fate is what the database knows of a file that pieces came of.
type fate struct {
	bytes   int
	arrived bool
	others  bool // another station's crossings name it, and none of this one
	named   bool
}

// Write implements [border.FileSink].
func (a *Archive) Write(ctx context.Context, pieces []border.FilePiece) error {
	const op = "keep pieces of files"
	a.writing.Lock()
	defer a.writing.Unlock()
	if err := a.room(op); err != nil {
		return err
	}
	type file struct {
		station border.StationID
		hash    border.Digest
	}
	fates := map[file]*fate{}
	open := map[file]*os.File{}
	defer func() {
		for _, f := range open {
			_ = f.Close() // what counts was synced
		}
	}()
	for _, p := range pieces {
		of := file{p.Station, p.Hash}
		known := fates[of]
		if known == nil {
			var err error
			if known, err = a.fate(ctx, p.Station, p.Hash); err != nil {
				return err
			}
			fates[of] = known
		}
		switch {
		case known.others:
			a.alarm(p.Station, "The station sends a file that crossings of another station name. It is refused.")
			continue
		case !known.named:
			a.alarm(p.Station, "The station sends a file that none of its crossings names. It is refused.")
			continue
		case known.arrived:
			continue
		case p.Offset < 0 || len(p.Data) == 0 || len(p.Data) > border.MaxFileChunk || p.Offset > known.bytes-len(p.Data):
			a.alarm(p.Station, "The station sends a file with another length than its crossing names. It is refused.")
			continue
		}
		f := open[of]
		if f == nil {
			var err error
			if f, err = os.OpenFile(a.partial(p.Station, p.Hash), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
				return notKept(op, err)
			}
			open[of] = f
		}
		if err := appendPiece(f, &p, known.bytes); err != nil {
			return notKept(op, err)
		}
	}
	var whole []border.Digest
	var failed error
	for of, f := range open {
		done, err := a.settle(of.station, of.hash, f, fates[of].bytes)
		if failed = errors.Join(failed, err); done {
			whole = append(whole, of.hash)
		}
	}
	if len(open) > 0 {
		if err := syncDir(a.dir); err != nil {
			return notKept(op, err)
		}
	}
	if err := a.arrived(ctx, op, whole); err != nil || failed == nil {
		return err
	}
	return notKept(op, failed)
}

// appendPiece writes what of a piece continues the file. What is there already, or would leave a gap, is passed over.
func appendPiece(f *os.File, p *border.FilePiece, bytes int) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	held := int(info.Size())
	if info.Size() > int64(bytes) { // of another idea of its length
		if err := f.Truncate(0); err != nil {
			return err
		}
		held = 0
	}
	if p.Offset > held || p.Offset+len(p.Data) <= held {
		return nil
	}
	_, err = f.WriteAt(p.Data[held-p.Offset:], int64(held))
	return err
}

// settle makes what was written durable, and gives a file that is whole its name, if the bytes are those.
func (a *Archive) settle(station border.StationID, hash border.Digest, f *os.File, bytes int) (whole bool, err error) {
	if err := f.Sync(); err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil || info.Size() < int64(bytes) {
		return false, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return false, err
	}
	if border.Digest(sum.Sum(nil)) == hash {
		delete(a.broken, hash)
		err := os.Rename(f.Name(), filepath.Join(a.dir, hash.String()))
		return err == nil, err
	}
	a.alarm(station, "A file arrived whole and does not fit its name. It was thrown away and is asked for again.")
	if a.broken[hash]++; a.broken[hash] >= brokenMost {
		delete(a.broken, hash)
		if err := a.Lost(context.Background(), station, []border.Digest{hash}); err != nil {
			return false, err
		}
	}
	return false, os.Remove(f.Name())
}

// fate looks up a file that pieces came of.
func (a *Archive) fate(ctx context.Context, station border.StationID, hash border.Digest) (*fate, error) {
	var f fate
	err := a.db.Do(ctx, "find a file", func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT station, bytes, arrived_at IS NOT NULL FROM file WHERE digest = ?`, hash[:])
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var of border.StationID
			var bytes int
			var arrived bool
			if err := rows.Scan(&of, &bytes, &arrived); err != nil {
				return err
			}
			if of != station {
				f.others = true
				continue
			}
			if f.named, f.arrived = true, f.arrived || arrived; f.bytes == 0 || bytes < f.bytes {
				f.bytes = bytes
			}
		}
		f.others = f.others && !f.named
		return rows.Err()
	})
	return &f, err
}

// arrived notes files that are whole on the disk.
func (a *Archive) arrived(ctx context.Context, op string, files []border.Digest) error {
	if len(files) == 0 {
		return nil
	}
	now := a.c.Clock.Now().UnixMicro()
	return a.db.Do(ctx, op, func(t *sql.Tx) error {
		for _, h := range files {
			if _, err := t.ExecContext(ctx, `UPDATE file SET arrived_at = ?, lost_at = NULL WHERE digest = ?`, now, h[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// room refuses files while the disk is needed for the register.
func (a *Archive) room(op string) error {
	if a.c.Reserve < 0 {
		return nil
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(a.dir, &st); err != nil {
		return notKept(op, err)
	}
	if int64(st.Bavail)*st.Bsize < a.c.Reserve+int64(seal.MaxSealed) {
		return &border.Error{Code: border.StorageFull, Op: op, Message: "The hub's disk keeps no more files: what is left is for the register. Make room."}
	}
	return nil
}

func notKept(op string, err error) error {
	code := border.NotDurable
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code = border.StorageFull
	}
	return &border.Error{Code: code, Op: op, Err: err, Message: "The hub's disk did not keep a file. It is tried again."}
}

// syncDir makes what was done in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
