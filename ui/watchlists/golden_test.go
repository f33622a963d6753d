package watchlists

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/lists"
	"garita/border/register"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/ui"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
	"garita/ui/wording"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

func pages(w *i18n.Printer) map[string]page {
	now := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	position := border.ListPosition{List: "national", Epoch: border.Epoch{7}, Version: 1234, Hash: border.Digest{1}}
	older := position
	older.Version--
	id := border.ID{6: 0x70, 8: 0x80}
	station := func(name string, seen time.Duration, reports ...border.ListReport) register.Station {
		return register.Station{Station: border.StationID(name), Post: "PCA", LastSeen: now.Add(-seen), Lists: reports}
	}
	busy := overviewOf(w, standing{
		Held: &lists.Held{Position: position, Issued: now.Add(-3 * time.Hour), ValidUntil: now.Add(45 * time.Hour)}, Entries: 1234567, Proposals: 2,
		Sources: []lists.SourceView{{Name: "courts", Version: "<b>", Issued: now.Add(-time.Hour), Age: time.Hour, Entries: 12, Silent: 1, ByHand: 12},
			{Name: "un", Kind: "un", Version: "2026-11-01", Issued: now.Add(-500 * time.Hour), Age: 500 * time.Hour, MaxAge: 240 * time.Hour, Entries: 700, HubOnly: 3, Stale: true}},
		Stations: []register.Station{station("PCA-1", time.Second, border.ListReport{Position: position, Since: now.Add(-time.Hour)}),
			station("PCA-2", time.Hour, border.ListReport{Position: older, Since: now.Add(-30 * time.Hour), Refused: "rollback", RefusedAt: now}), station("PCA-3", 0)},
		Chased: []lists.Chased{{Key: watch.Key{Source: "courts", ID: "1"}, Age: 2 * time.Hour, Have: 1, Missing: []border.StationID{"PCA-2", "PCA-3"}, Overdue: true}},
		Ahead:  []border.StationID{"PCA-3"},
		Steps: []lists.Step{{Version: 1234, At: now, Kind: "hand", Source: "courts", Added: 1, By: "B-1", Second: "B-2", Reason: "as ordered"},
			{Version: 1233, At: now.Add(-48 * time.Hour), Kind: "kind_of_tomorrow"}},
		Previews: []lists.Preview{{ID: id, Source: "un", State: lists.PreviewOpen, Made: now, Summary: lists.Summary{Added: 1, Removed: 2}}},
	}, now)
	empty := overviewOf(w, standing{}, now)
	before, after := person("1", "QUIRINDONGO", "CLARA ISMENE", "1988-11-30"), person("1", "QUIRINDONGO", "CLARA ISMENE", "1988-11-XX")
	after.Urgent, after.Applies = true, watch.AppliesExit
	preview := previewOf(w, &lists.Preview{ID: id, Source: "un", Kind: source.UN, State: lists.PreviewOpen, Made: now, Expires: now.Add(24 * time.Hour), Summary: lists.Summary{
		Held: 1000, Added: 300, Removed: 1, Changed: 2, Kept: 3, TooLarge: 1, Fields: map[string]int{"birth_dates": 2, "field_of_tomorrow": 1}, Share: 0.3, NeedsConfirmation: true,
		Asks: []string{lists.AsksGrows}, By: "B-1", Version: "2026-11-20", Issued: now.Add(-48 * time.Hour), Report: source.Report{Entries: 1300, Skipped: 2, Bytes: 20 << 20, More: 7,
			Counts: map[source.Code]int{source.BadDate: 5, source.NoName: 2, "code_of_tomorrow": 1}, Problems: []source.Problem{{File: "un.xml", Line: 1234, Code: source.NoName, Skipped: true}}}}}, now)
	preview.Lines = []lineView{lineOf(w, &lists.PreviewLine{Key: before.Key(), Op: "change", Fields: []string{"birth_dates", "urgent"}, Identifying: true, Handling: watch.Refer, Urgent: true}, before, after),
		lineOf(w, &lists.PreviewLine{Key: before.Key(), Op: "remove", Handling: watch.Silent, HubOnly: true}, before, nil)}
	preview.More = "/lists/imports/x?only=&after=49"
	hit := hitOf(w, &watch.Explanation{Hit: watch.Hit{Score: 0.91}, Prior: -9, Fields: []watch.Evidence{{Field: "name", Level: "spelling", Weight: 6, Asked: "KIRINDONGO CLARA", Listed: "QUIRINDONGO CLARA"},
		{Field: "birth_date", Level: "swapped_day_month", Weight: 3, Asked: "1988-12-11", Listed: "1988-11-12"}, {Field: "sex", Level: "unknown", Listed: "F"},
		{Field: "nationality", Level: "other", Weight: -1, Asked: "QRU", Listed: "UTO"}, {Field: "tea_leaves", Level: "level_of_tomorrow", Weight: 1}}}, before)
	entries := entriesPage{Source: "courts", ID: "1", Found: true, InForce: true, ByHand: true, Name: wording.First(w, after), Facts: wording.Facts(w, after), Op: lists.Change, Form: formOf(after), Open: true,
		History: []revisionRow{revisionOf(w, &lists.Revision{Version: 2, At: now, Op: "change", By: "B-1", Second: "B-2", Reason: "as ordered", Entry: after}, before, now)},
		Waiting: []proposalView{proposalOf(w, &lists.Proposal{ID: id, Op: lists.Withdraw, Key: after.Key(), By: "B-1", Reason: "<i>", Made: now, State: lists.ProposalPending, Urgent: true}, after, now)}}
	return map[string]page{
		"empty":   {Title: w.T("The national list"), Where: "overview", Overview: &empty},
		"busy":    {Title: w.T("The national list"), Where: "overview", Overview: &busy, Done: w.T(doneWords["confirmed"])},
		"preview": {Title: w.T("Import of {0}", "un"), Where: "import", Preview: &preview, Trouble: w.T("The second person must be another one. Ask a colleague.")},
		"import":  {Title: w.T("Import a file"), Where: "import", Import: &importPage{Upload: "00", Files: []string{"a.csv", "b.csv"}, Kinds: []choice{{"csv", w.T(kindWords["csv"]), true}}, Form: importForm{File: "b.csv", Source: "courts", Urgent: true}}},
		"off":     {Title: w.T("Import a file"), Where: "import", Import: &importPage{Off: true}},
		"entries": {Title: w.T("list::Entries"), Where: "entries", Entries: &entries},
		"explain": {Title: w.T("Explain a score"), Where: "explain", Explain: &explainPage{Asked: true, Purpose: "case", Purposes: wording.Purposes(w), Form: travellerForm{Surname: "KIRINDONGO", Sex: "F"}, Hits: []hitView{hit}}},
	}
}

