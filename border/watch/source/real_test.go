package source_test

import (
	"os"
	"path/filepath"
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
