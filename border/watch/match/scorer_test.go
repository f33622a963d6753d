package match

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A list of invented people, and some with common names about them.
var utopians = []string{
	"UTOPIAN, Anna Maria", "AL-UTOPI, Yusuf Karim", "NOWHERE LAGOON, Carlos Alberto", "NIRGENDWO, Jürgen", "IVOROV, Dmitriy Petrovich",
	"RYONG, Tae Chol", "ABD AL-QADIR, Samir", "SPECIMEN, John", "SPECIMEN, Jane", "MUSTER, Erika", "SAMPLE, John Paul", "IDEAL, Ali Hassan",
	"HASSAN, Ali", "HASSAN, Ahmed", "ALI, Ahmed", "ALI, Hassan", "AHMED, Ali", "KARIM, Hassan", "KARIM, Ali",
}

type words struct {
	texts []string
	rare  []Rarity
}

func (d *words) Text(id uint32) string   { return d.texts[id] }
func (d *words) Rarity(id uint32) Rarity { return d.rare[id] }

type testList struct {
	dict    *words
	ids     map[string]uint32
	letters *Letters
}

func newTestList(names ...string) *testList {
	c := NewCensus()
	l := &testList{dict: &words{}, ids: make(map[string]uint32)}
	for _, n := range names {
		for _, w := range split(n) {
			c.Add(w.Text)
			if _, ok := l.ids[w.Text]; !ok {
				l.ids[w.Text] = uint32(len(l.dict.texts))
				l.dict.texts = append(l.dict.texts, w.Text)
			}
		}
	}
	l.letters = c.Letters()
	for _, t := range l.dict.texts {
		l.dict.rare = append(l.dict.rare, c.Rarity(l.letters, t))
	}
	return l
}

// split takes "SURNAME, Given names", or a whole name.
func split(name string) []Word {
	surname, given, ok := strings.Cut(name, ",")
	if !ok {
		return Words(nil, "", "", name)
	}
	return Words(nil, surname, given, "")
}

func (l *testList) parts(name string) []Part {
	var parts []Part
	for _, w := range split(name) {
		parts = append(parts, Part{l.ids[w.Text], w.Form})
	}
	return parts
}

func (l *testList) name(asked, listed string) float64 {
	s := NewScorer(Default(), l.dict, l.letters)
	words := split(asked)
	if strings.HasSuffix(asked, "+") {
		words = split(strings.TrimSuffix(asked, "+"))
		CutWords(words)
	}
	s.Ask(&Traveller{Words: words})
	for id := range l.dict.texts {
		s.Consider(uint32(id))
	}
	return s.Name(l.parts(listed), false)
}

func TestNamesThatAreOne(t *testing.T) {
	l := newTestList(utopians...)
	// Each is likelier its listed name than a namesake's by the surname alone.
	for _, c := range []struct{ asked, listed, other string }{
		{"UTOPIAN, ANNA MARIA", "UTOPIAN, Anna Maria", "UTOPIAN, Bertha"},
		{"UTOPJAN, ANNA MARIA", "UTOPIAN, Anna Maria", "UTOPIAN, Bertha"}, // one letter misread
		{"ANNA MARIA, UTOPIAN", "UTOPIAN, Anna Maria", "UTOPIAN, Bertha"}, // order
		{"UTOPIAN, ANNA", "UTOPIAN, Anna Maria", "UTOPIAN, Bertha"},       // a word missing
		{"UTOPIAN, ANNA MARI+", "UTOPIAN, Anna Maria", "UTOPIAN, Bertha"}, // cut
		{"UTOPIAN, A M", "UTOPIAN, Anna Maria", "UTOPIAN, Bertha"},        // initials
		{"ALUTOPI, YOUSSEF", "AL-UTOPI, Yusuf Karim", "AL-UTOPI, Samir"},  // article, romanisation
		{"UTOPI, YOUSEF ABDUL KARIM", "AL-UTOPI, Yusuf Karim", "AL-UTOPI, Samir"},
		{"NOWHERELAGOON, CARLOS", "NOWHERE LAGOON, Carlos Alberto", "LAGOON, Samir"}, // joined
		{"NIRGENDWO, JUERGEN", "NIRGENDWO, Jürgen", "NIRGENDWO, Erika"},
		{"NIRGENDWO, JURGEN", "NIRGENDWO, Jürgen", "NIRGENDWO, Erika"},
		{"IVOROFF, DIMITRI", "IVOROV, Dmitriy Petrovich", "IVOROV, Ali"},
		{"RYONG, DAE CHUL", "RYONG, Tae Chol", "RYONG, Ali"},
		{"ABDULQADIR, SAMEER", "ABD AL-QADIR, Samir", "KARIM, Ali"},
	} {
		own := l.with(c.other).name(c.asked, c.listed)
		other := l.with(c.other).name(c.asked, c.other)
		if own < other+1 {
			t.Errorf("%s: %s has %.2f, %s %.2f", c.asked, c.listed, own, c.other, other)
		}
	}
}

// with is the list with one name more.
func (l *testList) with(name string) *testList {
	return newTestList(append(append([]string(nil), utopians...), name)...)
}

