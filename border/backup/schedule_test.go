package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/backup"
)

// One a day, whatever the clock does; a week is kept, with the files that it names and no others.
func TestSchedule(t *testing.T) {
	r := newRig(t, backup.Station)
	r.cfg.Keep = 3
	k := r.keeper()
	due := func(want int) {
		t.Helper()
		check(t, k.Due(t.Context()))
		if n := len(backups(t, r)); n != want {
			t.Errorf("%d backups, want %d", n, want)
		}
	}
	files := func() (n int) {
		for _, name := range tree(t, r.to) {
			if strings.Contains(name, "files/") {
				n++
			}
		}
		return n
	}
	due(1)
	due(1)
	r.clock.pass(23 * time.Hour)
	due(1)
	r.clock.pass(time.Hour)
	due(2)
	k = r.keeper() // a restart
	due(2)
	r.clock.pass(-10 * 365 * 24 * time.Hour) // a clock that was years ahead has been put right
	due(3)
	due(3)
	old := r.named("attachments", "of a traveller of long ago")
	r.clock.pass(24 * time.Hour)
	due(3)
	last := backups(t, r)
	if !strings.HasPrefix(last[len(last)-1], "000004-") || !strings.HasPrefix(last[0], "000002-") {
		t.Errorf("%v", last)
	}
	if n := files(); n != 7 {
		t.Errorf("%d files beside", n)
	}
	check(t, os.Remove(filepath.Join(r.dir, "attachments", old.String()))) // retention
	for range 2 {
		r.clock.pass(24 * time.Hour)
		due(3)
	}
	if n := files(); n != 7 {
		t.Errorf("%d files beside: one is named by a backup that is kept", n)
	}
	r.clock.pass(24 * time.Hour)
	due(3)
	if n := files(); n != 6 {
		t.Errorf("%d files beside: one is named by no backup any more", n)
	}
	if _, _, err := r.restore(filepath.Join(r.to, "station-PUT-1", backups(t, r)[0]), backup.WithRoot(r.root)); err != nil {
		t.Errorf("the oldest that is kept: %v", err)
	}
}

// After a failure it is tried again in half an hour, not at once; nothing is taken away while one of
// the backups does not open.
func TestScheduleFails(t *testing.T) {
	r := newRig(t, backup.Station)
	r.cfg.Keep = 1
	tries := 0
	r.cfg.Check = func(context.Context, string) error {
		if tries++; tries <= 2 {
			return &border.Error{Code: border.Invalid, Op: "verify"}
		}
		return nil
	}
	k := r.keeper()
	for i, want := range []int{1, 1, 2, 2, 3} {
		if err := k.Due(t.Context()); (err != nil) != (i == 0 || i == 2) {
			t.Errorf("try %d: %v", i, err)
		}
		if tries != want {
			t.Errorf("after %d looks: %d tries, want %d", i+1, tries, want)
		}
		r.clock.pass(16 * time.Minute)
	}
	first := filepath.Join(r.to, "station-PUT-1", backups(t, r)[0])
	check(t, os.WriteFile(filepath.Join(filepath.Dir(first), "000002-20261122T120000Z.backup"), []byte("garbage"), 0o600))
	r.cfg.Keep = 2
	k = r.keeper()
	_, err := k.Make(t.Context())
	check(t, err)
	if b := backups(t, r); len(b) != 3 {
		t.Errorf("%v", b)
	}
}

func TestRun(t *testing.T) {
	r := newRig(t, backup.Station)
	ctx, cancel := context.WithCancel(t.Context())
	r.cfg.Check = func(context.Context, string) error { cancel(); return nil }
	check(t, r.keeper().Run(ctx))
}
