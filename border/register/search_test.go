package register

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
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
		{"szabad", 0, nil},
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

	word := w.blinder.Name("KISS")
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
	if got := found("szabados", 0); len(got) != 1 {
		t.Errorf("somebody else went with them: %v", got)
	}
}