var others = []i18n.Lang{i18n.Spanish, i18n.French, i18n.Haitian}

// shown are the states that are kept in every language; all of them are in English.
var shown = map[string][]i18n.Lang{"busy": others, "preview": others, "entries": others, "explain": others, "import": others}

func TestGoldenPages(t *testing.T) {
	l := golden(t)
	for name := range pages(i18n.In(i18n.English)) {
		for _, lang := range append([]i18n.Lang{i18n.English}, shown[name]...) {
			t.Run(name+"/"+string(lang), func(t *testing.T) {
				p := i18n.In(lang)
				got, err := l.In(p).Fragment("body", pages(p)[name])
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", name+".html")
				if lang != i18n.English {
					file = filepath.Join("testdata", name+"."+string(lang)+".html")
				}
				if *update {
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatalf("%v (write it with -update-golden and review it)", err)
				}
				if d := cmp.Diff(string(want), string(got)); d != "" {
					t.Errorf("the page has changed (-want +got); if meant, run with -update-golden and review:\n%s", d)
				}
			})
		}
	}
}

func golden(t *testing.T) *layout.Layout {
	t.Helper()
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(assets, templates)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestNoTextIsLeftOut finds what the pages say without going through the catalogue: nothing but data.
func TestNoTextIsLeftOut(t *testing.T) {
	marked, err := golden(t).Marked()
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range pages(i18n.Pseudo()) {
		got, err := marked.Fragment("body", p)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range i18ntest.Bare(string(got)) {
			if !data.MatchString(text) {
				t.Errorf("%s: %q is not of the catalogue", name, text)
			}
		}
	}
}

// data are the invented facts of the pages above.
var data = regexp.MustCompile(`^(DATA)$`)
