package archive_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/archive"
	"garita/border/register"
	"garita/border/seal"
)

// A file is wanted once a crossing names it, not yet arrived until it is whole, and can then be read.
func TestFileArrives(t *testing.T) {
	r := newRig(t)
	id := r.next("PCA-1")
	face, plain := r.file("PCA-1", id, border.KindPortrait, 100_000)
	finger, _ := r.file("PCA-1", id, border.KindFinger, 500)
	if w := r.wanted("PCA-1"); len(w) != 0 {
		t.Errorf("wanted before it is named: %+v", w)
	}
	progress := func(named, here int) {
		t.Helper()
		if p, err := r.archive.Progress(r.ctx, []border.ID{id, {7}}); err != nil || p != (archive.Progress{Named: named, Here: here}) {
			t.Errorf("progress: %+v (%v), want %d of %d", p, err, here, named)
		}
	}
	progress(0, 0)
	r.pass("PCA-1", true, face, finger)
	r.follow()
	progress(2, 0)
	w := r.wanted("PCA-1")
	if len(w) != 2 || len(r.named) != 1 || len(r.wanted("DAR-1")) != 0 {
		t.Fatalf("wanted: %+v, told: %v", w, r.named)
	}
	p, err := r.archive.Pending(r.ctx)
	if r.must(err); len(p) != 1 || p[0].Count != 2 || p[0].Bytes != int64(face.Bytes+finger.Bytes) || !p[0].Oldest.Equal(r.clock.Now()) {
		t.Errorf("pending: %+v", p)
	}
	if _, _, err := r.archive.Read(r.ctx, id, face.Hash); border.CodeOf(err) != border.Unavailable || !strings.Contains(border.MessageOf(err), "not arrived") {
		t.Errorf("read before it came: %v", err)
	}
	all := r.pieces("PCA-1", face.Hash, 30_000)
	r.must(r.archive.Write(r.ctx, all[:2]))
	if w := r.wanted("PCA-1"); w[0].Held+w[1].Held != 60_000 {
		t.Errorf("held: %+v", w)
	}
	r.reopen() // as after a kill
	r.must(r.archive.Write(r.ctx, all[2:]))
	progress(2, 1)
	r.send("PCA-1", finger)
	progress(2, 2)
	if w := r.wanted("PCA-1"); len(w) != 0 {
		t.Errorf("still wanted: %+v", w)
	}
	f, got, err := r.archive.Read(r.ctx, id, face.Hash)
	if r.must(err); !bytes.Equal(got, plain) || f.Kind != border.KindPortrait || f.Label == "" {
		t.Errorf("read: %+v, %d bytes", f, len(got))
	}
	if _, _, err := r.archive.Read(r.ctx, id, finger.Hash); border.CodeOf(err) != border.NotFound {
		t.Errorf("a finger image is given: %v", err)
	}
	if _, _, err := r.archive.Read(r.ctx, border.ID{7}, face.Hash); border.CodeOf(err) != border.NotFound {
		t.Errorf("given of another crossing: %v", err)
	}
	r.must(r.archive.Write(r.ctx, all)) // again, to no effect
	if names := r.onDisk(); len(names) != 2 || len(r.alarmed()) != 0 {
		t.Errorf("on the disk: %v", names)
	}
	// A correction names the same files, and nothing is wanted again.
	r.recorded("PCA-1", id, border.TypeCrossingCorrected, true, face, finger)
	r.follow()
	if files, err := r.archive.Files(r.ctx, id); err != nil || len(files) != 2 || files[0].State != archive.Here || len(r.wanted("PCA-1")) != 0 {
		t.Errorf("after a correction: %+v, %v", files, err)
	}
}

// Pieces in any order, torn, doubled and overlapping, never make another file.
func TestPiecesInAnyOrder(t *testing.T) {
	r := newRig(t)
	for range 8 {
		id := r.next("PCA-1")
		a, plain := r.file("PCA-1", id, border.KindPaper, 1+r.rand.IntN(3000))
		r.pass("PCA-1", true, a)
		r.follow()
		b, err := r.stations["PCA-1"].files.Sealed(a.Hash)
		r.must(err)
		var pieces []border.FilePiece
		for range r.rand.IntN(40) {
			from := r.rand.IntN(len(b))
			to := from + 1 + r.rand.IntN(len(b)-from)
			pieces = append(pieces, border.FilePiece{Station: "PCA-1", Hash: a.Hash, Offset: from, Data: b[from:to]})
		}
		for len(pieces) > 0 {
			n := 1 + r.rand.IntN(len(pieces))
			r.must(r.archive.Write(r.ctx, pieces[:n]))
			pieces = pieces[n:]
		}
		for _, w := range r.wanted("PCA-1") {
			r.must(r.archive.Write(r.ctx, []border.FilePiece{{Station: "PCA-1", Hash: w.Hash, Offset: w.Held, Data: b[w.Held:]}}))
		}
		if _, got, err := r.archive.Read(r.ctx, id, a.Hash); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("read: %v", err)
		}
	}
	if all := r.alarmed(); len(all) != 0 {
		t.Errorf("alarms: %v", all)
	}
}

