package manifest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/manifest"
)

var update = flag.Bool("manifest.update", false, "rewrite the expected part of testdata/*.golden; review the difference")

// TestGolden reads testdata/*.golden: the CSV, and after a line ---- the people and the
// problems, or the error.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(b), "----\n")
			var got strings.Builder
			l, problems, err := manifest.Parse(strings.NewReader(input))
			if err != nil {
				fmt.Fprintf(&got, "error %s: %s\n", border.CodeOf(err), border.MessageOf(err))
			} else {
				for _, p := range l.People {
					line, err := json.Marshal(p)
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(&got, "%s\n", line)
				}
			}
			for _, p := range problems {
				fmt.Fprintf(&got, "line %d, column %d: %s\n", p.Line, p.Column, p.Message)
			}
			if *update {
				if err := os.WriteFile(file, []byte(input+"----\n"+got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Fatalf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestTemplate: the template is an empty list, and its example is a person.
func TestTemplate(t *testing.T) {
	for _, kind := range []string{"family", "crew"} {
		b := manifest.Template(kind)
		l, problems, err := manifest.Parse(bytes.NewReader(b))
		if err != nil || len(problems) > 0 || len(l.People) != 0 {
			t.Errorf("%s: %v, %v, %v", kind, l, problems, err)
		}
		l, problems, err = manifest.Parse(bytes.NewReader(bytes.Replace(b, []byte("# "), nil, 1)))
		if err != nil || len(problems) > 0 || len(l.People) != 1 || l.People[0].Nationality != "UTO" || (l.People[0].Role == "crew") != (kind == "crew") {
			t.Errorf("%s: %v, %v, %v", kind, l, problems, err)
		}
	}
}

func TestLimits(t *testing.T) {
	rows := func(n int) string { return "surname\n" + strings.Repeat("A\n", n) }
	for _, c := range []struct {
		text     string
		want     border.Code
		people   int
		problems int
	}{
		{rows(2000), "", 2000, 0},
		{rows(2001), border.TooLarge, 0, 0},
		{"surname\n" + strings.Repeat("\n", 1<<20-8), "", 0, 0},
		{"surname\n" + strings.Repeat("\n", 1<<20-7), border.TooLarge, 0, 0},
		{"surname\n" + strings.Repeat("A", 200), "", 1, 0},
		{"surname\n" + strings.Repeat("A", 201), "", 0, 1},
		{"surname" + strings.Repeat(",seat", 50), border.TooLarge, 0, 0},
		{"surname\nA" + strings.Repeat(",", 1<<19), "", 0, 1},
		{"surname\n" + strings.Repeat("A,B\n", 5000), "", 0, 101},
		{"surname\n" + strings.Repeat("\"A\n", 50), "", 0, 25}, // a mark takes the next line with it,
		{"", border.Invalid, 0, 0},
		{"# surname\n", border.Invalid, 0, 0},
		{"seat,role\n1,crew\n", border.Invalid, 0, 0},
	} {
		l, problems, err := manifest.Parse(strings.NewReader(c.text))
		people := 0
		if l != nil {
			people = len(l.People)
		}
		if border.CodeOf(err) != c.want || people != c.people || len(problems) != c.problems {
			t.Errorf("%.20q...: %d people, %d problems, %v", c.text, people, len(problems), err)
		}
	}
	if l, _, err := manifest.Parse(iotest.ErrReader(errors.New("gone"))); l != nil || err == nil {
		t.Errorf("a reader that fails: %v, %v", l, err)
	}
}

func TestMatch(t *testing.T) {
	l := &manifest.List{People: []manifest.Person{
		0: {Surname: "Nonsenso", GivenNames: "Raphaela", BirthDate: "1974-08-12", DocumentNumber: "D 23145890", DocumentIssuer: "UTO"},
		1: {Surname: "De la Peña", GivenNames: "Ana María"},
		2: {Surname: "Twin", GivenNames: "Ada", BirthDate: "2001-02-03"},
		3: {Surname: "Twin", GivenNames: "Ada", BirthDate: "2001-02-XX"},
		4: {Surname: "More Thomas", BirthDate: "1978-XX-XX"},
		5: {Surname: "Shared", GivenNames: "One", DocumentNumber: "S1", DocumentIssuer: "UTO"},
		6: {Surname: "Shared", GivenNames: "Two", DocumentNumber: "S-1", DocumentIssuer: "uto"},
		7: {Surname: "Mann", GivenNames: "Max", BirthDate: "1990-01-01", DocumentNumber: "C01X", DocumentIssuer: "DEU"},
		8: {Surname: "Undated", GivenNames: "Eve", DocumentNumber: "E1", DocumentIssuer: "UTO"},
		9: {Surname: "Петрова", GivenNames: "Eve"},
	}}
	for _, c := range []struct {
		d     manifest.Document
		index int
		how   manifest.How
	}{
		{manifest.Document{"UTO", "D23145890", "NONSENSO", "RAPHAELA", "1974-08-12"}, 0, manifest.ByDocument},
		{manifest.Document{"UTO", "D23145890", "NONSENSA", "RAPHAELA", "1974-08-12"}, 0, manifest.ByDocument},                     // a name mistyped
		{manifest.Document{"UTO", "D23145890", "NONSENSO", "RAPHAELA", "1974-12-08"}, 0, manifest.ByDocument},                     // a date mistyped
		{manifest.Document{"UTO", "D23145890", "SOMEBODY", "ELSE", "1999-01-01"}, -1, manifest.Ambiguous},                         // neither fits
		{manifest.Document{"UTO", "X9", "NONSENSO", "RAPHAELA", "1974-08-12"}, 0, manifest.ByName},                                // a renewed passport
		{manifest.Document{"UTO", "X9", "NONSENSO", "RAPHAELA", "1974-08-XX"}, -1, manifest.None},                                 // another document, no full date
		{manifest.Document{"UTO", "", "NONSENSO", "RAPHAELA", "1974-08-XX"}, 0, manifest.ByName},                                  // no document
		{manifest.Document{"UTO", "", "NONSENSO", "RAPHAELA", "1974-09-XX"}, -1, manifest.None},                                   // a date that contradicts
		{manifest.Document{"FRA", "D23145890", "NONSENSO", "RAPHAELA", "1975-08-12"}, -1, manifest.None},                          // another issuer's number
		{manifest.Document{"FRA", "A1", "DE<LA<PENA", "ANA<MARIA", "1980-01-01"}, 1, manifest.ByName},                             // a date that the list lacks
		{manifest.Document{"FRA", "A1", "DE LA PENA ANA", "MARIA", "1980-01-01"}, -1, manifest.None},                              // divided otherwise
		{manifest.Document{"FRA", "A1", "DE LA PENA", "ANA", ""}, -1, manifest.None},                                              // not the whole name
		{manifest.Document{"UTO", "A1", "TWIN", "ADA", "2001-02-03"}, -1, manifest.Ambiguous},                                     // two fit
		{manifest.Document{"UTO", "A1", "TWIN", "ADA", "2001-02-04"}, 3, manifest.ByName},                                         // one contradicts
		{manifest.Document{"UTO", "A1", "TWIN", "ADA", ""}, -1, manifest.Ambiguous},                                               // both may be
		{manifest.Document{"UTO", "A1", "MORE", "THOMAS", "1978-02-07"}, 4, manifest.ByName},                                      // the whole name in one column
		{manifest.Document{"UTO", "S1", "SHARED", "ONE", ""}, -1, manifest.Ambiguous},                                             // two have the document
		{manifest.Document{"D", "C01X<", "MANN", "MAX", "1990-01-01"}, 7, manifest.ByDocument},                                    // DEU is D
		{manifest.Document{"UTO", "E2", "UNDATED", "EVE", "1990-01-01"}, -1, manifest.None},                                       // another document, a name without a date
		{manifest.Document{"", "", "", "EVE", ""}, -1, manifest.None},                                                             // letters that are lost are no name
		{manifest.Document{"", "", "Петрова", "EVE", ""}, -1, manifest.None},                                                      // nor here
		{manifest.Document{"", "", "", "", ""}, -1, manifest.None}, {manifest.Document{"UTO", "", "", "", ""}, -1, manifest.None}, // nothing is nobody's
	} {
		if index, how := l.Match(c.d); index != c.index || how != c.how {
			t.Errorf("%+v: %d, %s, want %d, %s", c.d, index, how, c.index, c.how)
		}
	}
}

// TestOrder: who is found, and how, does not depend on the order of the list; a person
// found by name has the name, no contradicting date, and is the only one.
func TestOrder(t *testing.T) {
	names := rapid.SampledFrom([]string{"", "ANA", "Aña", "ANA MARIA", "MARIA", "<"})
	dates := rapid.SampledFrom([]string{"", "1974-08-12", "1974-XX-XX", "1974-08-13", "XXXX-08-12", "1975-08-12", "odd"})
	numbers := rapid.SampledFrom([]string{"", "", "A1", "a-1", "B2"})
	states := rapid.SampledFrom([]string{"", "UTO", "D", "DEU"})
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) manifest.Person {
			return manifest.Person{Surname: names.Draw(t, "surname"), GivenNames: names.Draw(t, "given"), BirthDate: dates.Draw(t, "birth"),
				DocumentNumber: numbers.Draw(t, "number"), DocumentIssuer: states.Draw(t, "issuer")}
		}), 0, 6).Draw(t, "people")
		for i := range people {
			people[i].Seat = fmt.Sprint(i)
		}
		shuffled := rapid.Permutation(people).Draw(t, "shuffled")
		for range 10 {
			d := manifest.Document{IssuingState: states.Draw(t, "state"), Number: numbers.Draw(t, "number"),
				Surname: names.Draw(t, "surname"), GivenNames: names.Draw(t, "given"), BirthDate: dates.Draw(t, "birth")}
			i, how := (&manifest.List{People: people}).Match(d)
			j, again := (&manifest.List{People: shuffled}).Match(d)
			if how != again || (i < 0) != (j < 0) || i >= 0 && people[i] != shuffled[j] {
				t.Fatalf("%+v: %d, %s in one order, %d, %s in another", d, i, how, j, again)
			}
			if (i >= 0) != (how == manifest.ByDocument || how == manifest.ByName) {
				t.Fatalf("%+v: %d, %s", d, i, how)
			}
			if how == manifest.ByName && len(d.BirthDate) == 10 && len(people[i].BirthDate) == 10 {
				for k := range 10 {
					if a, b := d.BirthDate[k], people[i].BirthDate[k]; a != b && a != 'X' && b != 'X' {
						t.Fatalf("%+v is found as %+v", d, people[i])
					}
				}
			}
			if how == manifest.ByName { // twice the same person: now two fit
				twin := append(slices.Clone(people), people[i])
				if k, how := (&manifest.List{People: twin}).Match(d); k >= 0 || how != manifest.Ambiguous {
					t.Fatalf("%+v: of two that fit, %d is found, %s", d, k, how)
				}
			}
		}
	})
}

