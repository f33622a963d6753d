package counter_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
	"garita/border/seal"
)

// take has a finger of the open encounter taken, and returns its file.
func (r *rig) take(c border.CounterID, position border.FingerPosition) border.Digest {
	r.t.Helper()
	before := r.files()
	check(r.t, r.ask(c, position))
	r.press(c, quick)
	if got := r.captured(c); got.State != counter.CaptureKept {
		r.t.Fatalf("the capture ended %+v", got)
	}
	for _, h := range r.files() {
		if !slices.Contains(before, h) {
			return h
		}
	}
	r.t.Fatal("no file was written")
	return border.Digest{}
}

func (r *rig) has(h border.Digest) bool { return slices.Contains(r.files(), h) }

func (r *rig) logged(text string) bool {
	r.logMu.Lock()
	defer r.logMu.Unlock()
	return strings.Contains(r.log.String(), text)
}

// orphan leaves a file that nothing names, as a power cut between file and draft does.
func (r *rig) orphan() border.Digest {
	r.t.Helper()
	files, err := seal.OpenAttachments(r.dir, r.keys)
	check(r.t, err)
	a, err := files.Put(r.t.Context(), seal.Bucket(r.wall.Now()), border.ID{9}, border.KindFinger, []byte("nobody"))
	check(r.t, err)
	return a.Hash
}

// keepsAll restarts the station with an orphan, waits until that is gone, and looks whether others are.
func (r *rig) keepsAll(what string, named ...border.Digest) {
	r.t.Helper()
	orphan := r.orphan()
	unfinished := filepath.Join(r.dir, seal.AttachmentsDir, ".writing-1")
	check(r.t, os.WriteFile(unfinished, []byte("half"), 0o600))
	r.restart()
	r.wait("the orphan's end", func() bool { return !r.has(orphan) })
	for _, h := range named {
		if !r.has(h) {
			r.t.Fatalf("%s: the sweep has removed a file that is named", what)
		}
	}
	if _, err := os.Stat(unfinished); err == nil {
		r.t.Error("what was being written is still there")
	}
}

// What nothing names is removed at the opening, and nothing else: a file is named by drafts of open, waiting
// and referred encounters, by recorded crossings, and by corrected ones.
func TestSweep(t *testing.T) {
	r := newRig(t)
	at := counter.At{Counter: "1", Officer: "17"}
	r.scan("1", passport(1))
	open := r.take("1", 2)
	r.keepsAll("open", open)
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
	check(t, r.s.Refer(t.Context(), counter.Referral{At: at, Encounter: r.view("1").Encounter.ID, Reason: "document"}))
	r.keepsAll("referred", open)
	check(t, r.s.TakeReferral(t.Context(), at, r.view("1").Referrals[0].ID))
	more := r.take("1", 1)
	rec := r.decide(r.decision("1", border.Admitted))
	r.keepsAll("recorded", open, more)
	change := border.ID{1, 2, 3, 4, 5, 6, 0x70, 0, 0x80}
	_, err := r.s.Correct(t.Context(), counter.Correction{At: at, Change: change, Crossing: rec.Crossing, Reason: "typing", Outcome: border.Withdrawn})
	check(t, err)
	r.keepsAll("corrected", open, more)

	r.scan("1", passport(2))
	mistake := r.take("1", 2)
	path := filepath.Join(r.dir, seal.AttachmentsDir, mistake.String())
	kept, err := os.ReadFile(path)
	check(t, err)
	check(t, r.s.Abandon(t.Context(), at, r.view("1").Encounter.ID, "mistake", ""))
	if r.has(mistake) {
		t.Error("the image of an abandoned encounter is kept")
	}
	check(t, os.WriteFile(path, kept, 0o600)) // as if the power went between the event and the removal
	r.keepsAll("abandoned", open, more)
	r.wait("the end of an abandoned encounter's image", func() bool { return !r.has(mistake) })
	if v, err := journal.VerifyAttachments(t.Context(), filepath.Join(r.dir, journal.FileName), nil); err != nil || !v.OK || v.Named != 2 || v.Files != 2 {
		t.Errorf("%+v, %v", v, err)
	}
}

