package register

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/seal"
)

// TestTravellersAreFound: by document, and by any words of the name; on another document too; by nobody once
// their data are restricted or erased, and then nothing of their names stays in the files.
func TestTravellersAreFound(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	bela := somebody{document: "ZX77881", surname: "SZABADOS-KISS", given: "BELA", born: "1961-03-04", sex: "M"}
	ada := somebody{document: "AD10203", surname: "SZABADOS", given: "ADA MARIA", born: "1990-XX-XX", sex: "F"}
	in, out := named(entered(1), b.id()), named(left(30), b.id())
	b.write(in.Header, bela)
	b.write(out.Header, bela.with("LL55555"))
	b.write(entered(40), ada)
	w.store(sent(b.events...)...)
	w.whole(b)
	found := func(name string, year int) (who []string) {
		t.Helper()
		all, _, err := w.reg.FindNamed(t.Context(), name, year, 10)
		w.must(err)
		for _, x := range all {
			switch {
			case x.Person == nil:
				who = append(who, x.Last.Part)
			default:
				who = append(who, x.Person.Surname+" "+x.Person.GivenNames)
			}
		}
		return who
	}
	for _, c := range []struct {
		name string
		year int
		want []string
	}{
		{"szabados", 0, []string{"SZABADOS ADA MARIA", "SZABADOS-KISS BELA"}},
		{"bela kiss", 0, []string{"SZABADOS-KISS BELA"}},
		{"Szabados", 1990, []string{"SZABADOS ADA MARIA"}},
		{"szabad", 0, []string{"SZABADOS ADA MARIA", "SZABADOS-KISS BELA"}},
		{"sza bel", 0, []string{"SZABADOS-KISS BELA"}},
		{"sz", 0, nil},
		{"zabados", 0, nil},
		{"sabados", 0, []string{"SZABADOS ADA MARIA", "SZABADOS-KISS BELA"}},
		{"сабадос мария", 0, []string{"SZABADOS ADA MARIA"}},
		{"marta", 0, nil},
		{"marie szabados", 1961, nil},
		{"bela ada", 0, nil},
	} {
		if d := cmp.Diff(c.want, found(c.name, c.year)); d != "" {
			t.Errorf("%s %d (-want +got):\n%s", c.name, c.year, d)
		}
	}
	if _, _, err := w.reg.FindNamed(t.Context(), " -- ", 0, 10); border.CodeOf(err) != border.Invalid {
		t.Errorf("nobody's name: %v", err)
	}
	by := func(number string) []Traveller {
		t.Helper()
		all, _, err := w.reg.FindDocument(t.Context(), "UTO", number, 10)
		w.must(err)
		return all
	}
	if got := by("zx-77881"); len(got) != 1 || got[0].Person == nil || got[0].Person.GivenNames != "BELA" {
		t.Errorf("by document: %+v", got)
	}
	travels, more, err := w.reg.Travels(t.Context(), *in.Crossing)
	w.must(err)
	if len(travels) != 2 || more || travels[0].Crossing.ID != *out.Crossing || travels[0].Person.DocumentNumber != "LL55555" {
		t.Errorf("the same person on two documents: %+v", travels)
	}
	if _, _, err := w.reg.Travels(t.Context(), b.id()); border.CodeOf(err) != border.NotFound {
		t.Errorf("a crossing that is not held: %v", err)
	}

	w.must(w.reg.Rebuild(t.Context()))
	if got := found("kiss", 0); len(got) != 1 {
		t.Errorf("after a rebuild: %v", got)
	}

	who, _ := w.reg.ByName(bela.surname, bela.given, bela.born)
	_, err = w.reg.RestrictSubject(t.Context(), who, false)
	w.must(err)
	if d := cmp.Diff([]string{PartRestricted}, found("kiss", 0)); d != "" {
		t.Errorf("restricted (-want +got):\n%s", d)
	}
	if got := by("LL55555"); len(got) != 1 || got[0].Person != nil {
		t.Errorf("restricted, by document: %+v", got)
	}
	if travels, _, err = w.reg.Travels(t.Context(), *in.Crossing); err != nil || travels[0].Person != nil || travels[0].Crossing.Part != PartRestricted {
		t.Errorf("restricted, opened: %+v %v", travels, err)
	}
	_, err = w.reg.RestrictSubject(t.Context(), who, true)
	w.must(err)

	word, left := w.blinder.Name("KISS"), w.spellings("KISS")
	if left == 0 || w.spellings("SZABADOS") == 0 {
		t.Fatal("no spelling is kept: the test looks for the wrong thing")
	}
	if bytes.Contains(w.files(), []byte("KISS")) {
		t.Error("a name is in the register's files in clear")
	}
	if !bytes.Contains(w.files(), word[:]) {
		t.Fatal("the word is not in the files: the test looks for the wrong thing")
	}
	w.must(w.reg.EraseSubject(t.Context(), []border.ID{*in.Crossing, *out.Crossing}))
	if got := found("kiss", 0); got != nil {
		t.Errorf("erased, and found: %v", got)
	}
	if bytes.Contains(w.files(), word[:]) {
		t.Error("a word of an erased traveller's name is in the register's files")
	}
	if n := w.spellings("KISS"); n != 0 {
		t.Errorf("%d spellings of an erased traveller's name are left", n)
	}
	if got := found("sabados", 0); len(got) != 1 {
		t.Errorf("somebody else went with them: %v", got)
	}
}

