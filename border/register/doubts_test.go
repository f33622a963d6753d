package register

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
)

// TestWhatSpeaksAgainstAnOverstay: Anna was admitted and has not left on her document. Certain is
// only what nothing known speaks against.
func TestWhatSpeaksAgainstAnOverstay(t *testing.T) {
	stranger := somebody{document: "X1", surname: "OKONKWO", given: "CHIDI", born: "1990-01-01", sex: "M"}
	other := somebody{document: "X1", surname: "QUITE", given: "ANOTHER", born: anna.born, sex: "F"}
	partly := other
	partly.born = "1974-XX-XX"
	for _, c := range []struct {
		name string
		also func(w *world, b, far *book) // after Anna's entry at b, in hour 10
		want []string
	}{
		{"nothing", func(_ *world, b, _ *book) { b.write(left(20), stranger) }, nil},
		{"an exit under other names", func(_ *world, _, far *book) { far.write(left(20), other) }, []string{DoubtPossibleExit}},
		{"the same, by somebody of another sex", func(_ *world, _, far *book) {
			who := other
			who.sex = "M"
			far.write(left(20), who)
		}, nil},
		{"the same, where the sex is not said", func(_ *world, _, far *book) {
			who := other
			who.sex = "X"
			far.write(left(20), who)
		}, []string{DoubtPossibleExit}},
		{"an exit before the entry", func(_ *world, _, far *book) { far.write(left(9), other) }, nil},
		{"an exit that a drifting clock puts before the entry", func(_ *world, _, far *book) {
			h := left(10)
			h.OccurredAt = h.OccurredAt.Add(-8 * time.Minute)
			far.write(h, other)
		}, []string{DoubtPossibleExit}},
		{"an exit whose clock lies", func(_ *world, _, far *book) {
			h := left(-4000)
			h.RecordedAt, h.Clock.State = hour(20), border.ClockUntrusted
			far.write(h, other)
		}, []string{DoubtPossibleExit}},
		{"an exit with a birth year only", func(_ *world, _, far *book) { far.write(left(20), partly) }, []string{DoubtPossibleExit}},
		{"an exit with another birth year", func(_ *world, _, far *book) {
			who := partly
			who.born = "1975-XX-XX"
			far.write(left(20), who)
		}, nil},
		{"an exit with no birth date", func(_ *world, _, far *book) {
			who := other
			who.born = ""
			far.write(left(20), who)
		}, []string{DoubtPossibleExit}},
		{"an exit that ends another stay, begun later", func(_ *world, _, far *book) {
			far.write(entered(15), other)
			far.write(left(20), other)
		}, nil},
		{"two documents used in turn", func(_ *world, _, far *book) {
			far.write(entered(1), other)
			far.write(left(5), anna.with("U2"))
			far.write(left(20), other)
		}, []string{DoubtPossibleExit}},
		{"a proposal", func(_ *world, _, far *book) {
			who := anna.with("U2")
			who.surname = "ERIKSON"
			far.write(left(20), who)
		}, []string{DoubtPossibleExit, DoubtProposal}},
		{"an exit whose part cannot be opened", func(w *world, _, far *book) {
			h := left(20)
			h.RecordedAt = hour(24 * 60) // another month's key, made after the wraps were sent
			w.whole(far)
			far.write(h, stranger)
		}, []string{DoubtNoKey}},
		{"her own document by a clock that lies", func(_ *world, b, _ *book) {
			h := left(-4000)
			h.RecordedAt, h.Clock.State = hour(20), border.ClockUntrusted
			b.write(h, anna)
		}, []string{DoubtClock}},
		{"a movement at another station within minutes", func(_ *world, _, far *book) {
			h := left(10)
			h.OccurredAt = h.OccurredAt.Add(-8 * time.Minute)
			far.write(h, anna)
		}, []string{DoubtClock}},
		{"the same at the same station", func(_ *world, b, _ *book) {
			h := left(10)
			h.OccurredAt = h.OccurredAt.Add(-8 * time.Minute)
			b.write(h, anna)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.clock.add(48 * time.Hour)
			b, far := w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 2, border.Parent{})
			in := named(entered(10), b.id())
			in.PermittedUntil = in.OccurredAt.Format(time.DateOnly)
			b.write(in.Header, anna)
			w.must(w.reg.StoreWraps(t.Context(), w.wraps(b.station)))
			w.must(w.reg.StoreWraps(t.Context(), w.wraps(far.station)))
			far.write(entered(-100), stranger.with("X2")) // so that there is a key
			w.must(w.reg.StoreWraps(t.Context(), w.wraps(far.station)))
			c.also(w, b, far)
			if c.name != "an exit whose part cannot be opened" {
				w.whole(b, far)
			}
			w.store(append(sent(far.events...), sent(b.events...)...)...)
			w.hears(b, 0)
			w.hears(far, 0)
			over, err := w.reg.Overstays(t.Context(), in.OccurredAt.AddDate(0, 0, 1).Format(time.DateOnly), 10)
			w.must(err)
			if len(over) != 1 || over[0].Entry.Crossing != *in.Crossing || over[0].Overstayed != 1 || over[0].Days != 2 {
				t.Fatalf("overstays %+v", over)
			}
			if d := cmp.Diff(append([]string{}, c.want...), over[0].Doubts); d != "" || over[0].Certain != (c.want == nil) {
				t.Errorf("certain %v, doubts (-want +got):\n%s", over[0].Certain, d)
			}
		})
	}
}