// What is not wanted of the station, longer than it should be, or another file under the name is refused with
// an alarm, and nothing of it is kept.
func TestHostilePieces(t *testing.T) {
	r := newRig(t)
	id := r.next("PCA-1")
	a, _ := r.file("PCA-1", id, border.KindPortrait, 1000)
	r.pass("PCA-1", true, a)
	r.follow()
	good := r.pieces("PCA-1", a.Hash, 1<<20)[0]
	for name, change := range map[string]func(*border.FilePiece){
		"another station":  func(p *border.FilePiece) { p.Station = "DAR-1" },
		"no crossing's":    func(p *border.FilePiece) { p.Hash = sha256.Sum256([]byte("x")) },
		"beyond its end":   func(p *border.FilePiece) { p.Offset = 1 },
		"before its start": func(p *border.FilePiece) { p.Offset = -1 },
		"too large":        func(p *border.FilePiece) { p.Data = make([]byte, border.MaxFileChunk+1) },
		"far beyond":       func(p *border.FilePiece) { p.Offset = 1<<62 - 1 },
		"empty":            func(p *border.FilePiece) { p.Data = nil },
	} {
		p := good
		change(&p)
		r.must(r.archive.Write(r.ctx, []border.FilePiece{p}))
		if all, names := r.alarmed(), r.onDisk(); len(all) != 1 || len(names) != 0 {
			t.Errorf("%s: alarms %v, on the disk %v", name, all, names)
		}
	}
	forged := good
	forged.Data = bytes.Repeat([]byte{7}, len(good.Data))
	for i := range 3 {
		r.must(r.archive.Write(r.ctx, []border.FilePiece{forged}))
		if all, names := r.alarmed(), r.onDisk(); len(all) == 0 || len(names) != 0 {
			t.Errorf("forged %d: alarms %v, on the disk %v", i, all, names)
		}
	}
	if w := r.wanted("PCA-1"); len(w) != 0 {
		t.Errorf("a file that was forged three times is asked for at once: %+v", w)
	}
	r.clock.add(25 * time.Hour)
	r.send("PCA-1", a)
	if s := r.state(id); s != archive.Here {
		t.Errorf("the true file is %q", s)
	}
	// A crossing that names a file of another station's is wanted of its own station, and opens for nobody.
	other := r.next("DAR-1")
	r.pass("DAR-1", true, a)
	r.follow()
	if _, got, err := r.archive.Read(r.ctx, other, a.Hash); err == nil {
		t.Errorf("another's file is opened: %d bytes", len(got))
	}
	huge := a
	huge.Hash, huge.Bytes = sha256.Sum256([]byte("huge")), seal.MaxSealed+1
	r.pass("DAR-1", true, huge)
	r.follow()
	if all := r.alarmed(); len(all) != 1 || slices.ContainsFunc(r.wanted("DAR-1"), func(f border.WantedFile) bool { return f.Hash == huge.Hash }) {
		t.Errorf("a file without bounds is wanted: %v", all)
	}
}

// Of an event whose key has not come nothing is known but that it names something; then it is wanted.
func TestKeyComesLater(t *testing.T) {
	r := newRig(t)
	id := r.next("PCA-1")
	a, _ := r.file("PCA-1", id, border.KindPortrait, 10)
	r.pass("PCA-1", false, a)
	r.follow()
	if w := r.wanted("PCA-1"); len(w) != 0 {
		t.Fatalf("known without its key: %+v", w)
	}
	r.must(r.archive.Unlock(r.ctx))
	r.wraps("PCA-1")
	r.must(r.archive.Unlock(r.ctx))
	if w := r.wanted("PCA-1"); len(w) != 1 {
		t.Errorf("not wanted although its key has come: %+v", w)
	}
}

