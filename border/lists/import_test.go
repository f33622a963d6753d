package lists

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/source"
)

// An import shows what it would do, changes nothing before two people stand behind it, and
// then is the list; the same file again changes nothing.
func TestImport(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	first := people(rng, "courts", 100)
	p := r.preview("courts", "1", first)
	if p.Added != 100 || p.Held != 0 || !p.NeedsConfirmation || !cmp.Equal(p.Asks, []string{AsksFirst}) || p.State != PreviewOpen {
		t.Errorf("the first import: %+v", p.Summary)
	}
	if r.Current() != nil {
		t.Fatal("a list before anything was confirmed")
	}
	if heads, err := r.Heads(ctx); err != nil || len(heads) != 0 {
		t.Fatalf("%d heads, %v", len(heads), err)
	}
	for _, two := range [][2]string{{"", "B-2"}, {"B-1", ""}, {"B-1", " "}} {
		_, err := r.Confirm(ctx, p.ID, two[0], two[1])
		wantCode(t, err, border.Invalid)
	}
	for _, two := range [][2]string{{"B-1", "B-1"}, {"B-1", " b-1 "}, {"B-1", "B1"}, {"B-1", "B\u200b-1"}, {"B-1", "\uff22-1"}} {
		_, err := r.Confirm(ctx, p.ID, two[0], two[1])
		wantCode(t, err, border.Forbidden)
	}
	if r.Current() != nil {
		t.Fatal("one person confirmed an import")
	}
	at, err := r.Confirm(ctx, p.ID, "B-1", "B-2")
	if err != nil || at.Version != 1 {
		t.Fatalf("%+v, %v", at, err)
	}
	_, err = r.Confirm(ctx, p.ID, "B-1", "B-2")
	wantCode(t, err, border.Conflict)

	again := r.preview("courts", "1", first)
	if again.Added+again.Removed+again.Changed != 0 || again.Unchanged != 100 || again.NeedsConfirmation {
		t.Errorf("the same file: %+v", again.Summary)
	}
	if err := r.Discard(ctx, again.ID); err != nil {
		t.Error(err)
	}
	_, err = r.Confirm(ctx, again.ID, "B-1", "B-2")
	wantCode(t, err, border.Conflict)

	next := append([]*watch.Entry{}, first[2:]...)
	changed := *next[0]
	changed.BirthDates = []string{"1950-01-01"}
	next[0] = &changed
	owner := *next[1]
	owner.Owner = "Registry"
	next[1] = &owner
	next = append(next, person(rng, "courts", 500))
	p = r.preview("courts", "2", next)
	if p.Added != 1 || p.Removed != 2 || p.Changed != 2 || p.NeedsConfirmation || p.Fields["birth_dates"] != 1 || p.Fields["owner"] != 1 || p.Version != "2" {
		t.Errorf("the second file: %+v", p.Summary)
	}
	lines, err := r.PreviewLines(ctx, p.ID, "", -1, 100)
	if err != nil || len(lines) != 5 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	byKey := map[string]PreviewLine{}
	for _, l := range lines {
		byKey[l.Key.ID] = l
	}
	if l := byKey[changed.ID]; l.Op != "change" || !l.Identifying || !cmp.Equal(l.Fields, []string{"birth_dates"}) {
		t.Errorf("%+v", l)
	}
	if l := byKey[owner.ID]; l.Identifying {
		t.Errorf("%+v", l)
	}
	if some, err := r.PreviewLines(ctx, p.ID, "remove", lines[0].N, 1); err != nil || len(some) != 1 || some[0].Op != "remove" {
		t.Errorf("%+v, %v", some, err)
	}
	old, now, err := r.PreviewEntry(ctx, p.ID, changed.ID)
	if err != nil || !cmp.Equal(old, first[2]) || !cmp.Equal(now, &changed) {
		t.Errorf("in full: %v\n%v", cmp.Diff(old, first[2]), cmp.Diff(now, &changed))
	}
	if old, now, err := r.PreviewEntry(ctx, p.ID, first[0].ID); err != nil || old == nil || now != nil {
		t.Errorf("what goes, in full: %v, %v, %v", old, now, err)
	}
	if at, err = r.Confirm(ctx, p.ID, "B-1", "B-2"); err != nil || at.Version != 2 {
		t.Fatalf("%+v, %v", at, err)
	}
	want := map[watch.Key]*watch.Entry{}
	for _, e := range next {
		want[e.Key()] = e
	}
	checkEntries := func() {
		t.Helper()
		for key, e := range want {
			got, err := r.Entry(ctx, key)
			if err != nil || !cmp.Equal(got, e) {
				t.Fatalf("%s: %v %v", key, err, cmp.Diff(got, e))
			}
			if _, ok := r.Current().Entry(key); !ok {
				t.Fatalf("%s is not in the list", key)
			}
		}
		if n := r.Current().Len(); n != len(want) {
			t.Fatalf("%d entries, want %d", n, len(want))
		}
	}
	checkEntries()
	_, err = r.Entry(ctx, first[0].Key())
	wantCode(t, err, border.NotFound)
	r.reopen()
	checkEntries()
}