// TestLateData: while a station may hold what the hub does not, nothing is certain that it could
// change; the age is that of the oldest truth.
func TestLateData(t *testing.T) {
	w := newWorld(t)
	b, far := w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 2, border.Parent{})
	in, done := named(entered(1), b.id()), named(entered(2), b.id())
	second, third := anna.with("U2"), anna.with("U3")
	second.born, third.born = "1980-02-29", "1990-12-31"
	b.write(in.Header, anna)
	b.write(done.Header, second)
	b.write(left(3), second)
	far.write(entered(1), third)
	far.write(left(2), third)
	w.clock.add(24 * time.Hour)
	w.whole(b, far)
	w.store(append(sent(b.events...), sent(far.events[:2]...)...)...)
	ask := func(what string, age time.Duration, inside, pair bool) {
		t.Helper()
		s, err := w.reg.StayOf(t.Context(), *in.Crossing)
		w.must(err)
		p, err := w.reg.StayOf(t.Context(), *done.Crossing)
		w.must(err)
		if s.Certain != inside || p.Certain != pair || slices.Contains(s.Doubts, DoubtLate) == inside || slices.Contains(p.Doubts, DoubtLate) == pair || s.StaleS != int64(age/time.Second) {
			t.Errorf("%s: inside %v, pair %v, stale %d s; want certain %v and %v, %v", what, s.Doubts, p.Doubts, s.StaleS, inside, pair, age)
		}
		n, err := w.reg.Inside(t.Context())
		if err != nil || n.StaleS != s.StaleS || n.Certain > 0 && age > 0 {
			t.Errorf("%s: inside %+v, %v", what, n, err)
		}
	}
	ask("one has announced more than it delivered", 24*time.Hour, false, false)
	w.store(sent(far.events[2])...)
	w.clock.add(time.Second)
	w.hears(b, 0)
	w.hears(far, 1)
	ask("one has a backlog, and never was complete", 24*time.Hour+time.Second, false, false)
	w.hears(far, 0)
	ask("all is here", 0, true, true)
	w.clock.add(14 * time.Minute)
	ask("within a quarter of an hour", 0, true, true)
	w.clock.add(2 * time.Minute)
	ask("both are silent", 16*time.Minute, false, true)
	w.hears(b, 0)
	w.store(sent(far.events...)...) // what is old says nothing of today
	ask("one is silent", 16*time.Minute, false, true)
	w.hears(far, 0)
	ask("heard again", 0, true, true)
	far.write(entered(30), third)
	w.store(border.Received{Claimed: far.events[1].Key, Event: far.events[1].Encode(), At: w.clock.Now(), Head: border.Position{Epoch: far.epoch, Seq: 4}})
	w.clock.add(time.Minute)
	ask("one is announced and missing", time.Minute, false, true)
	sts, err := w.reg.Stations(t.Context())
	if err != nil || len(sts) != 2 || !sts[1].CompleteAt.Equal(w.clock.Now().Add(-time.Minute)) {
		t.Errorf("stations %+v, %v", sts, err)
	}
}

