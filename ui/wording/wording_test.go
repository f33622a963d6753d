package wording

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/watch"
)

// TestEveryFieldHasWords keeps a new field of entries from being left out of what people
// confirm and approve.
func TestEveryFieldHasWords(t *testing.T) {
	e := &watch.Entry{Source: "courts", ID: "1", Names: []watch.Name{{Surname: "QUIRINDONGO", GivenNames: "CLARA"}, {Full: "La Clara", Quality: watch.Low}}, BirthDates: []string{"1988"}, Sex: "F",
		Nationalities: []string{"UTO"}, BirthPlaces: []string{"UTO"}, Residences: []string{"QRU"}, Documents: []watch.Document{{Number: "X1"}}, Photo: "p", Handling: watch.Open,
		Applies: watch.AppliesExit, Distribution: watch.HubOnly, HighRisk: true, Urgent: true, Action: "detain", Instruction: map[string]string{"es": "Llame."}, LegalBasis: "l", Purpose: "p",
		Owner: "o", ValidFrom: "2026-01-01", Expires: "2027-01-01", Updated: "2026-01-01"}
	got := map[string]string{}
	for _, f := range Facts(e) {
		got[f.Field] = f.Value
	}
	v := reflect.ValueOf(*e)
	for i := range v.NumField() {
		field, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if field == "source" || field == "id" {
			continue
		}
		if v.Field(i).IsZero() {
			t.Errorf("%s: the test's entry has none", field)
		}
		if got[field] == "" || labels[field] == "" {
			t.Errorf("%s: no words", field)
		}
	}
	if n := len(Differences(nil, e)); n != len(got) || n != len(order) {
		t.Errorf("%d differences of %d fields in %d places", n, len(got), len(order))
	}
	if got["names"] != "QUIRINDONGO, CLARA; La Clara (weak alias)" {
		t.Error(got["names"])
	}
	for _, d := range Differences(e, e) {
		if d.Changed {
			t.Errorf("%s has changed", d.Label)
		}
	}
}

func TestNumbersAndTimes(t *testing.T) {
	now := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	for want, got := range map[string]string{
		"1\u202f234\u202f567": Number(1234567), "-123": Number(-123), "0": Number(0), "–": At(time.Time{}, now), "16:04": At(now.Add(-time.Hour), now), "21 Nov 2026 17:04": At(now.Add(-24*time.Hour), now),
		"3 days": Span(80 * time.Hour), "47 h": Span(47*time.Hour + 59*time.Minute), "119 min": Span(119 * time.Minute), "40 s": Span(49 * time.Second), "a moment": Span(-time.Hour),
		"Very likely (about 99 in 100)": Chance(1), "Possible (about 80 in 100)": Chance(0.8), "Unlikely (about 10 in 100)": Chance(0.1), "Likely (about 85 in 100)": Chance(0.85),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestTroubleSaysNothingOfOurFaults keeps causes of internal errors in the log.
func TestTroubleSaysNothingOfOurFaults(t *testing.T) {
	for _, code := range []border.Code{border.Invalid, border.NotFound, border.Forbidden, border.Conflict, border.Stale, border.TooLarge, border.Unavailable, border.StorageFull} {
		if text, status, ok := Trouble(&border.Error{Code: code}); !ok || text == "" || status < 400 {
			t.Errorf("%s: %q %d", code, text, status)
		}
	}
	if text, _, ok := Trouble(&border.Error{Code: border.Internal, Message: "disk"}); ok || text != "" {
		t.Errorf("%q", text)
	}
}
