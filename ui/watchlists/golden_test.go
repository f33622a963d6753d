package watchlists

import (
	"flag"
	"regexp"
	"testing"
	"time"

	"garita/border"
	"garita/border/lists"
	"garita/border/register"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/ui/i18n"
	"garita/ui/layout/layouttest"
	"garita/ui/wording"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

func pages(w *i18n.Printer) map[string]any {
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
	return map[string]any{
		"empty":   page{Title: w.T("The national list"), Where: "overview", Overview: &empty},
		"busy":    page{Title: w.T("The national list"), Where: "overview", Overview: &busy, Done: w.T(doneWords["confirmed"])},
		"preview": page{Title: w.T("Import of {0}", "un"), Where: "import", Preview: &preview, Trouble: w.T("The second person must be another one. Ask a colleague.")},
		"import":  page{Title: w.T("Import a file"), Where: "import", Import: &importPage{Upload: "00", Files: []string{"a.csv", "b.csv"}, Kinds: []choice{{"csv", w.T(kindWords["csv"]), true}}, Form: importForm{File: "b.csv", Source: "courts", Urgent: true}}},
		"off":     page{Title: w.T("Import a file"), Where: "import", Import: &importPage{Off: true}},
		"entries": page{Title: w.T("list::Entries"), Where: "entries", Entries: &entries},
		"explain": page{Title: w.T("Explain a score"), Where: "explain", Explain: &explainPage{Asked: true, Purpose: "case", Purposes: wording.Purposes(w), Form: travellerForm{Surname: "KIRINDONGO", Sex: "F"}, Hits: []hitView{hit}}},
	}
}

func shown() layouttest.Pages {
	return layouttest.Pages{Templates: templates, States: pages, Everywhere: []string{"busy", "preview", "entries", "explain", "import"},
		Data: regexp.MustCompile(`^(\d{1,2} Nov 2026 \d\d:\d\d|B-1 and B-2|PCA(-\d(, PCA-\d)?)?|as ordered|courts(/1)?|un(\.xml,)?|national|(kind|level|code) of tomorrow|2, field of tomorrow 1\.|1988-11-30 → 1988-11-XX|1988-11-XX|Order 7|UTO( P U\d+)?|QRU|QUIRINDONGO,? CLARA( ISMENE)?|KIRINDONGO CLARA|tea leaves|[ab]\.csv)$`)}
}

func TestGoldenPages(t *testing.T) { layouttest.Golden(t, shown(), *update) }

// Nothing but facts is on the pages without having gone through the catalogue.
func TestNoTextIsLeftOut(t *testing.T) { layouttest.Translated(t, shown()) }