// An older copy of the journal names fewer files than there are: none of them is removed for it, for the hub
// gives back the events that name them. Nor is one whose key is gone.
func TestSweepKeepsWhatItCannotKnow(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	r.take("1", 2)
	r.decide(r.decision("1", border.Admitted))
	r.stop()
	older, err := os.ReadFile(filepath.Join(r.dir, journal.FileName))
	check(t, err)
	r.start()
	r.scan("1", passport(2))
	lost := r.take("1", 2)
	r.decide(r.decision("1", border.Admitted))
	orphan := r.orphan()
	r.stop()
	check(t, os.WriteFile(filepath.Join(r.dir, journal.FileName), older, 0o600))
	for _, side := range []string{"-wal", "-shm"} {
		_ = os.Remove(filepath.Join(r.dir, journal.FileName+side))
	}
	r.start()
	r.wait("the warning", func() bool { return r.logged("the journal is older than the images") })
	if !r.has(lost) || !r.has(orphan) {
		t.Error("a file was removed though the journal is an older copy")
	}

	r = newRig(t)
	r.scan("1", passport(3))
	erased := r.take("1", 2)
	r.decide(r.decision("1", border.Admitted))
	_, err = r.keys.Destroy(t.Context(), seal.Bucket(r.wall.Now()))
	check(t, err)
	r.wall.pass(31 * 24 * time.Hour)
	r.keepsAll("erased", erased)
}

// Events that nobody can open any more name as many files as their headers count: those may be of no other
// name, and a correction that can be opened names them.
func TestVerifyErasedAttachments(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	erased := r.take("1", 2)
	rec := r.decide(r.decision("1", border.Admitted))
	look := func(want journal.AttachmentReport) {
		t.Helper()
		keys, err := seal.ReadStationKeys(t.Context(), filepath.Join(r.dir, "keys.db"), "PUT-1", r.secret)
		check(t, err)
		defer keys.Close()
		got, err := journal.VerifyAttachments(t.Context(), filepath.Join(r.dir, journal.FileName), keys)
		if check(t, err); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	november := seal.Bucket(r.wall.Now())
	r.wall.pass(31 * 24 * time.Hour)
	change := border.ID{1, 2, 3, 4, 5, 6, 0x70, 0, 0x80}
	_, err := r.s.Correct(t.Context(), counter.Correction{At: counter.At{Counter: "1", Officer: "17"}, Change: change, Crossing: rec.Crossing, Reason: "typing",
		Agreement: seconded("50"), Outcome: border.Withdrawn})
	check(t, err)
	_, err = r.keys.Destroy(t.Context(), november)
	check(t, err)
	look(journal.AttachmentReport{OK: true, Keys: true, Files: 1, Named: 1, Unreadable: 1})
	_, err = r.keys.Destroy(t.Context(), seal.Bucket(r.wall.Now()))
	check(t, err)
	look(journal.AttachmentReport{OK: true, Keys: true, Files: 1, Unnamed: 1, Unreadable: 2})
	check(t, os.Remove(filepath.Join(r.dir, seal.AttachmentsDir, erased.String())))
	look(journal.AttachmentReport{Keys: true, Missing: 1, Unreadable: 2})
}

// The verification finds files that are missing, damaged or in nobody's name.
func TestVerifyAttachments(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	one, two := r.take("1", 2), r.take("1", 1)
	r.decide(r.decision("1", border.Admitted))
	r.scan("1", passport(2))
	r.take("1", 2) // of an open encounter
	path := filepath.Join(r.dir, journal.FileName)
	keys, err := seal.ReadStationKeys(t.Context(), filepath.Join(r.dir, "keys.db"), "PUT-1", r.secret)
	check(t, err)
	defer keys.Close()
	look := func(keys *seal.KeyReader, want journal.AttachmentReport) {
		t.Helper()
		got, err := journal.VerifyAttachments(t.Context(), path, keys)
		if check(t, err); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	look(keys, journal.AttachmentReport{OK: true, Keys: true, Files: 3, Named: 2, Unnamed: 1})
	look(nil, journal.AttachmentReport{OK: true, Files: 3, Named: 2})
	file := func(h border.Digest) string { return filepath.Join(r.dir, seal.AttachmentsDir, h.String()) }
	check(t, os.WriteFile(file(one), []byte("damaged"), 0o600))
	look(keys, journal.AttachmentReport{Keys: true, Files: 3, Named: 2, Unnamed: 1, Damaged: 1})
	check(t, os.Remove(file(two)))
	look(keys, journal.AttachmentReport{Keys: true, Files: 2, Named: 2, Unnamed: 1, Damaged: 1, Missing: 1})
	_, err = r.keys.Destroy(t.Context(), seal.Bucket(r.wall.Now()))
	check(t, err)
	check(t, os.Remove(file(one)))
	fresh, err := seal.ReadStationKeys(t.Context(), filepath.Join(r.dir, "keys.db"), "PUT-1", r.secret)
	check(t, err)
	defer fresh.Close()
	look(fresh, journal.AttachmentReport{Keys: true, Files: 1, Missing: 1, Unnamed: 1, Unreadable: 1})
	look(nil, journal.AttachmentReport{Files: 1, Named: 2, Missing: 1})
}