// A file that shrinks, grows or changes the list beyond what is usual asks for care.
func TestImportAsks(t *testing.T) {
	r, rng := newRig(t, Rules{}), seeded(t)
	first := people(rng, "courts", 100)
	r.load("courts", "1", first)
	for _, c := range []struct {
		name string
		list []*watch.Entry
		asks []string
	}{
		{"a tenth missing", first[10:], nil},
		{"more than a tenth missing", first[11:], []string{AsksShrinks}},
		{"more than a tenth new", append(append([]*watch.Entry{}, first...), people(rng, "courts", 111)[100:]...), []string{AsksGrows}},
		{"other people under the same ids", people(rng, "courts", 100), []string{AsksChanges}},
	} {
		p := r.preview("courts", "2", c.list)
		if !cmp.Equal(p.Asks, c.asks) || p.NeedsConfirmation != (c.asks != nil) {
			t.Errorf("%s: %v, share %.3f", c.name, p.Asks, p.Share)
		}
	}
}

// A preview is against what was in force; when that has changed it cannot be confirmed.
func TestImportConflict(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	list := people(rng, "courts", 30)
	a, b := r.preview("courts", "1", list), r.preview("courts", "1", list[:20])
	other := r.preview("police", "1", people(rng, "police", 5))
	if _, err := r.Confirm(ctx, a.ID, "B-1", "B-2"); err != nil {
		t.Fatal(err)
	}
	_, err := r.Confirm(ctx, b.ID, "B-1", "B-2")
	wantCode(t, err, border.Conflict)
	if _, err := r.Confirm(ctx, other.ID, "B-1", "B-2"); err != nil {
		t.Errorf("another source's import: %v", err)
	}
	c := r.preview("courts", "2", list[:25])
	r.byHand(Proposal{Op: Withdraw, Key: list[0].Key()})
	_, err = r.Confirm(ctx, c.ID, "B-1", "B-2")
	wantCode(t, err, border.Conflict)

	late := r.preview("courts", "2", list[:25])
	r.clock.add(24 * time.Hour)
	_, err = r.Confirm(ctx, late.ID, "B-1", "B-2")
	wantCode(t, err, border.Conflict)
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if p, err := r.PreviewByID(ctx, late.ID); err != nil || p.State != PreviewExpired {
		t.Errorf("%s, %v", p.State, err)
	}
	if lines, err := r.PreviewLines(ctx, late.ID, "", -1, 10); err != nil || len(lines) != 0 {
		t.Errorf("%d lines of an expired import are kept, %v", len(lines), err)
	}
	_, err = r.Confirm(ctx, border.ID{7}, "B-1", "B-2")
	wantCode(t, err, border.NotFound)
	if all, err := r.Previews(ctx, 10); err != nil || len(all) != 5 {
		t.Errorf("%d imports, %v", len(all), err)
	}
}

// A file that cannot be read leaves nothing behind.
func TestImportUnreadable(t *testing.T) {
	r, ctx := newRig(t, Rules{}), t.Context()
	path := filepath.Join(t.TempDir(), "x.xml")
	if err := os.WriteFile(path, []byte(`<?xml version="1.0"?><CONSOLIDATED_LIST dateGenerated="2026-11-01"><INDIVIDUALS><INDIVIDUAL>`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := r.Preview(ctx, "un", source.UN, path, ImportOptions{})
	wantCode(t, err, border.Invalid)
	_, err = r.Preview(ctx, "un", source.UN, filepath.Join(t.TempDir(), "none"), ImportOptions{})
	wantCode(t, err, border.NotFound)
	_, err = r.Preview(ctx, "UN list", source.UN, path, ImportOptions{})
	wantCode(t, err, border.Invalid)
	if all, err := r.Previews(ctx, 10); err != nil || len(all) != 0 {
		t.Errorf("%d imports, %v", len(all), err)
	}
}
