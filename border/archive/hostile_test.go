package archive_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/border/archive"
	"garita/border/register"
	"garita/border/seal"
)

// A station that records a crossing under the id of another station's shows none of its own files
// there, and hides none: what is shown is of the event that the register counts.
func TestOtherStationsFace(t *testing.T) {
	r := newRig(t)
	id := r.next("PCA-1")
	mine, _ := r.file("PCA-1", id, border.KindPortrait, 1000)
	r.pass("PCA-1", true, mine)
	r.follow()
	r.send("PCA-1", mine)
	r.clock.add(time.Minute) // of two events that claim one id, the register takes the one recorded first
	other, _ := r.file("DAR-1", id, border.KindPortrait, 900)
	r.recorded("DAR-1", id, border.TypeCrossingRecorded, true, other)
	r.follow()
	r.send("DAR-1", other)
	files, err := r.archive.Files(r.ctx, id)
	if r.must(err); len(files) != 1 || files[0].Hash != mine.Hash || files[0].State != archive.Here {
		t.Errorf("files: %+v", files)
	}
	if _, _, err := r.archive.Read(r.ctx, id, mine.Hash); err != nil {
		t.Errorf("its own cannot be read: %v", err)
	}
	if _, _, err := r.archive.Read(r.ctx, id, other.Hash); border.CodeOf(err) != border.NotFound {
		t.Errorf("another station's is given: %v", err)
	}
}

// Events whose keys never come keep nobody else's files from being asked for, and an erasure ends
// the waiting.
func TestManyLocked(t *testing.T) {
	r := newRig(t)
	for range archive.FollowBatch + 10 {
		id := r.next("DAR-1")
		a, _ := r.file("DAR-1", id, border.KindPaper, 10)
		r.pass("DAR-1", false, a)
	}
	id := r.next("PCA-1")
	a, _ := r.file("PCA-1", id, border.KindPortrait, 1000)
	r.pass("PCA-1", false, a)
	r.follow()
	r.wraps("PCA-1")
	for range 2 {
		r.must(r.archive.Unlock(r.ctx))
	}
	if w := r.wanted("PCA-1"); len(w) != 1 {
		t.Errorf("wanted of PCA-1: %+v", w)
	}
	r.must(r.archive.Erased(r.ctx, func(a *register.Arrival) bool { return a.Key.Station == "DAR-1" }))
	if n := r.archive.Awaited(); n != 0 {
		t.Errorf("%d events are waited for after their keys were destroyed", n)
	}
}

// A file that has all its bytes and not its name, as after a power cut between the two, is finished.
func TestWholeUnnamed(t *testing.T) {
	r := newRig(t)
	id := r.next("PCA-1")
	a, _ := r.file("PCA-1", id, border.KindPortrait, 1000)
	r.pass("PCA-1", true, a)
	r.follow()
	sealed, err := r.stations["PCA-1"].files.Sealed(a.Hash)
	r.must(err)
	r.must(os.WriteFile(filepath.Join(r.dir, seal.AttachmentsDir, ".arriving-pca-1-"+a.Hash.String()), sealed, 0o600))
	w := r.wanted("PCA-1")
	if len(w) != 1 || w[0].Held != 0 {
		t.Fatalf("wanted: %+v", w)
	}
	r.must(r.archive.Write(r.ctx, r.pieces("PCA-1", a.Hash, 400)[:1]))
	if r.state(id) != archive.Here || len(r.wanted("PCA-1")) != 0 {
		t.Errorf("state %q, wanted %+v", r.state(id), r.wanted("PCA-1"))
	}
}

// One file of a batch that cannot be given its name does not keep the others from having arrived.
func TestBatchHalfWay(t *testing.T) {
	r := newRig(t)
	id := r.next("PCA-1")
	a, _ := r.file("PCA-1", id, border.KindPortrait, 1000)
	b, _ := r.file("PCA-1", id, border.KindPaper, 1000)
	r.pass("PCA-1", true, a, b)
	r.follow()
	block := filepath.Join(r.dir, seal.AttachmentsDir, b.Hash.String())
	r.must(os.Mkdir(block, 0o700)) // no file can be given this name
	err := r.archive.Write(r.ctx, slices.Concat(r.pieces("PCA-1", b.Hash, 1<<20), r.pieces("PCA-1", a.Hash, 1<<20)))
	if border.CodeOf(err) != border.NotDurable {
		t.Errorf("written: %v", err)
	}
	if w := r.wanted("PCA-1"); len(w) != 1 || w[0].Hash != b.Hash {
		t.Errorf("wanted: %+v", w)
	}
}
