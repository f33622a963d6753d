package wording

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"garita/border/access"
	"garita/border/watch"
	"garita/ui/i18n"
)

// TestEveryFieldHasWords keeps a new field of entries from being left out of what people
// confirm and approve.
func TestEveryFieldHasWords(t *testing.T) {
	e := &watch.Entry{Source: "courts", ID: "1", Names: []watch.Name{{Surname: "QUIRINDONGO", GivenNames: "CLARA"}, {Full: "La Clara", Quality: watch.Low}}, BirthDates: []string{"1988"}, Sex: "F",
		Nationalities: []string{"UTO"}, BirthPlaces: []string{"UTO"}, Residences: []string{"QRU"}, Documents: []watch.Document{{Number: "X1"}}, Photo: "p", Handling: watch.Open,
		Applies: watch.AppliesExit, Distribution: watch.HubOnly, HighRisk: true, Urgent: true, Action: "detain", Instruction: map[string]string{"es": "Llame."}, LegalBasis: "l", Purpose: "p",
		Owner: "o", ValidFrom: "2026-01-01", Expires: "2027-01-01", Updated: "2026-01-01"}
	got := map[string]string{}
	for _, f := range Facts(i18n.In(i18n.English), e) {
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
	if n := len(Differences(i18n.In(i18n.English), nil, e)); n != len(got) || n != len(order) {
		t.Errorf("%d differences of %d fields in %d places", n, len(got), len(order))
	}
	if got["names"] != "QUIRINDONGO, CLARA; La Clara (weak alias)" {
		t.Error(got["names"])
	}
	for _, d := range Differences(i18n.In(i18n.English), e, e) {
		if d.Changed {
			t.Errorf("%s has changed", d.Label)
		}
	}
}

func TestTimesAndChances(t *testing.T) {
	now := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	p := i18n.In(i18n.English)
	for want, got := range map[string]string{
		"–": At(p, time.Time{}, now), "16:04": At(p, now.Add(-time.Hour), now), "21 Nov 2026 17:04": At(p, now.Add(-24*time.Hour), now), "3 days ago": Ago(p, 80*time.Hour),
		"Very likely (about 99 in 100)": Chance(p, 1), "Possible (about 80 in 100)": Chance(p, 0.8), "Unlikely (about 10 in 100)": Chance(p, 0.1), "Likely (about 85 in 100)": Chance(p, 0.85),
		"Not scored": Chance(p, 0), "of tomorrow": Word(p, labels, "of_tomorrow"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestEveryActHasWords keeps a new action from standing in the audit as a code alone.
func TestEveryActHasWords(t *testing.T) {
	p := i18n.In(i18n.English)
	for _, r := range append(access.HubRoutes().All(), access.PostRoutes().All()...) {
		if Act(p, r.Action) == "" {
			t.Errorf("%s: no words", r.Action)
		}
	}
	for _, x := range access.Purposes() {
		if Purpose(p, x.Code) != x.Text {
			t.Errorf("%s: %q", x.Code, Purpose(p, x.Code))
		}
	}
}
