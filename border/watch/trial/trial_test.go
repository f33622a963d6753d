package trial

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border/icao"
	"garita/border/mrz"
	"garita/border/watch"
)

// invented makes a list of people who do not exist, each with some spellings.
func invented(t *testing.T, n int) []*watch.Entry {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	var all []*watch.Entry
	w := world()
	for i := range n {
		g := pick(r, w)
		surname, given := pick(r, g.surnames), pick(r, g.givenM)+" "+pick(r, g.givenM)
		e := &watch.Entry{Source: "court", ID: fmt.Sprint(i), Nationalities: []string{pick(r, g.states)}, Handling: watch.Refer,
			Names: []watch.Name{{Surname: surname, GivenNames: given, Quality: watch.Primary}}}
		switch i % 5 {
		case 0:
			e.BirthDates = []string{fmt.Sprintf("19%02d-%02d-%02d", 30+r.IntN(70), 1+r.IntN(12), 1+r.IntN(28))}
		case 1:
			e.BirthDates = []string{fmt.Sprintf("19%02d-XX-XX", 30+r.IntN(70)), "1960/1962"}
		case 2:
			e.Sex = "M"
		}
		e.Names = append(e.Names,
			watch.Name{Surname: surname + pick(r, g.surnames)[:2], GivenNames: given, Quality: watch.Good},
			watch.Name{Surname: surname + " " + pick(r, g.surnames), GivenNames: given + " " + pick(r, g.givenF)},
			watch.Name{Full: given + " al-" + surname, Quality: watch.Good},
			watch.Name{Surname: given, GivenNames: surname}, // the primary but for order: nothing to ask for
			watch.Name{Full: "Иван Иванов"})
		all = append(all, e)
	}
	return all
}

func TestMake(t *testing.T) {
	entries := invented(t, 400)
	o := Options{Seed: 3, Positives: 200, Negatives: 500, Part: All}
	s, err := Make(entries, o)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Make(entries, o); err != nil || !cmp.Equal(s, again) {
		t.Errorf("the same seed does not make the same set: %v", err)
	}
	if diff := cmp.Diff(invented(t, 400), entries); diff != "" {
		t.Error("the list that was given has changed")
	}
	if len(s.Questions) != 700 || len(s.Truth) != 700 || s.Removed == 0 {
		t.Fatalf("%d questions, %d truths, %d taken off", len(s.Questions), len(s.Truth), s.Removed)
	}
	listed := make(map[watch.Key][]string)
	names := make(map[string]bool)
	for _, e := range entries {
		for _, n := range e.Names {
			names[key(fold(n).words())] = true
		}
	}
	for _, e := range s.Entries {
		for _, n := range e.Names {
			listed[e.Key()] = append(listed[e.Key()], key(fold(n).words()))
		}
	}
	strata := make(map[string]int)
	for i, q := range s.Questions {
		truth := s.Truth[i]
		strata[truth.Stratum]++
		if truth.ID != q.ID || q.ID != fmt.Sprintf("q%d", i+1) {
			t.Fatalf("question %d is %s, its truth %s", i, q.ID, truth.ID)
		}
		checkZone(t, &q)
		if len(truth.Expect) == 0 {
			if truth.Labels["transform"] == Plain && names[key(zoneName{q.Surname, q.GivenNames}.words())] {
				t.Errorf("%s: an innocent traveller bears a listed name", q.ID)
			}
			continue
		}
		alias := key(strings.Fields(icao.NormaliseName(truth.Name)))
		for _, e := range truth.Expect {
			still := slices.Contains(listed[watch.Key{Source: e.Source, ID: e.Entry}], alias)
			if still != (truth.Stratum == Sanity) {
				t.Errorf("%s, %s: the spelling is on the list: %t", q.ID, truth.Stratum, still)
			}
		}
	}
	for stratum, want := range map[string]int{General: 400, SameSurname: 50, Regional: 50, Sanity: 12, Swapped: 25, OCR: 25} {
		if strata[stratum] != want {
			t.Errorf("%s: %d, want %d", stratum, strata[stratum], want)
		}
	}
	if strata[Plain] < 100 || strata[Truncated] == 0 {
		t.Errorf("strata %v", strata)
	}
}

// checkZone reads a question's zone as a reader would.
func checkZone(t *testing.T, q *Question) {
	t.Helper()
	if len(q.MRZ) == 0 {
		return
	}
	today := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i, lines := range [][]string{q.MRZ, withoutBirthDate(q.MRZ)} {
		d, err := mrz.Parse(lines, today)
		if err != nil {
			t.Fatalf("%s: the zone cannot be read: %v", q.ID, err)
		}
		for name, f := range map[string]mrz.Check{"number": d.Checks.DocumentNumber, "birth": d.Checks.BirthDate, "expiry": d.Checks.ExpiryDate, "composite": d.Checks.Composite} {
			if f == mrz.Wrong {
				t.Errorf("%s, %d: check digit of %s is wrong", q.ID, i, name)
			}
		}
	}
}

