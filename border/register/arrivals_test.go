package register

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
)

// Arrivals come in their order, with what can be opened; what cannot says which keys it lacks.
func TestArrivals(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	b.write(entered(0), anna)
	b.addType(border.TypeShiftOpened)
	w.store(sent(b.events...)...)
	broken := sent(b.add(enters("U9", 5)))
	broken[0].Event = []byte("noise")
	w.store(broken...)
	all, err := w.reg.Arrivals(t.Context(), 0, 10)
	w.must(err)
	if len(all) != 4 || all[1].Personal != nil || len(all[1].Missing) != 1 || all[1].Header.Crossing == nil || all[2].Missing != nil || all[3].Event.Type != "" {
		t.Fatalf("%+v", all)
	}
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	after, err := w.reg.Arrivals(t.Context(), all[0].No, 1)
	w.must(err)
	if len(after) != 1 || after[0].No != all[1].No || after[0].Personal == nil || after[0].Personal.Surname != anna.surname || after[0].Missing != nil {
		t.Errorf("%+v", after)
	}
	one, err := w.reg.Arrived(t.Context(), all[1].Key)
	w.must(err)
	if d := cmp.Diff(after[0], one); d != "" {
		t.Error(d)
	}
	for _, key := range []border.Key{{}, {Station: "PUT-1", Epoch: b.epoch, Seq: 99}, {Station: "PUT-2", Epoch: b.epoch, Seq: 1}} {
		if _, err := w.reg.Arrived(t.Context(), key); border.CodeOf(err) != border.NotFound {
			t.Errorf("%s: %v", key, err)
		}
	}
	w.must(w.reg.Close())
	if _, err := w.reg.Arrivals(t.Context(), 0, 1); border.CodeOf(err) != border.Unavailable {
		t.Errorf("a closed register: %v", err)
	}
	w.must(w.keys.Close())
	w.reg = nil
}

// Past crossings come as they stand, each once, in slices of any size.
func TestPassages(t *testing.T) {
	w := newWorld(t)
	b, sealed := w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 2, border.Parent{})
	var want []string
	for i := range 7 {
		h := entered(i)
		e := b.write(h, invented(i))
		want = append(want, invented(i).surname)
		if i == 3 { // corrected to another person
			id := *headerOf(t, &e).Crossing
			change := b.id()
			c := left(i)
			c.Type, c.Crossing, c.Change = border.TypeCrossingCorrected, &id, &change
			b.write(c, anna)
			want[3] = anna.surname
		}
	}
	b.addType(border.TypeShiftClosed)
	sealed.add(enters("U9", 3))
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	w.store(sent(b.events...)...)
	w.store(sent(sealed.events...)...) // its key is not here
	slices.Sort(want)
	upto := int64(len(b.events) + len(sealed.events))
	for limit := 1; limit < 9; limit++ {
		var got []string
		at := int64(0)
		for at < upto {
			next, err := w.reg.Passages(t.Context(), at, upto, limit, func(p *Passage) error {
				var who border.Personal
				w.must(json.Unmarshal(p.Personal, &who))
				got = append(got, who.Surname)
				if (p.Direction == border.Exit) != (who.Surname == anna.surname) {
					t.Errorf("%s of %s", p.Direction, who.Surname)
				}
				e, err := w.reg.Arrived(t.Context(), p.Key)
				if err != nil || *e.Header.Crossing != p.Crossing || e.Personal.Surname != who.Surname {
					t.Errorf("%s: %v", p.Key, err)
				}
				return nil
			})
			w.must(err)
			if next <= at {
				t.Fatalf("no way on from %d", at)
			}
			at = next
		}
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("limit %d: %s", limit, d)
		}
	}
	if _, err := w.reg.Passages(t.Context(), 0, upto+1, 10, func(*Passage) error { return nil }); border.CodeOf(err) != border.Unavailable {
		t.Errorf("beyond the projections: %v", err)
	}
	w.must(w.reg.store.write(func(x tx) error { return x.clearProjections() })) // as a rebuild begins
	if _, err := w.reg.Passages(t.Context(), 0, upto, 10, func(*Passage) error { return nil }); border.CodeOf(err) != border.Unavailable {
		t.Errorf("during a rebuild: %v", err)
	}
}

func headerOf(t *testing.T, e *border.Event) border.Header {
	t.Helper()
	h, err := e.ReadHeader()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A moment is found among arrivals, less an hour.
func TestArrivedSince(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i := range 30 {
		r := sent(b.add(enters("U1", i)))
		r[0].At = bordertest.Start.Add(time.Duration(i) * time.Hour)
		w.store(r...)
	}
	for i := range 33 {
		at, err := w.reg.ArrivedSince(t.Context(), bordertest.Start.Add(time.Duration(i)*time.Hour))
		w.must(err)
		if want := int64(min(30, max(0, i-1))); at != want {
			t.Errorf("%d hours: %d, not %d", i, at, want)
		}
	}
	if post, err := w.reg.PostOf(t.Context(), "PUT-1"); err != nil || post != "" {
		t.Errorf("%q %v", post, err)
	}
	_, err := w.reg.Greet(t.Context(), border.Hello{Station: "PUT-1", Post: "PUT"})
	w.must(err)
	if post, err := w.reg.PostOf(t.Context(), "PUT-1"); err != nil || post != "PUT" {
		t.Errorf("%q %v", post, err)
	}
}

// A group is found around one of its crossings, over gaps.
func TestParty(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	party, other := b.id(), b.id()
	for i := range 6 {
		h := entered(i)
		if h.Group = &party; i == 3 {
			h.Group = &other
		}
		b.write(h, invented(i))
	}
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	w.store(sent(append(b.events[1:3:3], b.events[4:]...)...)...)
	with, err := w.reg.Party(t.Context(), b.events[5].Key, party)
	w.must(err)
	if len(with) != 4 || with[0].Personal == nil {
		t.Errorf("%d of the party", len(with))
	}
}

// partOf finds what DecodeEvent finds, and nothing in noise.
func FuzzPartOf(f *testing.F) {
	e := bordertest.Event("PUT-1", bordertest.EpochNo(1), 2, border.Digest{}, border.TypeCrossingRecorded)
	f.Add(e.Encode())
	f.Add([]byte("GEV1"))
	f.Add(e.Encode()[:200])
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{border.PartPersonal, border.PartHub} {
			got, ok := partOf(b, name)
			e, err := border.DecodeEvent(b)
			if err != nil {
				continue
			}
			i := slices.IndexFunc(e.Parts, func(p border.Part) bool { return p.Name == name })
			if ok != (i >= 0) || ok && !cmp.Equal(got, e.Parts[i]) {
				t.Fatalf("%s: %v %+v", name, ok, got)
			}
		}
	})
}
