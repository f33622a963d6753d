package cases

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/cases"
	"garita/border/watch"
	"garita/ui"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

func pages(w *i18n.Printer) map[string]page {
	now := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	id, other := border.ID{6: 0x70, 8: 0x80}, border.ID{6: 0x70, 8: 0x80, 15: 1}
	open := cases.Summary{ID: id, Version: 7, State: cases.UnderReview, Handling: watch.Refer, HighRisk: true, Urgent: true, Source: "court", Entry: "court/1", Score: 0.9, Late: true,
		OpenedAt: now.Add(-50 * time.Hour), ChangedAt: now, Since: now.Add(-time.Hour), Due: now.Add(-10 * time.Minute), Overdue: true, Assignee: "B-3", SecondPerson: true, Crossings: 2,
		LastAt: now.Add(-time.Hour), LastPost: "PCA", Previous: &other}
	hidden := cases.Summary{ID: other, State: cases.Possible, Handling: watch.Silent, Entry: "court/2", Score: 0.8, OpenedAt: now, Since: now, Due: now.Add(time.Hour), LastAt: now, LastPost: "DAR"}
	shut := cases.Summary{ID: other, State: cases.NotThisPerson, Handling: watch.Open, Entry: "court/3", Score: 0.99, OpenedAt: now, Since: now, LastAt: now}
	busy := inboxOf(w, cases.Counts{Open: 60, ByState: map[cases.State]int{cases.Possible: 9}, Overdue: 1, SecondPerson: 1, Alerts: 4, AlertsLate: 2, Oldest: open.OpenedAt},
		filterForm{Handling: "silent", Badge: "<B>", Overdue: true}, []cases.Summary{open, hidden, shut}, 60, 3, now)
	empty := inboxOf(w, cases.Counts{}, filterForm{}, nil, 0, 0, now)
	e := entry("1", clara, watch.Refer)
	e.HighRisk = true
	allowed := map[cases.Do]bool{}
	for _, do := range cases.Dos {
		allowed[do] = do != cases.Reopen && do != cases.Answer
	}
	full := fileOf(w, &cases.Case{Summary: open, Kept: e, Changed: true, Allowed: allowed,
		Sightings: []cases.Sighting{{Crossing: id, Type: border.TypeCrossingRecorded, Station: "PCA-1", Post: "PCA", At: now, Direction: border.Entry, Outcome: string(border.Admitted), Named: true, Score: 0.9,
			Explained: &watch.Explanation{Fields: []watch.Evidence{{Field: "name", Level: "order", Weight: 4, Asked: "CLARA QUIRINDONGO", Listed: "QUIRINDONGO CLARA"},
				{Field: "birth_date", Level: "far", Weight: -3, Asked: "1980-01-01", Listed: "1988-11-30"}}},
			Person: &border.Personal{Surname: "CLARA", GivenNames: "QUIRINDONGO <b>", BirthDate: "1980-01-01", Documents: []border.PersonalDocument{{IssuingState: "QRU", DocumentNumber: "X1"}}},
			Header: &border.Header{PreviousCountry: "QRU", NextCountry: "QSY", TransportMode: "land"}, Companions: []cases.Companion{{Crossing: other}, {Person: &border.Personal{Surname: "OXLEY", BirthDate: "1990-01-01"}}}},
			{Crossing: other, Type: border.TypeEncounterReferred, Station: "DAR-1", Post: "DAR", At: now.Add(-30 * time.Hour), Late: cases.LateGrown, Score: 0.2}},
		Alerts: []cases.Alert{{RaisedAt: now, Chased: 2, Overdue: true, Posts: []border.PostID{"PCA", "DAR"}},
			{RaisedAt: now, ClosedAt: now, Ended: "acknowledged", Officer: "officer-7", Station: "PCA-1", Posts: []border.PostID{"PCA"}}},
		History: []cases.Step{{At: now, Did: "assign", Who: "B-1", To: "B-3", From: cases.Possible, State: cases.UnderReview}, {At: now, Did: "did_of_tomorrow", Note: "<i>"},
			{At: now, Did: "acknowledged", Who: "officer-7", Station: "PCA-1", From: cases.Possible, State: cases.Possible}},
		Confirmations: []cases.Attested{{At: now, Confirmation: cases.Confirmation{Service: "find", Outcome: "not_checked", Reason: "timed_out", Detail: "{}"}}}}, now)
	silent := fileOf(w, &cases.Case{Summary: hidden, Listed: e, Allowed: map[cases.Do]bool{cases.Take: true}}, now)
	closed := fileOf(w, &cases.Case{Summary: shut, Listed: e, Allowed: map[cases.Do]bool{cases.Note: true, cases.Reopen: true}}, now)
	return map[string]page{"empty": {Title: w.T("Cases"), Inbox: &empty}, "inbox": {Title: w.T("Cases"), Inbox: &busy}, "case": {Title: w.T("case::Case"), File: &full, Trouble: w.T("Say why, in a few words.")},
		"silent": {Title: w.T("case::Case"), File: &silent}, "closed": {Title: w.T("case::Case"), File: &closed}}
}

var others = []i18n.Lang{i18n.Spanish, i18n.French, i18n.Haitian}

// shown are the states that are kept in every language; all of them are in English.
var shown = map[string][]i18n.Lang{"case": others, "inbox": others}

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
