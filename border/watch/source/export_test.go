package source_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"garita/border/watch"
	"garita/border/watch/source"
)

var head = source.Head{List: "national", Version: "2", Issued: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), MaxAge: 48 * time.Hour}

func export(t interface{ Fatal(...any) }, entries ...*watch.Entry) string {
	var b bytes.Buffer
	if err := source.Export(&b, head, slices.Values(entries)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every exported file reads back to the same entries, whatever their texts hold.
func TestExportReadsBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab Ñя名|/\\,:;'\"=+-@low good#＝{}")), 0, 12, -1)
		clean := rapid.Map(text, func(s string) string { return strings.Join(strings.Fields(s), " ") })
		codes := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"UTO", "HTI", "D", "DOM", "XXA"}), 0, 3, rapid.ID[string])
		name := rapid.Custom(func(rt *rapid.T) watch.Name {
			return watch.Name{Surname: clean.Draw(rt, "surname"), GivenNames: clean.Draw(rt, "given"), Full: clean.Draw(rt, "full"),
				Quality: rapid.SampledFrom([]watch.Quality{"", watch.Primary, watch.Good, watch.Low}).Draw(rt, "quality")}
		}).Filter(func(n watch.Name) bool { return n.Surname+n.GivenNames+n.Full != "" })
		day := rapid.SampledFrom([]string{"", "2026-11-01", "2027-02-28"})
		count := 0
		entry := rapid.Custom(func(rt *rapid.T) *watch.Entry {
			count++
			e := &watch.Entry{Source: "national", ID: "E" + string(rune('0'+count)),
				Names: rapid.SliceOfNDistinct(name, 1, 4, func(n watch.Name) string {
					return strings.Join([]string{n.Surname, n.GivenNames, n.Full}, "\x00")
				}).Draw(rt, "names"),
				BirthDates:    rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1974-08-12", "1974-08-XX", "1974-XX-XX~", "1970/1976", "19XX-XX-31"}), 0, 3, rapid.ID[string]).Draw(rt, "dates"),
				Sex:           rapid.SampledFrom([]string{"", "M", "F", "X"}).Draw(rt, "sex"),
				Nationalities: codes.Draw(rt, "nationalities"), BirthPlaces: codes.Draw(rt, "places"), Residences: codes.Draw(rt, "residences"),
				Documents: rapid.SliceOfNDistinct(rapid.Custom(func(rt *rapid.T) watch.Document {
					return watch.Document{Issuer: rapid.SampledFrom([]string{"", "UTO", "D"}).Draw(rt, "issuer"), Type: rapid.SampledFrom([]string{"", "P", "I"}).Draw(rt, "type"),
						Number: rapid.StringMatching(`[A-Z0-9]{1,12}`).Draw(rt, "number")}
				}), 0, 3, rapid.ID[watch.Document]).Draw(rt, "documents"),
				Photo:        clean.Draw(rt, "photo"),
				Handling:     rapid.SampledFrom([]watch.Handling{watch.Open, watch.Refer, watch.Silent}).Draw(rt, "handling"),
				Applies:      rapid.SampledFrom([]watch.Applies{"", watch.AppliesEntry, watch.AppliesExit}).Draw(rt, "applies"),
				Distribution: rapid.SampledFrom([]watch.Distribution{"", watch.HubOnly}).Draw(rt, "distribution"),
				HighRisk:     rapid.Bool().Draw(rt, "risk"), Urgent: rapid.Bool().Draw(rt, "urgent"),
				Action:     rapid.SampledFrom([]string{"", "refer", "refuse", "detain", "hand_over", "inform"}).Draw(rt, "action"),
				LegalBasis: clean.Draw(rt, "basis"), Purpose: clean.Draw(rt, "purpose"), Owner: clean.Draw(rt, "owner"),
				ValidFrom: day.Draw(rt, "from"), Expires: day.Draw(rt, "expires"), Updated: day.Draw(rt, "updated")}
			for _, lang := range []string{"es", "pap"} {
				if s := clean.Draw(rt, lang); s != "" {
					if e.Instruction == nil {
						e.Instruction = make(map[string]string)
					}
					e.Instruction[lang] = s
				}
			}
			for _, list := range []*[]string{&e.BirthDates, &e.Nationalities, &e.BirthPlaces, &e.Residences} {
				if len(*list) == 0 {
					*list = nil
				}
			}
			if len(e.Documents) == 0 {
				e.Documents = nil
			}
			return e
		})
		entries := rapid.SliceOfN(entry, 0, 4).Draw(rt, "entries")
		out := export(rt, entries...)
		again, report := read(t, source.CSV, files("a.csv", out))
		if len(entries) == 0 {
			entries = nil
		}
		same(t, again, entries)
		if len(report.Problems) != 0 {
			t.Errorf("%v", report.Problems)
		}
		if t.Failed() {
			rt.Fatalf("%s", out)
		}
		safe(t, out)
	})
}

// safe reads a file as spreadsheets do, with either separator, and looks for cells that
// would be computed.
func safe(t *testing.T, out string) {
	t.Helper()
	body := out[strings.Index(out, "\nentry")+1:]
	for _, comma := range []rune{',', ';'} {
		cr := csv.NewReader(strings.NewReader(body))
		cr.Comma, cr.LazyQuotes, cr.FieldsPerRecord = comma, true, -1
		for {
			row, err := cr.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, cell := range row {
				if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") || strings.HasPrefix(cell, "-") || strings.HasPrefix(cell, "@") || strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") || strings.HasPrefix(cell, "＝") {
					t.Fatalf("a cell would be computed: %q", cell)
				}
			}
		}
	}
}

func TestExportGuards(t *testing.T) {
	e := *example
	e.Owner = `=HYPERLINK("http://example.test")`
	e.Purpose = "a;=1+1"
	e.LegalBasis = "@SUM(A1)"
	e.Photo = "'=already"
	e.Names = []watch.Name{{Surname: "\u202eNAIPOTU\u202c", GivenNames: "-JANA", Quality: watch.Primary}}
	out := export(t, &e)
	safe(t, out)
	for _, want := range []string{`"'=HYPERLINK(""http`, `"a;'=1+1"`, `"'@SUM(A1)"`, `"''=already"`, `"NAIPOTU","'-JANA"`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	again, _ := read(t, source.CSV, files("a.csv", out))
	e.Names[0].Surname = "NAIPOTU"
	same(t, again, []*watch.Entry{&e})
	// Cut at any line, the number of entries tells.
	lines := strings.SplitAfter(export(t, &e, &watch.Entry{ID: "2", Names: []watch.Name{{Full: "X"}}}), "\n")
	for i := range len(lines) - 2 {
		if _, _, err := try(t, source.CSV, files("a.csv", strings.Join(lines[:i], "")), source.Options{}); err == nil {
			t.Errorf("cut after line %d: no error", i)
		}
	}
	e.Owner = "a\x00b"
	if err := source.Export(io.Discard, head, slices.Values([]*watch.Entry{&e})); err == nil {
		t.Error("a value that cannot be written is written")
	}
	if err := source.Export(io.Discard, source.Head{List: "=1", Version: "1"}, slices.Values([]*watch.Entry{})); err == nil {
		t.Error("a list of that name")
	}
}
