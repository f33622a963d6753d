package journal_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"garita/border"
	"garita/border/journal"
)

// smallDisk mounts a file system of the given size, or skips.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small file system cannot be mounted here (it takes root): %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fill writes a file until nothing more goes in.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	check(t, err)
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		block := make([]byte, size)
		for {
			if _, err := f.Write(block); err != nil {
				if !errors.Is(err, unix.ENOSPC) {
					t.Fatalf("fill: %v", err)
				}
				break
			}
		}
	}
}

// foundOnce fails the test unless every crossing is found once by its document.
func foundOnce(t *testing.T, j *journal.Journal, acked []journal.Receipt) {
	t.Helper()
	found := map[border.Key]int{}
	for doc := range 256 {
		events, err := j.Document(t.Context(), border.BlindIndex{byte(doc)}, 1<<30)
		check(t, err)
		for _, ev := range events {
			found[ev.Key]++
		}
	}
	if len(found) != len(acked) {
		t.Errorf("%d events are found, want %d", len(found), len(acked))
	}
	for _, rc := range acked {
		if found[rc.Key] != 1 {
			t.Fatalf("%s is found %d times", rc.Key, found[rc.Key])
		}
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain waited for: %s", what)
		}
	}
}

// The disk fills up under a station: at least 1,000 more crossings are recorded from the
// reserve, then it says plainly that it is full, and it goes on by itself when there is room.
func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, "96m")
	r := rigIn(t, dir)
	j := r.open(func(c *journal.Config) { c.Reserve = 0 })
	acked := r.append(j, 50)
	if s := j.Storage(); s.State != journal.StorageOK || s.Total == 0 {
		t.Errorf("at first: %+v", s)
	}
	filler := filepath.Join(dir, "filler")
	fill(t, filler)

	fromReserve := 0
	var full error
	for i := 0; full == nil; i++ {
		rc, err := j.Append(t.Context(), r.crossing(r.id(), byte(i)))
		if err != nil {
			full = err
			break
		}
		acked = append(acked, rc)
		if j.Storage().State == journal.StorageReserve {
			fromReserve++
		}
		if fromReserve == 10 {
			foundOnce(t, j, acked)
			err := j.SaveDraft(t.Context(), journal.Draft{Encounter: r.id(), Counter: "1", Content: []byte("x")})
			wantCode(t, err, border.StorageFull)
		}
	}
	t.Logf("%d crossings from the reserve", fromReserve)
	if fromReserve < 1000 {
		t.Errorf("only %d crossings were recorded after the disk was full, want 1,000", fromReserve)
	}
	wantCode(t, full, border.StorageFull)
	if border.MessageOf(full) == "" {
		t.Error("the error has no words for a person")
	}
	if s := j.Storage(); s.State != journal.StorageFull || s.Reason == "" {
		t.Errorf("when full: %+v", s)
	}
	for range 3 { // it says so as often as it is asked
		_, err := j.Append(t.Context(), r.crossing(r.id(), 1))
		wantCode(t, err, border.StorageFull)
	}

	check(t, os.Remove(filler))
	waitFor(t, "recording again", func() bool { return j.Storage().State == journal.StorageOK })
	acked = append(acked, r.append(j, 10)...)
	check(t, j.SaveDraft(t.Context(), journal.Draft{Encounter: r.id(), Counter: "1", Content: []byte("x")}))
	if info, err := os.Stat(filepath.Join(dir, "reserve")); err != nil || info.Size() != journal.DefaultReserve {
		t.Errorf("the reserve was not made again: %v", err)
	}
	for _, rc := range acked {
		ev, err := j.Crossing(t.Context(), *rc.Header.Crossing)
		if err != nil || ev.Key != rc.Key {
			t.Fatalf("%s was acknowledged and is not there: %v", rc.Key, err)
		}
	}
	foundOnce(t, j, acked) // most were recorded while the index of documents had to wait
	r.sound()
}

// A station that is switched on with a full disk comes up, says so, and records as soon
// as there is room.
func TestStartOnFullDisk(t *testing.T) {
	dir := smallDisk(t, "64m")
	r := rigIn(t, dir)
	first := r.open()
	acked := r.append(first, 20)
	check(t, first.Close())
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	j := r.open(func(c *journal.Config) { c.Reserve = 0 })
	_, err := j.Append(t.Context(), r.crossing(r.id(), 1))
	wantCode(t, err, border.StorageFull)
	if s := j.Storage(); s.State != journal.StorageFull {
		t.Errorf("storage %+v", s)
	}
	_, err = j.Extents(t.Context()) // nothing is read before a new epoch has begun
	wantCode(t, err, border.Unavailable)
	check(t, os.Remove(filler))
	waitFor(t, "recording again", func() bool {
		_, err := j.Append(context.Background(), r.crossing(r.id(), 1))
		return err == nil
	})
	for _, rc := range acked {
		if _, err := j.Crossing(t.Context(), *rc.Header.Crossing); err != nil {
			t.Fatalf("%s is not there: %v", rc.Key, err)
		}
		if got, err := j.Document(t.Context(), border.BlindIndex{3}, 100); err != nil || len(got) != 4 {
			t.Fatalf("document 3: %d crossings, %v", len(got), err)
		}
	}
	check(t, j.Close())
	r.sound()
}

// A new station on a full disk is the same.
func TestFirstStartOnFullDisk(t *testing.T) {
	dir := smallDisk(t, "8m")
	r := rigIn(t, dir)
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	j := r.open()
	_, err := j.Append(t.Context(), r.crossing(r.id(), 1))
	wantCode(t, err, border.StorageFull)
	check(t, os.Remove(filler))
	waitFor(t, "recording", func() bool {
		_, err := j.Append(context.Background(), r.crossing(r.id(), 1))
		return err == nil
	})
	r.sound()
}

// A copy of the reserve with holes keeps no room: it is made anew.
func TestReserveWithHoles(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(r.dir, "reserve")
	f, err := os.Create(path)
	check(t, err)
	check(t, f.Truncate(journal.DefaultReserve))
	_, err = f.Seek(0, io.SeekStart)
	check(t, err)
	check(t, f.Close())
	j := r.open(func(c *journal.Config) { c.Reserve = 0 })
	var st unix.Stat_t
	check(t, unix.Stat(path, &st))
	if st.Blocks*512 < journal.DefaultReserve {
		t.Errorf("the reserve keeps %d bytes of room", st.Blocks*512)
	}
	if s := j.Storage(); s.State == journal.StorageReserve {
		t.Errorf("storage %+v", s)
	}
}