// A station that has a file no more says so; it is asked again the next day.
func TestLost(t *testing.T) {
	r := newRig(t)
	id := r.next("PCA-1")
	a, _ := r.file("PCA-1", id, border.KindPortrait, 10)
	r.pass("PCA-1", true, a)
	r.follow()
	r.must(r.archive.Lost(r.ctx, "DAR-1", []border.Digest{a.Hash}))
	if s := r.state(id); s != archive.Waiting {
		t.Errorf("another station's word counts: %q", s)
	}
	r.must(r.archive.Lost(r.ctx, "PCA-1", []border.Digest{a.Hash}))
	if p, err := r.archive.Pending(r.ctx); r.state(id) != archive.Lost || err != nil || len(r.wanted("PCA-1")) != 0 || len(r.alarmed()) != 1 ||
		len(p) != 1 || p[0] != (archive.Pending{Station: "PCA-1", Lost: 1}) {
		t.Errorf("%q, %+v, %v", r.state(id), p, err)
	}
	r.clock.add(25 * time.Hour)
	if len(r.wanted("PCA-1")) != 1 {
		t.Error("it is not asked for again")
	}
	r.must(r.archive.Lost(r.ctx, "PCA-1", []border.Digest{a.Hash}))
	if told := r.alarmed(); len(told) != 0 || len(r.wanted("PCA-1")) != 0 {
		t.Errorf("what is known raises an alarm every day: %q", told)
	}
	next := r.next("PCA-1")
	b, _ := r.file("PCA-1", next, border.KindPortrait, 10)
	r.pass("PCA-1", true, b)
	r.follow()
	if p, err := r.archive.Pending(r.ctx); err != nil || p[0] != (archive.Pending{Station: "PCA-1", Lost: 1, Count: 1, Bytes: int64(b.Bytes), Oldest: p[0].Oldest}) || !p[0].Oldest.Equal(r.clock.Now()) {
		t.Errorf("one lost and one to come: %+v, %v", p, err)
	}
	r.send("PCA-1", a)
	if s := r.state(id); s != archive.Here {
		t.Errorf("it came and is %q", s)
	}
}

// Erasing a traveller removes the files; so do keys that were destroyed. Others stay.
func TestErased(t *testing.T) {
	r := newRig(t)
	var ids []border.ID
	var files []border.Attachment
	for range 3 {
		id := r.next("PCA-1")
		a, _ := r.file("PCA-1", id, border.KindPortrait, 10)
		r.pass("PCA-1", true, a)
		ids, files = append(ids, id), append(files, a)
	}
	r.follow()
	r.send("PCA-1", files[0], files[1])
	r.must(r.reg.EraseSubject(r.ctx, []border.ID{ids[0], ids[2]}))
	erased := func(a *register.Arrival) bool { return a.Header.Crossing != nil && r.reg.IsErased(*a.Header.Crossing) }
	r.must(r.archive.Erased(r.ctx, erased))
	if names := r.onDisk(); len(names) != 1 || names[0] != files[1].Hash.String() || len(r.wanted("PCA-1")) != 0 {
		t.Errorf("after an erasure: %v, wanted %+v", names, r.wanted("PCA-1"))
	}
	r.must(os.WriteFile(filepath.Join(r.dir, seal.AttachmentsDir, files[0].Hash.String()), []byte("from a copy"), 0o600))
	r.reopen()
	r.follow()
	if names := r.onDisk(); len(names) != 1 {
		t.Errorf("what a copy brought back is kept: %v", names)
	}
	_, err := r.hubKeys.Destroy(r.ctx, "PCA-1", seal.Bucket(r.clock.Now()))
	r.must(err)
	if _, _, err := r.archive.Read(r.ctx, ids[1], files[1].Hash); err == nil {
		t.Error("read although its key is destroyed")
	}
	r.must(r.archive.Erased(r.ctx, func(a *register.Arrival) bool { return len(a.Missing) > 0 }))
	if names := r.onDisk(); len(names) != 0 {
		t.Errorf("after the month's keys: %v", names)
	}
}

// The database and the files may each be an older copy, or the database gone: what is missing is wanted again.
func TestOlderCopies(t *testing.T) {
	r := newRig(t)
	id := r.next("PCA-1")
	a, _ := r.file("PCA-1", id, border.KindPortrait, 1000)
	r.pass("PCA-1", true, a)
	r.follow()
	r.send("PCA-1", a)
	path := filepath.Join(r.dir, seal.AttachmentsDir, a.Hash.String())
	kept, err := os.ReadFile(path)
	r.must(err)
	r.must(os.Remove(path))
	r.reopen()
	if s := r.state(id); s != archive.Waiting || len(r.wanted("PCA-1")) != 1 {
		t.Errorf("a file that is gone is %q", s)
	}
	r.must(os.WriteFile(path, kept, 0o600))
	r.reopen()
	if s := r.state(id); s != archive.Here {
		t.Errorf("a file that is back is %q", s)
	}
	r.must(r.archive.Close())
	for _, name := range []string{"archive.db", "archive.db-wal", "archive.db-shm"} {
		_ = os.Remove(filepath.Join(r.dir, name))
	}
	r.open()
	r.follow()
	if s := r.state(id); s != archive.Here {
		t.Errorf("after the database was made again it is %q", s)
	}
}
