package lists

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"garita/border/watch"
	"garita/border/watch/source"
)

// The public lists are imported, and imported again; what changes between two versions of one
// makes a small release. Prints how long each takes.
func TestPublicLists(t *testing.T) {
	data := os.Getenv("GARITA_TESTDATA")
	if data == "" {
		t.Skip("GARITA_TESTDATA names no folder with public lists")
	}
	r, ctx := newRig(t, Rules{}), t.Context()
	dir := filepath.Join(data, "watchlists")
	load := func(name string, kind source.Kind, path string) Preview {
		t.Helper()
		if _, err := os.Stat(path); err != nil {
			t.Skip("the public lists are not there")
		}
		start := time.Now()
		p, err := r.Preview(ctx, name, kind, path, ImportOptions{MaxAge: 72 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		read := time.Since(start)
		if _, err := r.Confirm(ctx, p.ID, "B-1", "B-2"); err != nil {
			t.Fatal(err)
		}
		h, _ := r.Held()
		t.Logf("%s: +%d -%d ~%d =%d; read %v, confirmed %v; version %d, %d entries, base %d", name, p.Added, p.Removed, p.Changed, p.Unchanged,
			read, time.Since(start)-read, h.Position.Version, h.Posts.Len(), r.current.Load().base&(1<<40-1))
		return p
	}
	load("un", source.UN, filepath.Join(dir, "un", "consolidated-2021-03-12.xml"))
	load("ofac", source.OFAC, filepath.Join(dir, "ofac"))
	p := load("un", source.UN, filepath.Join(dir, "un", "consolidated.xml"))
	if p.Added == 0 || p.Removed == 0 || p.Changed == 0 {
		t.Errorf("two versions of the list differ in nothing: %+v", p.Summary)
	}
	p = load("un", source.UN, filepath.Join(dir, "un", "consolidated.xml"))
	if p.Added+p.Removed+p.Changed != 0 {
		t.Errorf("the same file changes something: %+v", p.Summary)
	}
	r.nothingHidden()
}

// How long the great things take: GARITA_SOAK=1, and GARITA_ENTRIES for another number than a
// million.
func TestSoakFigures(t *testing.T) {
	if os.Getenv("GARITA_SOAK") == "" {
		t.Skip("GARITA_SOAK is not set")
	}
	n := 1_000_000
	if s := os.Getenv("GARITA_ENTRIES"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	last := time.Now()
	lap := func(what string) {
		t.Helper()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.Logf("%-40s %8.2f s, heap %d MB, from the system %d MB", what, time.Since(last).Seconds(), m.HeapAlloc>>20, m.Sys>>20)
		last = time.Now()
	}
	list := people(rng, "courts", n)
	for i, e := range list {
		if i%1000 != 0 { // few are for the hub alone
			e.Distribution = watch.ToPosts
		}
	}
	path := csv(t, "1", list)
	lap("made")
	p, err := r.Preview(ctx, "courts", source.CSV, path, ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lap(fmt.Sprintf("preview of %d entries", p.Added))
	if _, err := r.Confirm(ctx, p.ID, "B-1", "B-2"); err != nil {
		t.Fatal(err)
	}
	lap("confirmed, with the first snapshot")
	_, m := r.post()
	t.Logf("snapshot %d MB sealed", m.Base.Size>>20)
	changed := slices.Clone(list)
	for i := range 1000 {
		e := *changed[i*7]
		e.BirthDates = []string{"1950-01-01"}
		changed[i*7] = &e
	}
	path = csv(t, "2", changed)
	last = time.Now()
	if p, err = r.Preview(ctx, "courts", source.CSV, path, ImportOptions{}); err != nil || p.Changed != 1000 {
		t.Fatalf("%+v, %v", p.Summary, err)
	}
	lap("preview with 1,000 changes")
	if _, err := r.Confirm(ctx, p.ID, "B-1", "B-2"); err != nil {
		t.Fatal(err)
	}
	lap("confirmed: release of 1,000 changes")
	e := person(rng, "hand", 1)
	e.Distribution = watch.ToPosts
	r.byHand(Proposal{Op: Add, Entry: e})
	lap("one entry by hand")
	r.clock.add(13 * time.Hour)
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	lap("renewed without changes")
	r.reopen()
	lap("opened again")
	if _, err := r.Restored(ctx, "B-1", "B-2", "figures"); err != nil {
		t.Fatal(err)
	}
	lap("new epoch: snapshot of what is held")
	info, err := os.Stat(filepath.Join(r.dir, "lists.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("lists.db %d MB", info.Size()>>20)
}
