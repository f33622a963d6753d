package icao_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border/icao"
)

// TestCodesAreTheListed compares with the list of the test data, where it is at hand.
func TestCodesAreTheListed(t *testing.T) {
	dir := os.Getenv("GARITA_TESTDATA")
	if dir == "" {
		t.Skip("GARITA_TESTDATA is not set: the list of codes is not compared")
	}
	b, err := os.ReadFile(filepath.Join(dir, "mrz", "states.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want, got := strings.Fields(string(b)), icao.Codes()
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-listed +known)\n%s", diff)
	}
}

// TestKnown asks for every text of up to three capitals and some others.
func TestKnown(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range icao.Codes() {
		if listed[c] {
			t.Errorf("%s is listed twice", c)
		}
		listed[c] = true
	}
	if len(listed) != 274 {
		t.Errorf("%d codes, want 274", len(listed))
	}
	ask := func(s string) {
		if icao.Known(s) != listed[s] {
			t.Errorf("Known(%q) = %v", s, icao.Known(s))
		}
	}
	for a := byte('A'); a <= 'Z'; a++ {
		ask(string(a))
		for b := byte('A'); b <= 'Z'; b++ {
			ask(string([]byte{a, b}))
			for c := byte('A'); c <= 'Z'; c++ {
				ask(string([]byte{a, b, c}))
			}
		}
	}
	for _, s := range []string{"", "<<<", "D<<", "fra", "FR4", "UTO", "FRAN", "\xff\xff\xff", "[[["} {
		ask(s)
	}
	for _, s := range []string{"D", "FRA", "XXA", "UNO", "EUE", "GBD", "RKS"} {
		if !icao.Known(s) {
			t.Errorf("%s is not known", s)
		}
	}
	code := []byte("FRA")
	if n := testing.AllocsPerRun(100, func() { icao.Known(string(code)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNormaliseName(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"ERIKSSON<<ANNA<MARIA<<<": "ERIKSSON ANNA MARIA",
		"  Ana-María  de la Peña": "ANA MARIA DE LA PENA",
		"Müller":                  "MUELLER",
		"Mu\u0308ller":            "MUELLER", // decomposed
		"Pen\u0303a":              "PENA",
		"A\u030angstrom":          "AANGSTROM",
		"Ångström":                "AANGSTROEM",
		"Weiß":                    "WEISS",
		"Øster Ægir":              "OESTER AEGIR",
		"Þór Łukasz":              "THOR LUKASZ",
		"d'Artagnan":              "DARTAGNAN",
		"O’Neil":                  "ONEIL",
		"Smith, J.R.":             "SMITH JR",
		"Ĳssel Œuvre":             "IJSSEL OEUVRE",
		"ışık":                    "ISIK",
		"Иван Ivan 3":             "IVAN",
		"--- ''":                  "",
		"\xff\xfeAB":              "AB",
	} {
		if got := icao.NormaliseName(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestNormaliseNameShape: capitals and single inner spaces only, and nothing left to do.
func TestNormaliseNameShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			shape(t, rapid.String().Draw(t, "name"))
		}
	})
}

// FuzzNormaliseName holds the same for bytes from outside.
func FuzzNormaliseName(f *testing.F) {
	f.Add("Ana-María O’Neil")
	f.Add("A\u0308\u030a<<\xff")
	f.Fuzz(func(t *testing.T, name string) { shape(t, name) })
}

func shape(t interface{ Fatalf(string, ...any) }, name string) {
	got := icao.NormaliseName(name)
	if strings.Trim(got, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") != "" || got != strings.Join(strings.Fields(got), " ") {
		t.Fatalf("%q gives %q", name, got)
	}
	if again := icao.NormaliseName(got); again != got {
		t.Fatalf("%q gives %q, and that gives %q", name, got, again)
	}
}