func TestRareWordsSayMore(t *testing.T) {
	l := newTestList(utopians...)
	if common, rare := l.name("HASSAN, ALI", "HASSAN, Ali"), l.name("NIRGENDWO, ERIKA", "NIRGENDWO, Erika"); common >= rare {
		t.Errorf("a common name has %.2f, a rare one %.2f", common, rare)
	}
	if misspelt, exact := l.name("HASSEN, ALI", "HASSAN, Ali"), l.name("HASSAN, ALI", "HASSAN, Ali"); misspelt > exact {
		t.Errorf("misspelt has %.2f, exact %.2f", misspelt, exact)
	}
}

// What speaks against a name weighs.
func TestWordsThatDiffer(t *testing.T) {
	l := newTestList(utopians...)
	for _, c := range []struct{ listed, better, worse string }{
		{"UTOPIAN, Anna Maria", "UTOPIAN, ANNA MARIA", "UTOPIAN, ANNA"},
		{"UTOPIAN, Anna Maria", "UTOPIAN, ANNA", "UTOPIAN"},
		{"UTOPIAN, Anna Maria", "UTOPIAN, ANNA", "UTOPIAN, GERTRUDE"},
		{"UTOPIAN, Anna Maria", "UTOPIAN, ANNA MARIA", "GERTRUDE, ANNA MARIA"},
		{"UTOPIAN, Anna Maria", "UTOPIAN, ANNA MARIA", "MARIA, UTOPIAN ANNA"},
		{"RYONG, Tae Chol", "RYONG, TAE CHOL", "RYONG, CHOL TAE"},
		{"NIRGENDWO, Jürgen", "NIRGENDWO, JUERGEN", "NIRGENDWO, HAJI"},
	} {
		if better, worse := l.name(c.better, c.listed), l.name(c.worse, c.listed); better <= worse {
			t.Errorf("%s: %s has %.2f, %s %.2f", c.listed, c.better, better, c.worse, worse)
		}
	}
	s := NewScorer(Default(), l.dict, l.letters)
	s.Ask(&Traveller{Words: split("UTOPIAN, GERTRUDE")})
	if f := s.Compare(l.parts("UTOPIAN, Anna Maria"), true); f[FeatGiven] != 1 || f[FeatSurname] != 0 || f[FeatLow] != 1 || f[FeatAskedLeft] != 1 || f[FeatListedLeft] != 2 {
		t.Errorf("measures %v", f)
	}
	s.Ask(&Traveller{Words: split("LAGOON, CARLOS")})
	if f := s.Compare(l.parts("NOWHERE LAGOON, Carlos Alberto"), false); f[FeatJoined] != 0 || f[FeatMatched] != 2 {
		t.Errorf("measures %v", f)
	}
}

func TestScoreDoesNotDependOnWhatWasAskedBefore(t *testing.T) {
	l := newTestList(utopians...)
	s := NewScorer(Default(), l.dict, l.letters)
	ask := func(name, listed string) float64 {
		s.Ask(&Traveller{Words: split(name)})
		return s.Name(l.parts(listed), false)
	}
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.SampledFrom(utopians)
		a, b, c := one.Draw(t, "a"), one.Draw(t, "b"), one.Draw(t, "c")
		before := ask(a, b)
		ask(c, b)
		ask(b, c)
		if again := ask(a, b); again != before {
			t.Fatalf("%v, then %v", before, again)
		}
	})
}

func TestNoPanicOnAnyWords(t *testing.T) {
	l := newTestList(utopians...)
	word := rapid.StringMatching(`[A-Z]{1,24}`)
	rapid.Check(t, func(t *rapid.T) {
		asked := strings.Join(rapid.SliceOfN(word, 1, MaxWords).Draw(t, "asked"), " ")
		listed := strings.Join(rapid.SliceOfN(word, 1, MaxWords).Draw(t, "listed"), " ")
		l := newTestList(append([]string{listed}, utopians[:3]...)...)
		l.name(asked, listed)
		l.name(asked+"+", listed)
	})
	_ = l
}

func TestComparingDoesNotAllocate(t *testing.T) {
	l := newTestList(utopians...)
	s := NewScorer(Default(), l.dict, l.letters)
	q := &Traveller{Words: split("UTOPJAN, ANNA MARIA")}
	parts := l.parts("UTOPIAN, Anna Maria")
	if n := testing.AllocsPerRun(100, func() {
		s.Ask(q)
		s.Consider(parts[0].ID)
		s.Name(parts, false)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLettersAreStored(t *testing.T) {
	l := newTestList(utopians...)
	data, err := l.letters.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	var again Letters
	if err := again.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if again != *l.letters {
		t.Error("the table of letters is another when read back")
	}
	if err := again.UnmarshalBinary(data[1:]); err == nil {
		t.Error("a short table was read")
	}
}

func BenchmarkName(b *testing.B) {
	l := newTestList(utopians...)
	s := NewScorer(Default(), l.dict, l.letters)
	s.Ask(&Traveller{Words: split("UTOPJAN, ANNA MARIA")})
	parts := l.parts("UTOPIAN, Anna Maria")
	for b.Loop() {
		s.Name(parts, false)
	}
}
