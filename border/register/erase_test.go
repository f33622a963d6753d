package register

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
)

// files reads every file of the hub's folder.
func (w *world) files() (all []byte) {
	w.t.Helper()
	entries, err := os.ReadDir(w.dir)
	w.must(err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(w.dir, e.Name()))
		w.must(err)
		all = append(all, b...)
	}
	return all
}

// TestErasureLeavesTheStatistics: after the keys of a month are destroyed, what headers tell of it
// is what it was, at once and after the register has followed; nothing of its people can be
// read or found, and another month is untouched.
func TestErasureLeavesTheStatistics(t *testing.T) {
	w := newWorld(t)
	w.clock.add(40 * 24 * time.Hour)
	november, december := w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 2, border.Parent{})
	later := 30 * 24
	bela := somebody{document: "ZX77881", surname: "SZABADOS", given: "BELA", born: "1961-03-04", sex: "M"}
	cora := somebody{document: "KK40404", surname: "QUISPE", given: "CORA", born: "1999-09-09", sex: "F"}
	write := func(b *book, from int, who somebody) (entry border.ID) {
		in, out := named(entered(from), b.id()), named(left(from+30), b.id())
		in.Category, in.Purpose, in.Residence, in.PermittedUntil = "visitor", "leisure", "UTO", "2026-12-31"
		b.write(in.Header, who)
		b.write(out.Header, who)
		refused := entered(from + 50)
		refused.Outcome, refused.Ground = string(border.Refused), "document"
		b.write(refused, who)
		return *in.Crossing
	}
	write(november, 1, bela)
	kept := write(december, later, cora)
	november.write(left(60), bela.with("LL55555")) // proposed to nobody, but known
	w.whole(november, december)
	w.store(append(sent(november.events...), sent(december.events...)...)...)
	w.hears(november, 0)
	w.hears(december, 0)

	type statistics struct {
		Flows     []Flow
		Crossings []Crossing
		N         int64
	}
	count := func() (s statistics) {
		t.Helper()
		var err error
		s.Flows, err = w.reg.Flows(t.Context(), bordertest.Start, w.clock.Now())
		w.must(err)
		s.Crossings, err = w.reg.Crossings(t.Context(), 0, 100)
		w.must(err)
		for i := range s.Crossings {
			s.Crossings[i].Part = "" // whether the sealed part opens is no statistic
		}
		s.N = w.counts().Crossings
		return s
	}
	before := count()
	if len(before.Flows) < 6 || len(before.Crossings) != 7 || before.Crossings[0].Category != "visitor" {
		t.Fatalf("the month is empty: %+v", before)
	}
	blind := w.blinder.Document("UTO", bela.document)
	who, _ := w.blinder.Person("SZABADOS", "BELA", bela.born)
	born, _ := w.blinder.Born(bela.born)
	traces := map[string][]byte{"document": blind[:], "person": who[:], "birth date": born[:]}
	all := w.files()
	for name, b := range traces {
		if !bytes.Contains(all, b) {
			t.Fatalf("the search would not find the index of the %s", name)
		}
	}
	secret := func(what string) {
		t.Helper()
		all := w.files()
		for _, s := range []string{"ZX77881", "LL55555", "SZABADOS", "BELA", "1961-03-04", "19610304", "KK40404", "QUISPE", "1999-09-09"} {
			if bytes.Contains(all, []byte(s)) {
				t.Errorf("%s: a file holds %q", what, s)
			}
		}
	}
	secret("before")
	n, err := w.keys.Destroy(t.Context(), "PUT-1", "2026-11")
	if err != nil || n == 0 {
		t.Fatalf("%d keys destroyed, %v", n, err)
	}
	if d := cmp.Diff(before, count()); d != "" {
		t.Errorf("statistics when the keys are gone (-before +after):\n%s", d)
	}
	w.must(w.reg.Erased(t.Context()))
	if d := cmp.Diff(before, count()); d != "" {
		t.Errorf("statistics after the register has followed (-before +after):\n%s", d)
	}
	secret("after")
	all = w.files()
	for name, b := range traces {
		if bytes.Contains(all, b) {
			t.Errorf("a file still holds the index of the %s", name)
		}
	}
	for _, e := range november.events[1:] {
		if p, err := w.keys.Open(&e, border.PartPersonal); err == nil {
			t.Errorf("a part can still be opened: %d bytes", len(p))
		}
	}
	a, err := w.reg.AskDocument(t.Context(), border.DocumentQuestion{Station: "PUT-9", Blind: blind, Person: &who, Limit: 20})
	if err != nil || len(a.Crossings)+len(a.SamePerson) != 0 {
		t.Errorf("an erased document is known: %+v, %v", a, err)
	}
	s, err := w.reg.StayOf(t.Context(), kept)
	if err != nil || s.State != stayClosed || !s.Certain || s.Days != 2 {
		t.Errorf("a stay of another month: %+v, %v", s, err)
	}
	all2 := w.dump()
	w.close()
	w.open()
	if d := cmp.Diff(all2, w.dump(), sorted); d != "" {
		t.Errorf("opened again (-before +after):\n%s", d)
	}
}
