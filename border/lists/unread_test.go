package lists

import (
	"os"
	"strings"
	"testing"

	"garita/border/watch"
	"garita/border/watch/source"
)

// A row that cannot be read does not withdraw the person that it is about; where it cannot be told
// whom, somebody has to look.
func TestUnreadRows(t *testing.T) {
	r, rng := newRig(t, Rules{}), seeded(t)
	list := people(rng, "courts", 100)
	for i, e := range list {
		e.Handling, e.Distribution = watch.Refer, ""
		if i == 50 {
			e.Handling = watch.Open
		}
	}
	r.load("courts", "1", list)
	damage := func(old, broken string) Preview {
		t.Helper()
		path := csv(t, "2", list)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := string(b)
		if strings.Count(s, old) != 1 {
			t.Fatalf("%q is there %d times", old, strings.Count(s, old))
		}
		if err := os.WriteFile(path, []byte(strings.Replace(s, old, broken, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := r.Preview(t.Context(), "courts", source.CSV, path, ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := damage(`,"open",`, `,"opne",`); p.Removed != 0 || p.Unread != 1 || p.Unchanged != 99 || p.Report.Skipped != 1 || p.NeedsConfirmation {
		t.Errorf("a slip of the pen: %+v", p.Summary)
	}
	if p := damage("\n\"E50\",", "\n\"E50\",,"); p.Removed != 1 || p.Unread != 0 || p.Report.Skipped != 1 || !p.NeedsConfirmation || p.Asks[0] != AsksSkipped {
		t.Errorf("a row of another form: %+v", p.Summary)
	}
}

// An entry that is made silent is held against past travellers again: what was told of it is taken
// back.
func TestMadeSilentIsNew(t *testing.T) {
	r, rng, ctx := newRig(t, Rules{}), seeded(t), t.Context()
	e := person(rng, "courts", 1)
	e.Handling, e.Distribution = watch.Open, ""
	at := r.load("courts", "1", []*watch.Entry{e})
	silent := *e
	silent.Handling = watch.Silent
	r.byHand(Proposal{Op: Change, Entry: &silent})
	if entries, _, err := r.Added(ctx, at); err != nil || len(entries) != 1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}