// spellings counts what the register keeps of a word.
func (w *world) spellings(word string) (n int) {
	w.t.Helper()
	for _, x := range w.reg.speller.rows(word) {
		var some int
		w.must(w.reg.store.(*sqliteStore).readers.QueryRowContext(w.t.Context(), `SELECT count(*) FROM spelling WHERE key = ? AND sealed = ?`, x.key[:], x.sealed).Scan(&some))
		n += some
	}
	return n
}

// Whoever has the words as they were asked comes before whoever has others like them, however late those crossed.
func TestTheWordsAskedForComeFirst(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i, name := range []string{"PERES", "PEREZ", "PERESZ", "PEREZOV", "LOPEZ"} {
		b.write(entered(i+1), somebody{document: "D" + name, surname: name, given: "ANA", born: "1980-01-01", sex: "F"})
	}
	w.store(sent(b.events...)...)
	w.whole(b)
	all, more, err := w.reg.FindNamed(t.Context(), "perez ana", 0, 10)
	w.must(err)
	var got []string
	for _, x := range all {
		got = append(got, fmt.Sprint(x.Person.Surname, " ", x.Near))
	}
	if d := cmp.Diff([]string{"PEREZ false", "PEREZOV true", "PERES true"}, got); d != "" || more {
		t.Errorf("more %v, -want +got:\n%s", more, d)
	}
	if one, more, err := w.reg.FindNamed(t.Context(), "perez", 0, 1); err != nil || len(one) != 1 || one[0].Near || !more {
		t.Errorf("the first one: %+v, more %v, %v", one, more, err)
	}
}

// A word is opened only where it was sealed, and the same word at two places is not the same bytes.
func TestWordsAreSealedToTheirPlace(t *testing.T) {
	w := newWorld(t)
	s := w.reg.speller
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[A-Z]{1,24}`).Draw(rt, "word")
		a, b := w.blinder.Name("a"), w.blinder.Name("b")
		sealed := s.seal(a, word)
		if got, ok := s.open(a, sealed); !ok || got != word || bytes.Contains(sealed, []byte(word)) && len(word) > 1 {
			rt.Fatalf("%q %v", got, ok)
		}
		if _, ok := s.open(b, sealed); ok || bytes.Equal(sealed, s.seal(b, word)) || !bytes.Equal(sealed, s.seal(a, word)) {
			rt.Fatal("it opens at another place, or is not the same twice")
		}
		at := rapid.IntRange(0, len(sealed)-1).Draw(rt, "damaged")
		sealed[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if got, ok := s.open(a, sealed); ok {
			rt.Fatalf("damaged, it opens as %q", got)
		}
	})
}

// FuzzSpelling: whatever a file holds where a word should be, it is opened or is none.
func FuzzSpelling(f *testing.F) {
	blinder, err := seal.NewBlinder(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	s, err := newSpeller(blinder)
	if err != nil {
		f.Fatal(err)
	}
	place := blinder.Name("a")
	f.Add(s.seal(place, "ANNA"))
	f.Add([]byte{})
	f.Add(make([]byte, 17))
	f.Add(make([]byte, 500))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if word, ok := s.open(place, sealed); ok && !bytes.Equal(s.seal(place, word), sealed) {
			t.Errorf("%x opens as %q, which is sealed otherwise", sealed, word)
		}
	})
}

// TestManyCrossingsOfADocument: where not all crossings of a document are looked at, it is said.
func TestManyCrossingsOfADocument(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i := range maxTravels + 1 {
		b.write(entered(i), anna)
	}
	w.whole(b)
	for i, want := range []bool{false, true} {
		events := b.events[:maxTravels+1] // the first opens the book
		if i > 0 {
			events = b.events[maxTravels+1:]
		}
		w.store(sent(events...)...)
		got, more, err := w.reg.FindDocument(t.Context(), "UTO", anna.document, 10)
		w.must(err)
		if len(got) != 1 || got[0].Crossings != maxTravels || more != want {
			t.Errorf("of %d crossings: %d found, %d told, more %v", maxTravels+i, len(got), got[0].Crossings, more)
		}
	}
}
