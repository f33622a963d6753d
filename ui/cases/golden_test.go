package cases

import (
	"flag"
	"regexp"
	"testing"
	"time"

	"garita/border"
	"garita/border/cases"
	"garita/border/form"
	"garita/border/watch"
	"garita/ui/i18n"
	"garita/ui/layout/layouttest"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

func pages(w *i18n.Printer) map[string]any {
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
	full := fileOf(w, form.Default(), &cases.Case{Summary: open, Kept: e, Changed: true, Allowed: allowed,
		Sightings: []cases.Sighting{{Crossing: id, Type: border.TypeCrossingRecorded, Station: "PCA-1", Post: "PCA", At: now, Direction: border.Entry, Outcome: string(border.Admitted), Named: true, Score: 0.9,
			Explained: &watch.Explanation{Fields: []watch.Evidence{{Field: "name", Level: "order", Weight: 4, Asked: "CLARA QUIRINDONGO", Listed: "QUIRINDONGO CLARA"},
				{Field: "birth_date", Level: "far", Weight: -3, Asked: "1980-01-01", Listed: "1988-11-30"}}},
			Person: &border.Personal{Surname: "CLARA", GivenNames: "QUIRINDONGO <b>", BirthDate: "1980-01-01", Documents: []border.PersonalDocument{{IssuingState: "QRU", DocumentNumber: "X1"}}},
			Header: &border.Header{PreviousCountry: "QRU", NextCountry: "QSY", TransportMode: "land", Purpose: "holiday"}, Companions: []cases.Companion{{Crossing: other}, {Person: &border.Personal{Surname: "OXLEY", BirthDate: "1990-01-01"}}}},
			{Crossing: other, Type: border.TypeEncounterReferred, Station: "DAR-1", Post: "DAR", At: now.Add(-30 * time.Hour), Late: cases.LateGrown, Score: 0.2}},
		Alerts: []cases.Alert{{RaisedAt: now, Chased: 2, Overdue: true, Posts: []border.PostID{"PCA", "DAR"}},
			{RaisedAt: now, ClosedAt: now, Ended: "acknowledged", Officer: "officer-7", Station: "PCA-1", Posts: []border.PostID{"PCA"}}},
		History: []cases.Step{{At: now, Did: "assign", Who: "B-1", To: "B-3", From: cases.Possible, State: cases.UnderReview}, {At: now, Did: "did_of_tomorrow", Note: "<i>"},
			{At: now, Did: "acknowledged", Who: "officer-7", Station: "PCA-1", From: cases.Possible, State: cases.Possible}},
		Confirmations: []cases.Attested{{At: now, Confirmation: cases.Confirmation{Service: "find", Outcome: "not_checked", Reason: "timed_out", Detail: "{}"}}}}, now)
	silent := fileOf(w, form.Default(), &cases.Case{Summary: hidden, Listed: e, Allowed: map[cases.Do]bool{cases.Take: true}}, now)
	closed := fileOf(w, form.Default(), &cases.Case{Summary: shut, Listed: e, Allowed: map[cases.Do]bool{cases.Note: true, cases.Reopen: true}}, now)
	return map[string]any{"empty": page{Title: w.T("Cases"), Inbox: &empty}, "inbox": page{Title: w.T("Cases"), Inbox: &busy}, "case": page{Title: w.T("case::Case"), File: &full, Trouble: w.T("Say why, in a few words.")},
		"silent": page{Title: w.T("case::Case"), File: &silent}, "closed": page{Title: w.T("case::Case"), File: &closed}}
}

func shown() layouttest.Pages {
	return layouttest.Pages{Templates: templates, States: pages, Everywhere: []string{"inbox", "case"},
		Data: regexp.MustCompile(`^(court/\d|UTO( P U\d+)?|QRU X1|(PCA|DAR)(, (DAR|\d\d:\d\d))?|CLARA QUIRINDONGO|QUIRINDONGO CLARA|A court order|Court of Utopia, telephone 7|Order 7 of 2026|en: Ask the person to wait\.|find|timed out|did of tomorrow)$`)}
}

func TestGoldenPages(t *testing.T) { layouttest.Golden(t, shown(), *update) }

// Nothing but facts is on the pages without having gone through the catalogue.
func TestNoTextIsLeftOut(t *testing.T) { layouttest.Translated(t, shown()) }