// FuzzParse: no bytes make Parse panic, the limits hold, messages repeat nothing, and people
// that were read can be looked for.
func FuzzParse(f *testing.F) {
	f.Add(manifest.Template("family"), false)
	f.Add([]byte("\ufeffSurname;Given_Names;birth_date\r\n\"More\";Thomas;1478\r\n"), true)
	f.Add([]byte("surname,sex,colour\nA,\xff,blue\n\"B,,\n"), false)
	f.Fuzz(func(t *testing.T, b []byte, uncomment bool) {
		if uncomment {
			b = bytes.ReplaceAll(b, []byte("# "), nil)
		}
		l, problems, err := manifest.Parse(bytes.NewReader(b))
		if err != nil {
			if c := border.CodeOf(err); l != nil || c != border.Invalid && c != border.TooLarge || border.MessageOf(err) == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		if len(l.People) > 2000 || len(problems) > 101 {
			t.Fatalf("%d people, %d problems", len(l.People), len(problems))
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 0 || p.Message == "" {
				t.Fatalf("problem %+v", p)
			}
		}
		for i, p := range l.People {
			if i > 20 {
				break
			}
			d := manifest.Document{IssuingState: p.DocumentIssuer, Number: p.DocumentNumber, Surname: p.Surname, GivenNames: p.GivenNames, BirthDate: p.BirthDate}
			if j, how := l.Match(d); how == manifest.None || how != manifest.Ambiguous && l.People[j].Surname != p.Surname && how == manifest.ByDocument {
				t.Fatalf("%+v does not find itself: %d, %s", p, j, how)
			}
		}
	})
}
