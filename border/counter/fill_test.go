package counter

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/form"
	"garita/border/mrz"
)

type still struct{}

func (still) Now() time.Time           { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
func (still) Today() time.Time         { return still{}.Now() }
func (still) Trust() border.ClockTrust { return border.ClockTrust{State: border.ClockSynced} }

// TestFillEnds: what a form was filled with asks for nothing more: asked again with it, the form
// shows the same fields, as required as before.
func TestFillEnds(t *testing.T) {
	f := form.Default()
	s := &Service{cfg: Config{Form: f, Clock: still{}, Zone: time.UTC, Post: "PUT"}}
	rapid.Check(t, func(t *rapid.T) {
		p := &place{direction: rapid.SampledFrom([]string{border.Entry, border.Exit}).Draw(t, "direction")}
		e := &encounter{identity: rapid.SampledFrom([]string{border.IdentityRead, border.IdentityKeyed, border.IdentityDeclared}).Draw(t, "identity")}
		e.doc = &mrz.Document{Nationality: rapid.SampledFrom([]string{"UTO", "GTM", "MEX", "XXA", ""}).Draw(t, "nationality"),
			BirthDate: rapid.SampledFrom([]string{"1974-08-12", "2020-01-01", "1990-XX-XX", ""}).Draw(t, "birth")}
		var all []form.Field
		for _, direction := range []string{border.Entry, border.Exit} {
			all = append(all, f.Fields(form.Facts{Direction: direction, Nationality: "GTM", Age: 30, Identity: border.IdentityRead}, nil)...)
		}
		some := func(label string) map[string]string {
			out := map[string]string{}
			for range rapid.IntRange(0, 6).Draw(t, label) {
				field := rapid.SampledFrom(all).Draw(t, "field")
				value := rapid.SampledFrom([]string{"", "nonsense", "7"}).Draw(t, "value")
				if len(field.Codes) > 0 && rapid.Bool().Draw(t, "coded") {
					value = rapid.SampledFrom(field.Codes).Draw(t, "code").Code
				}
				out[field.Name] = value
			}
			return out
		}
		e.known = some("known")
		entered := some("entered")
		v := s.fill(p, e, entered)
		again := s.cfg.Form.Fields(s.facts(p, e, v.Values), v.Values)
		required := func(fields []form.Field) map[string]bool {
			out := map[string]bool{}
			for _, f := range fields {
				out[f.Name] = f.Required
			}
			return out
		}
		if d := cmp.Diff(required(v.Fields), required(again)); d != "" {
			t.Fatalf("asked again it shows other fields: %s", d)
		}
		for _, f := range again {
			_, own := entered[f.Name] // or taken away on purpose
			if v.Values[f.Name] == "" && !own && f.Default != "" {
				t.Fatalf("%s has a default that was not filled in", f.Name)
			}
		}
	})
}