func TestProposals(t *testing.T) {
	for _, c := range []struct {
		name          string
		in, out       somebody
		least, most   int // 0: no proposal
		entryH, exitH int
	}{
		{"the same name", anna, anna.with("U2"), 95, 100, 1, 5},
		{"a letter written otherwise", anna, somebody{"U2", "ERIKSON", "ANNA MARIA", anna.born, "F"}, 85, 99, 1, 5},
		{"diacritics", somebody{"U1", "Müller", "Zoë", anna.born, "F"}, somebody{"U2", "MUELLER", "ZOE", anna.born, "F"}, 95, 100, 1, 5},
		{"surname and given name changed places", anna, somebody{"U2", "ANNA MARIA", "ERIKSSON", anna.born, "F"}, 95, 100, 1, 5},
		{"a name left out", anna, somebody{"U2", "ERIKSSON", "ANNA", anna.born, "F"}, 75, 99, 1, 5},
		{"sex not said", anna, somebody{"U2", "ERIKSSON", "ANNA MARIA", anna.born, "X"}, 85, 99, 1, 5},
		{"another sex", anna, somebody{"U2", "ERIKSSON", "ANNA MARIA", anna.born, "M"}, 0, 0, 1, 5},
		{"other names", anna, somebody{"U2", "OKONKWO", "CHIDI", anna.born, "F"}, 0, 0, 1, 5},
		{"another birth date", anna, somebody{"U2", "ERIKSSON", "ANNA MARIA", "1974-08-13", "F"}, 0, 0, 1, 5},
		{"the exit comes first", anna, anna.with("U2"), 0, 0, 5, 1},
		{"the same document is no proposal", anna, anna, 0, 0, 1, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			orders(t, func(t *testing.T, r *rand.Rand, run int) {
				if run > 1 {
					return
				}
				w := newWorld(t)
				b, far := w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 2, border.Parent{})
				in, out := named(entered(c.entryH), b.id()), named(left(c.exitH), far.id())
				b.write(in.Header, c.in)
				far.write(out.Header, c.out)
				w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
				w.anyOrder(r, b, far)
				w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-2"))) // a key that comes late proposes too
				ps, err := w.reg.Proposals(t.Context(), 10)
				w.must(err)
				switch {
				case c.least == 0 && len(ps) == 0:
					return
				case len(ps) != 1 || ps[0].Score < c.least || ps[0].Score > c.most || ps[0].Entry.Crossing != *in.Crossing || ps[0].Exit.Crossing != *out.Crossing:
					t.Fatalf("proposals %+v, want one between %d and %d", ps, c.least, c.most)
				}
				if s := w.stayOf(*in.Crossing); s[:6] != "inside" {
					t.Errorf("a proposal merges: %s", s)
				}
				far.write(entered(c.exitH-1), c.out) // the exit's own entry comes
				w.store(sent(far.events...)...)
				if ps, err := w.reg.Proposals(t.Context(), 10); err != nil || len(ps) != 0 {
					t.Errorf("the proposal stays: %+v, %v", ps, err)
				}
			})
		})
	}
}

func TestSamePersonIsAnsweredAsProposal(t *testing.T) {
	w := newWorld(t)
	b, far := w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 2, border.Parent{})
	for i := range 4 {
		in := entered(i)
		in.Category, in.Purpose, in.Residence, in.PermittedUntil, in.DaysGranted = "visitor", "leisure", "UTO", "2026-12-01", 30
		far.write(in, anna.with(fmt.Sprintf("U%d", i)))
	}
	b.write(entered(9), anna.with("U9")) // the asker's own
	other := anna.with("U8")
	other.given = "ANNA"
	far.write(entered(9), other)
	w.whole(b, far)
	w.store(append(sent(b.events...), sent(far.events...)...)...)
	who, ok := w.blinder.Person("ERIKSSON", "ANNA MARIA", anna.born)
	q := border.DocumentQuestion{Station: "PUT-1", Blind: w.blinder.Document("UTO", "U3"), Person: &who, Limit: 2}
	a, err := w.reg.AskDocument(t.Context(), q)
	if err != nil || !ok || len(a.Crossings) != 1 || len(a.SamePerson) != 2 || !a.SamePerson[0].OccurredAt.Equal(hour(2)) || !a.SamePerson[1].OccurredAt.Equal(hour(1)) {
		t.Fatalf("answer %+v, %v", a, err)
	}
	want := border.PastCrossing{Crossing: a.SamePerson[0].Crossing, Station: "PUT-2", Post: "PUT", OccurredAt: hour(2), Direction: "entry", Outcome: "admitted",
		ClockState: "synced", LocalDate: "2026-11-02", Category: "visitor", Purpose: "leisure", Residence: "UTO", PermittedUntil: "2026-12-01", DaysGranted: 30}
	if d := cmp.Diff(want, a.SamePerson[0]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	q.Person = nil
	if a, err := w.reg.AskDocument(t.Context(), q); err != nil || len(a.SamePerson) != 0 {
		t.Errorf("not asked for, and answered: %+v, %v", a, err)
	}
}