// From the names of very few persons hardly anybody else can be put together.
func TestFewPersons(t *testing.T) {
	var entries []*watch.Entry
	names := make(map[string]bool)
	for i, given := range []string{"UTOPA", "LINA", "UTOPA LINA"} {
		e := &watch.Entry{Source: "court", ID: fmt.Sprint(i), Names: []watch.Name{{Surname: "FICTA", GivenNames: given}}}
		names[key(fold(e.Names[0]).words())] = true
		entries = append(entries, e)
	}
	s, err := Make(entries, Options{Seed: 1, Positives: 10, Negatives: 500, Part: All})
	if err != nil || len(s.Truth) != 500 {
		t.Fatalf("%d questions, %v", len(s.Truth), err)
	}
	for i, q := range s.Questions {
		if s.Truth[i].Labels["transform"] != OCR && names[key(zoneName{q.Surname, q.GivenNames}.words())] {
			t.Errorf("%s, %s: an innocent traveller bears a listed name", q.ID, s.Truth[i].Stratum)
		}
	}
	if s, err := Make(nil, Options{Part: All}); err == nil {
		t.Errorf("a set from nothing: %v", s)
	}
}

func TestParts(t *testing.T) {
	entries := invented(t, 300)
	asked := func(o Options) map[watch.Key]bool {
		s, err := Make(entries, o)
		if err != nil {
			t.Fatal(err)
		}
		keys := make(map[watch.Key]bool)
		for _, x := range s.Truth {
			for _, e := range x.Expect {
				keys[watch.Key{Source: e.Source, ID: e.Entry}] = true
			}
		}
		return keys
	}
	tune := asked(Options{Seed: 1, Positives: 1000, Part: Tune})
	held := asked(Options{Seed: 2, Positives: 1000, Part: Held})
	if len(tune) < 100 || len(held) < 60 {
		t.Errorf("%d to tune with, %d held back", len(tune), len(held))
	}
	for k := range held {
		if tune[k] {
			t.Errorf("%s is in both parts", k)
		}
	}
	for k := range asked(Options{Seed: 3, Positives: 1000, Part: All, Without: tune}) {
		if tune[k] {
			t.Errorf("%s is asked for all the same", k)
		}
	}
}

func TestZoneNames(t *testing.T) {
	long := zoneName{"AL YAFI", "KHALID ABDALLAH SALAH AHMAD HUSSAYN UMARI"}
	for _, c := range []struct {
		name zoneName
		size int
		want zoneName
	}{
		{zoneName{"ERIKSSON", "ANNA MARIA"}, td1, zoneName{"ERIKSSON", "ANNA MARIA"}},
		{long, td3, zoneName{"AL YAFI", "KHALID ABDALLAH SALAH AHMAD HU"}},
		{long, td1, zoneName{"AL YAFI", "KHALID ABDALLAH SALAH"}}, // the 30th is a filler
		{zoneName{strings.Repeat("A", 40), "B"}, td3, zoneName{strings.Repeat("A", 39), ""}},
	} {
		if got := c.name.cut(c.size); got != c.want {
			t.Errorf("cut to %d: %v", c.size, got)
		}
	}
	if got, ok := long.initials(td3); !ok || got.given != "KHALID ABDALLAH S A H U" {
		t.Errorf("initials: %v, %t", got, ok)
	}
	for _, c := range []struct {
		name watch.Name
		want zoneName
	}{
		{watch.Name{Surname: "O'Hara-Šimić", GivenNames: "Dr. Ana"}, zoneName{"OHARA SIMIC", "ANA"}},
		{watch.Name{Full: "Utopa ben al-Ficta"}, zoneName{"BEN AL FICTA", "UTOPA"}},
		{watch.Name{Full: "Utopa"}, zoneName{"UTOPA", ""}},
		{watch.Name{Full: "Утопа"}, zoneName{}},
	} {
		if got := fold(c.name); got != c.want {
			t.Errorf("%v: %v", c.name, got)
		}
	}
	// Doc 9303-5 appendix B.
	eriksson := bearer{birth: "1974-08-12", sex: "F", nationality: "UTO", document: Document{"UTO", "I", "D23145890"}, expires: "120415"}
	want := []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	if diff := cmp.Diff(want, eriksson.lines("TD1", zoneName{"ERIKSSON", "ANNA MARIA"})); diff != "" {
		t.Error(diff)
	}
}

func TestDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := zoneName{"FICTA MORA", "UTOPA LINA"}
	orders := make(map[zoneName]bool)
	for range 200 {
		s, ok := swap(r, n)
		if !ok || s == n || key(s.words()) != key(n.words()) {
			t.Fatalf("swapped: %v", s)
		}
		orders[s] = true
		d := misread(r, n)
		if strings.Count(d.surname+d.given, "")-strings.Count(n.surname+n.given, "") != 0 || d == n {
			t.Fatalf("misread: %v", d)
		}
	}
	if len(orders) != 3 {
		t.Errorf("%d orders", len(orders))
	}
	if _, ok := swap(r, zoneName{"UTOPA", ""}); ok {
		t.Error("a single name has no order")
	}
	for c := byte('A'); c <= 'Z'; c++ {
		if as := misreadAs[c]; as == "" || strings.IndexByte(as, c) >= 0 {
			t.Errorf("%c is misread as %q", c, as)
		}
	}
}

func TestVariation(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"MORA FICTA", "FICTA MORA", "none"},
		{"RIMREZA FICTA", "RIM REZA FICTA", "spacing"},
		{"FICTA UTOPA LINA", "FICTA UTOPA", "words"},
		{"FIKTA UTOPA", "FICTA UTOPA", "spelling"},
		{"FIKTA UTOPA LINA", "FICTA UTOPA", "spelling+words"},
	} {
		if got := variation(strings.Fields(c.a), [][]string{strings.Fields(c.b)}); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}
