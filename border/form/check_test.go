package form_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border/form"
)

// TestAnyValues: whatever is sent, for whatever field, nothing panics and the record holds
// only what is in order.
func TestAnyValues(t *testing.T) {
	f := form.Default()
	names := []string{"", "favourite_colour"}
	seen := map[string]bool{}
	for _, facts := range faces {
		for _, d := range f.Fields(facts, map[string]string{"transport_mode": "sea", "purpose": "border_work", "legal_basis": "visa"}) {
			if !seen[d.Name] {
				seen[d.Name] = true
				names = append(names, d.Name)
			}
		}
	}
	value := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", " ", "UTO", "deu", "visa", "crew", "transit", "air", "12", "-1", "minor"}))
	rapid.Check(t, func(t *rapid.T) {
		facts := drawFacts(t, f)
		check(t, f, facts, rapid.MapOf(rapid.SampledFrom(names), value).Draw(t, "values"))
	})
}

// check asks what holds of any facts and values.
func check(t interface{ Fatalf(string, ...any) }, f *form.Form, facts form.Facts, values map[string]string) {
	r, problems := f.Check(facts, values)
	for _, p := range problems {
		for name, v := range values {
			if v = strings.TrimSpace(v); len(v) >= 8 && strings.Contains(p.Message, v) && !strings.Contains(plainMessage(f, facts, name), v) {
				t.Fatalf("a message repeats a value: %s", p.Message)
			}
		}
		if p.Field == "" && len(values) == 0 || p.Message == "" {
			t.Fatalf("a problem out of nothing: %+v", p)
		}
	}
	// Each value sent is recorded or is a problem.
	again := recorded(&r)
	named := map[string]bool{}
	for _, p := range problems {
		named[p.Field] = true
	}
	for name, v := range values {
		if strings.TrimSpace(v) != "" && again[name] == "" && !named[name] && !named[""] {
			t.Fatalf("a value of %q is dropped silently", name)
		}
	}
	if len(problems) > 0 {
		return
	}
	for name := range values {
		again[name] += "" // what was left empty on purpose stays so
	}
	same, problems := f.Check(facts, again)
	if len(problems) > 0 {
		t.Fatalf("what was recorded is not accepted again: %v\n%v", again, problems)
	}
	if diff := cmp.Diff(r, same); diff != "" {
		t.Fatalf("what was recorded comes to something else\n%s", diff)
	}
}

// plainMessage is what Check says of a field when the value is a harmless wrong one: words
// of the program that a value may happen to repeat.
func plainMessage(f *form.Form, facts form.Facts, name string) string {
	_, problems := f.Check(facts, map[string]string{name: "\x00"})
	var all strings.Builder
	for _, p := range problems {
		all.WriteString(p.Message)
	}
	return all.String()
}

// recorded gives a record as values.
func recorded(r *form.Record) map[string]string {
	out := map[string]string{"category": r.Category, "purpose": r.Purpose, "residence": r.Residence, "birth_country": r.BirthCountry,
		"previous_country": r.PreviousCountry, "next_country": r.NextCountry, "destination": r.Destination, "legal_basis": r.LegalBasis,
		"visa_type": r.VisaType, "visa_issuer": r.VisaIssuer, "transport_mode": r.TransportMode, "role": r.Role}
	for name, n := range map[string]int{"intended_days": r.IntendedDays, "days_granted": r.DaysGranted} {
		if n > 0 {
			out[name] = strconv.Itoa(n)
		}
	}
	for name, v := range r.Answers {
		out[name] = v
	}
	for name, v := range out {
		if v == "" {
			delete(out, name)
		}
	}
	return out
}
