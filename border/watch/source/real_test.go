package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"garita/border/watch"
	"garita/border/watch/source"
)

// testdata gives a directory of the shared real lists. They name real people and are
// never in the repository.
func testdata(t testing.TB, path ...string) string {
	t.Helper()
	dir := os.Getenv("GARITA_TESTDATA")
	if dir == "" {
		t.Skip("set GARITA_TESTDATA to the directory of the shared data, for real lists")
	}
	return filepath.Join(append([]string{dir, "watchlists"}, path...)...)
}

func load(t testing.TB, kind source.Kind, path string) ([]*watch.Entry, source.Report) {
	t.Helper()
	entries, report, err := source.Load(t.Context(), kind, path, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return entries, report
}

func TestRealCounts(t *testing.T) {
	for _, c := range []struct {
		kind source.Kind
		path string
		want int
	}{
		{source.UN, testdata(t, "un", "consolidated.xml"), 730},
		{source.UN, testdata(t, "un", "consolidated-2021-03-12.xml"), 711},
		{source.OFAC, testdata(t, "ofac"), 4620},
	} {
		entries, report := load(t, c.kind, c.path)
		if len(entries) != c.want || report.Entries != c.want || report.Skipped != 0 {
			t.Errorf("%s: %d entries, %d skipped, want %d", c.path, len(entries), report.Skipped, c.want)
		}
		t.Logf("%s: %v %d listed %d more", c.path, report.Counts, len(report.Problems), report.More)
		var names, dates, nat, docs, pob, res, sex int
		for _, e := range entries {
			names += len(e.Names)
			docs += len(e.Documents)
			for _, n := range []struct {
				n  int
				to *int
			}{{len(e.BirthDates), &dates}, {len(e.Nationalities), &nat}, {len(e.BirthPlaces), &pob}, {len(e.Residences), &res}, {len(e.Sex), &sex}} {
				if n.n > 0 {
					*n.to++
				}
			}
		}
		t.Logf("names %d; with dates %d nationality %d birth place %d residence %d sex %d; documents %d", names, dates, nat, pob, res, sex, docs)
	}
}

// The real lists, exported, read back to the same entries.
func TestRealExport(t *testing.T) {
	for kind, path := range map[source.Kind]string{source.UN: testdata(t, "un", "consolidated.xml"), source.OFAC: testdata(t, "ofac")} {
		entries, _ := load(t, kind, path)
		for _, e := range entries {
			e.Source = head.List
		}
		again, report := read(t, source.CSV, files("a.csv", export(t, entries...)))
		if d := source.Compare(entries, again); !d.Empty() || len(report.Problems) > 0 {
			t.Errorf("%s: %d added, %d removed, %d changed, %d problems", kind, len(d.Added), len(d.Removed), len(d.Changed), len(report.Problems))
		}
	}
}

// The two UN lists are a real pair: what the issue says of them by DATAID is found.
func TestRealDifference(t *testing.T) {
	before, _ := load(t, source.UN, testdata(t, "un", "consolidated-2021-03-12.xml"))
	after, _ := load(t, source.UN, testdata(t, "un", "consolidated.xml"))
	d := source.Compare(before, after)
	if len(d.Added) != 64 || len(d.Removed) != 45 || d.Suspicious(0.1, 0.1) || !d.Suspicious(0.05, 0.1) {
		t.Errorf("%d added, %d removed", len(d.Added), len(d.Removed))
	}
	fields := make(map[string]int)
	for _, c := range d.Changed {
		for _, f := range c.Fields {
			fields[f]++
		}
	}
	t.Logf("%d changed: %v", len(d.Changed), fields)
	// The changes turn the one into the other.
	have := make(map[watch.Key]*watch.Entry)
	for _, e := range before {
		have[e.Key()] = e
	}
	for _, c := range d.Changes() {
		if c.Remove != nil {
			delete(have, *c.Remove)
		} else {
			have[c.Put.Key()] = c.Put
		}
	}
	var made []*watch.Entry
	for _, e := range have {
		made = append(made, e)
	}
	if d := source.Compare(made, after); !d.Empty() {
		t.Errorf("the changes leave %d, %d, %d", len(d.Added), len(d.Removed), len(d.Changed))
	}
}

// OFAC's alias lines of individuals are all there: as many as the publisher's file has.
func TestRealAliases(t *testing.T) {
	entries, _ := load(t, source.OFAC, testdata(t, "ofac"))
	individuals := make(map[string]bool)
	names := make(map[string]bool)
	for _, e := range entries {
		individuals[e.ID] = true
		for _, n := range e.Names {
			names[e.ID+"\x00"+n.Surname+"\x00"+n.GivenNames+"\x00"+n.Full] = true
		}
	}
	b, err := os.ReadFile(testdata(t, "ofac", "alt.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines, missing := 0, 0
	for line := range strings.Lines(string(b)) {
		parts := strings.Split(line, `"`)
		id, _, _ := strings.Cut(parts[0], ",")
		if len(parts) != 5 || !individuals[id] {
			continue
		}
		lines++
		surname, given, ok := strings.Cut(parts[3], ", ")
		key := id + "\x00" + surname + "\x00" + given + "\x00"
		if !ok {
			key = id + "\x00\x00\x00" + surname
		}
		if !names[key] && !strings.ContainsAny(parts[3], "()") && strings.Count(parts[3], ",") < 2 && !strings.Contains(parts[3], "  ") {
			missing++
		}
	}
	if lines != 6272 || missing != 0 {
		t.Errorf("%d alias lines of individuals, %d of them not found", lines, missing)
	}
}
