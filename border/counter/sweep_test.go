package counter_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
	"garita/border/seal"
)

// An event that cannot be opened may name images of its month and of earlier ones, whose keys are held: as when
// keys.db is an older copy. They stay; later ones that nothing names go.
func TestSweepSparesWhatAnUnreadableEventMayName(t *testing.T) {
	r := newRig(t)
	r.wall.set(time.Date(2026, 11, 30, 23, 50, 0, 0, time.UTC))
	r.restart()
	r.scan("1", passport(1))
	named := r.take("1", 2)
	r.wall.pass(20 * time.Minute) // the next month
	r.decide(r.decision("1", border.Admitted))
	_, err := r.keys.Destroy(t.Context(), "2026-12")
	check(t, err)
	r.wall.pass(32 * 24 * time.Hour)
	r.keepsAll("unreadable", named)
}

// An older copy of the journal is known as one at every later opening, whatever was recorded since.
func TestSweepRemembersAnOlderJournal(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	r.take("1", 2)
	r.decide(r.decision("1", border.Admitted))
	older := r.copied()
	r.scan("1", passport(2))
	lost := r.take("1", 2)
	r.decide(r.decision("1", border.Admitted))
	older()
	r.wait("the warning", func() bool { return r.logged("the journal is older than the images") })
	r.scan("1", passport(3)) // work goes on, the hub is away
	r.take("1", 2)
	r.decide(r.decision("1", border.Admitted))
	r.stop()
	r.logMu.Lock()
	r.log.Reset()
	r.logMu.Unlock()
	r.start()
	r.wait("the warning again", func() bool { return r.logged("the journal is older than the images") })
	if !r.has(lost) {
		t.Error("a file was removed that an event names which only the hub has")
	}
}

// copied copies the journal. What it returns puts the copy in the journal's place.
func (r *rig) copied() (back func()) {
	r.t.Helper()
	path := filepath.Join(r.dir, journal.FileName)
	r.stop()
	older, err := os.ReadFile(path)
	check(r.t, err)
	r.start()
	return func() {
		r.t.Helper()
		r.stop()
		check(r.t, os.WriteFile(path, older, 0o600))
		for _, side := range []string{"-wal", "-shm"} {
			_ = os.Remove(path + side)
		}
		r.start()
	}
}

// An older copy of the journal brings a draft back whose image is gone: no crossing names it, and the finger
// may be taken anew.
func TestDraftWithoutItsImage(t *testing.T) {
	r := newRig(t)
	at := counter.At{Counter: "1", Officer: "17"}
	r.scan("1", passport(1))
	r.take("1", 2)
	older := r.copied()
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
	check(t, r.s.Abandon(t.Context(), at, r.view("1").Encounter.ID, "mistake", ""))
	older()
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
	if f := r.view("1").Encounter.Fingers.Asked; len(f) != 1 || f[0].Taken || f[0].Attempts != 0 {
		t.Errorf("shown: %+v", f)
	}
	if !r.logged("has to be taken again") {
		t.Error("nobody is told")
	}
	r.take("1", 2)
	rec := r.decide(r.decision("1", border.Admitted))
	ev, _ := r.event(rec.Crossing)
	if a := r.personal(&ev).Attachments; len(a) != 1 || !r.has(a[0].Hash) {
		t.Errorf("recorded: %+v", a)
	}
}

// One draft whose key was destroyed does not stop the sweep for ever: only files of its month and of earlier
// ones may be its.
func TestSweepBesideALostDraft(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	check(t, r.s.Refer(t.Context(), counter.Referral{At: counter.At{Counter: "1", Officer: "17"}, Encounter: r.view("1").Encounter.ID, Reason: "document"}))
	lost := seal.Bucket(r.wall.Now())
	earlier, err := seal.OpenAttachments(r.dir, r.keys)
	check(t, err)
	a, err := earlier.Put(t.Context(), seal.Bucket(r.wall.Now().AddDate(0, -1, 0)), border.ID{8}, border.KindFinger, []byte("perhaps the draft's"))
	check(t, err)
	dead := r.orphan()
	_, err = r.keys.Destroy(t.Context(), lost)
	check(t, err)
	r.wall.pass(62 * 24 * time.Hour)
	r.keepsAll("beside a lost draft", a.Hash, dead)
}
