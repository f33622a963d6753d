package register

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/seal"
)

// somebody is an invented person of Utopia, as a document of theirs says.
type somebody struct {
	document, surname, given, born, sex string
}

var anna = somebody{document: "U1", surname: "ERIKSSON", given: "ANNA MARIA", born: "1974-08-12", sex: "F"}

// with is the same person on another document.
func (s somebody) with(document string) somebody {
	s.document = document
	return s
}

// write records an event about somebody. What the header leaves out is filled in.
func (b *book) write(h border.Header, who somebody) border.Event {
	b.w.t.Helper()
	if h.Type == "" {
		h.Type = border.TypeCrossingRecorded
	}
	if h.Clock.State == "" {
		h.Clock.State = border.ClockSynced
	}
	if h.RecordedAt.IsZero() {
		h.RecordedAt = h.OccurredAt.Add(time.Second)
	}
	if h.Crossing == nil {
		id := b.id()
		h.Crossing = &id
	}
	h.Station, h.Epoch, h.Seq, h.Post, h.Counter = b.station, b.epoch, uint64(len(b.events))+1, "PUT", "1"
	if h.LocalDate == "" {
		h.LocalDate = h.OccurredAt.Format(time.DateOnly)
	}
	if len(who.born) >= 4 && h.BirthYear == 0 {
		_, _ = fmt.Sscan(who.born[:4], &h.BirthYear) // 0 where it is unknown
	}
	h.Sex, h.Nationality = who.sex, "UTO"
	key := border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}
	plain, err := json.Marshal(border.Personal{DocumentNumber: who.document, IssuingState: "UTO", Surname: who.surname, GivenNames: who.given,
		BirthDate: who.born, Sex: who.sex, Nationality: "UTO"})
	b.w.must(err)
	set, err := b.w.station(b.station).Ready(b.w.t.Context(), seal.Bucket(h.RecordedAt))
	b.w.must(err)
	part, err := set.Seal(key, border.PartPersonal, plain)
	b.w.must(err)
	header, err := h.AppendJSON(nil)
	b.w.must(err)
	return b.push(header, key, h.Type, part)
}

func hour(n int) time.Time { return bordertest.Start.Add(time.Duration(n) * time.Hour) }

// entered and left are headers of the usual movements, n hours after the start.
func entered(n int) border.Header {
	return border.Header{Direction: border.Entry, Outcome: string(border.Admitted), OccurredAt: hour(n)}
}

func left(n int) border.Header {
	return border.Header{Direction: border.Exit, Outcome: string(border.Departed), OccurredAt: hour(n)}
}

func (h *hx) correct(change border.ID, at int) border.Header {
	c := h.Header
	c.Type, c.Change, c.RecordedAt = border.TypeCrossingCorrected, &change, hour(at)
	return c
}

// hx is a header that can be corrected.
type hx struct{ border.Header }

func named(h border.Header, id border.ID) *hx { h.Crossing = &id; return &hx{h} }

// whole brings the wraps and lets every station say that this is all.
func (w *world) whole(books ...*book) {
	w.t.Helper()
	for _, b := range books {
		w.must(w.reg.StoreWraps(w.t.Context(), w.wraps(b.station)))
		w.hears(b, 0)
	}
}

// hears greets for a station that says how many events it has not delivered.
func (w *world) hears(b *book, backlog uint64) {
	w.t.Helper()
	_, err := w.reg.Greet(w.t.Context(), border.Hello{Station: b.station, Post: "PUT", Zone: "UTC", Now: w.clock.Now(),
		Head: border.Position{Epoch: b.epoch, Seq: uint64(len(b.events))}, Backlog: backlog})
	w.must(err)
}

// stayOf tells of the stay that a crossing belongs to in one line.
func (w *world) stayOf(id border.ID) string {
	w.t.Helper()
	s, err := w.reg.StayOf(w.t.Context(), id)
	if border.CodeOf(err) == border.NotFound {
		return "none"
	}
	w.must(err)
	return fmt.Sprintln(s.State, s.Paired, s.Certain, s.Doubts, s.Days, s.Until, s.Overstayed)
}

// orders runs a test a few times with another order of arrival each time, and prints the seed.
func orders(t *testing.T, test func(t *testing.T, r *rand.Rand, run int)) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for i := range 5 {
		test(t, rand.New(rand.NewPCG(seed, uint64(i))), i)
	}
}

// anyOrder stores the events of books in some order, a few at a time.
func (w *world) anyOrder(r *rand.Rand, books ...*book) {
	var all []border.Received
	for _, b := range books {
		all = append(all, sent(b.events...)...)
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for len(all) > 0 {
		n := min(1+r.IntN(4), len(all))
		w.store(all[:n]...)
		all = all[n:]
	}
}

func TestCorrectionsAreInForceFromAnyOrder(t *testing.T) {
	w := newWorld(t)
	runs := 0
	orders(t, func(t *testing.T, r *rand.Rand, run int) {
		runs++
		a := w.book(border.StationID(fmt.Sprintf("PUT-%d", run)), 2*run+1, border.Parent{})
		b := w.book(border.StationID(fmt.Sprintf("PUX-%d", run)), 2*run+2, border.Parent{})
		who := anna.with(fmt.Sprintf("U%d", run))
		who.born = fmt.Sprintf("1974-08-%02d", run+1) // nobody is in another's way
		in, out, phantom := named(entered(run), a.id()), named(left(run+50), a.id()), named(left(run+10), a.id())
		in.PermittedUntil, in.DaysGranted = "2026-12-01", 3
		a.write(in.Header, who)
		a.write(out.Header, who.with("MISREAD"+who.document))
		a.write(phantom.Header, who)
		first, second, void := a.id(), a.id(), a.id()
		c := in.correct(first, run+1)
		c.Category = "visitor"
		a.write(c, who)
		c = in.correct(second, run+2)
		c.Category = "resident"
		a.write(c, who)
		c = in.correct(second, run+3) // the same change once more, under another key
		c.Category = "crew"
		a.write(c, who)
		c = in.correct(a.id(), run+5) // another station corrects nothing
		c.Category = "diplomat"
		b.write(c, who)
		c = out.correct(a.id(), run+60)
		a.write(c, who)
		c = phantom.correct(void, run+11)
		c.Outcome = string(border.Withdrawn)
		a.write(c, who)
		longer := a.id()
		for i, until := range []string{"2026-12-20", "2026-12-10"} {
			x := border.Header{Type: border.TypeStayExtended, Crossing: in.Crossing, Change: &longer, OccurredAt: hour(run + 20 + i), PermittedUntil: until, DaysGranted: 49}
			b.write(x, who)
			longer = a.id()
		}
		w.whole(a, b)
		w.anyOrder(r, a, b)
		w.whole(a, b)
		got, err := w.reg.CrossingByID(t.Context(), *in.Crossing)
		w.must(err)
		if got.Category != "resident" || !got.Corrected || got.PermittedUntil != "2026-12-20" || got.DaysGranted != 49 || got.Key != a.events[1].Key {
			t.Fatalf("in force: %+v", got)
		}
		if s := w.stayOf(*in.Crossing); s != fmt.Sprintln("closed", "same_document", true, []string{}, int(hour(run+50).Sub(hour(run).Truncate(24*time.Hour))/(24*time.Hour))+1, "2026-12-20", 0) {
			t.Fatalf("the stay: %s", s)
		}
		if s := w.stayOf(*phantom.Crossing); s != "none" {
			t.Fatalf("a withdrawn crossing is in a stay: %s", s)
		}
		answer, err := w.reg.AskDocument(t.Context(), border.DocumentQuestion{Station: "PUQ-1", Blind: w.blinder.Document("UTO", who.document), Limit: 9})
		w.must(err)
		outcomes := map[string]string{}
		for _, c := range answer.Crossings {
			outcomes[c.Outcome] += c.Category + c.PermittedUntil
		}
		if d := cmp.Diff(map[string]string{"admitted": "resident2026-12-20", "departed": "", "withdrawn": ""}, outcomes); d != "" {
			t.Fatalf("the answer to a station (-want +got):\n%s", d)
		}
	})
	want := w.dump()
	fs, err := w.reg.Flows(t.Context(), hour(-1), hour(10_000))
	w.must(err)
	n := map[string]int64{}
	for _, f := range fs {
		n[f.Outcome] += f.N
	}
	if d := cmp.Diff(map[string]int64{"admitted": int64(runs), "departed": int64(runs), "withdrawn": int64(runs)}, n); d != "" {
		t.Errorf("flows do not follow what is in force (-want +got):\n%s", d)
	}
	if a := w.alarms()[AlarmTwice]; a != int64(runs) {
		t.Errorf("%d alarms of one change under two keys, want %d", a, runs)
	}
	w.must(w.reg.Rebuild(t.Context()))
	if d := cmp.Diff(want, w.dump(), sorted); d != "" {
		t.Errorf("rebuilt (-before +after):\n%.2000s", d)
	}
}

// TestAnOfficersWord: an exit on another document ends the stay of the entry that it names.
func TestAnOfficersWord(t *testing.T) {
	w := newWorld(t)
	run := 0
	cases := []struct {
		name string
		say  func(a *book, who somebody, h int) (ask []border.ID) // writes events, returns whose stays to look at
		want []string
	}{
		{"confirmed", func(a *book, who somebody, h int) []border.ID {
			in := named(entered(h), a.id())
			a.write(in.Header, who)
			out := named(left(h+1), a.id())
			out.Continues = in.Crossing
			a.write(out.Header, who.with(who.document+"B"))
			return []border.ID{*in.Crossing, *out.Crossing}
		}, []string{"closed confirmed true []", "closed confirmed true []"}},
		{"the entry is not known", func(a *book, who somebody, h int) []border.ID {
			out := named(left(h+1), a.id())
			nobody := a.id()
			out.Continues = &nobody
			a.write(out.Header, who)
			return []border.ID{*out.Crossing}
		}, []string{"entry_unknown  false"}},
		{"the entry comes after the exit", func(a *book, who somebody, h int) []border.ID {
			in, out := named(entered(h+2), a.id()), named(left(h+1), a.id())
			out.Continues = in.Crossing
			a.write(out.Header, who.with(who.document+"B"))
			a.write(in.Header, who)
			return []border.ID{*in.Crossing, *out.Crossing}
		}, []string{"inside  false", "entry_unknown  false"}},
		{"the entry is an exit", func(a *book, who somebody, h int) []border.ID {
			other, out := named(left(h), a.id()), named(left(h+1), a.id())
			out.Continues = other.Crossing
			a.write(other.Header, who)
			a.write(out.Header, who.with(who.document+"B"))
			return []border.ID{*out.Crossing}
		}, []string{"entry_unknown  false"}},
		{"the entry was refused", func(a *book, who somebody, h int) []border.ID {
			in, out := named(entered(h), a.id()), named(left(h+1), a.id())
			in.Outcome, out.Continues = string(border.Refused), in.Crossing
			a.write(in.Header, who)
			a.write(out.Header, who.with(who.document+"B"))
			return []border.ID{*in.Crossing, *out.Crossing}
		}, []string{"none", "entry_unknown  false"}},
		{"the entry's own document closed it", func(a *book, who somebody, h int) []border.ID {
			in, own, out := named(entered(h), a.id()), named(left(h+1), a.id()), named(left(h+2), a.id())
			out.Continues = in.Crossing
			a.write(in.Header, who)
			a.write(own.Header, who)
			a.write(out.Header, who.with(who.document+"B"))
			return []border.ID{*in.Crossing, *out.Crossing}
		}, []string{"closed proposed false", "entry_unknown  false"}},
		{"two exits name it: the first counts", func(a *book, who somebody, h int) []border.ID {
			in, x, y := named(entered(h), a.id()), named(left(h+1), a.id()), named(left(h+2), a.id())
			x.Continues, y.Continues = in.Crossing, in.Crossing
			a.write(in.Header, who)
			a.write(y.Header, who.with(who.document+"C"))
			a.write(x.Header, who.with(who.document+"B"))
			return []border.ID{*x.Crossing, *y.Crossing}
		}, []string{"closed confirmed", "entry_unknown  false"}},
		{"the first of two is withdrawn", func(a *book, who somebody, h int) []border.ID {
			in, x, y := named(entered(h), a.id()), named(left(h+1), a.id()), named(left(h+2), a.id())
			x.Continues, y.Continues = in.Crossing, in.Crossing
			a.write(in.Header, who)
			a.write(x.Header, who.with(who.document+"B"))
			a.write(y.Header, who.with(who.document+"C"))
			void := x.correct(a.id(), h+3)
			void.Outcome, void.Continues = string(border.Withdrawn), nil
			a.write(void, who.with(who.document+"B"))
			return []border.ID{*in.Crossing, *x.Crossing, *y.Crossing}
		}, []string{"closed confirmed true []", "none", "closed confirmed true []"}},
		{"the confirmed exit is withdrawn", func(a *book, who somebody, h int) []border.ID {
			in, x := named(entered(h), a.id()), named(left(h+1), a.id())
			x.Continues = in.Crossing
			a.write(in.Header, who)
			a.write(x.Header, who.with(who.document+"B"))
			void := x.correct(a.id(), h+3)
			void.Outcome, void.Continues = string(border.Withdrawn), nil
			a.write(void, who.with(who.document+"B"))
			return []border.ID{*in.Crossing, *x.Crossing}
		}, []string{"inside  true []", "none"}},
		{"the entry is withdrawn", func(a *book, who somebody, h int) []border.ID {
			in, x := named(entered(h), a.id()), named(left(h+1), a.id())
			x.Continues = in.Crossing
			a.write(in.Header, who)
			a.write(x.Header, who.with(who.document+"B"))
			void := in.correct(a.id(), h+3)
			void.Outcome = string(border.Withdrawn)
			a.write(void, who)
			return []border.ID{*in.Crossing, *x.Crossing}
		}, []string{"none", "entry_unknown  false"}},
		{"the exit's own document was inside too", func(a *book, who somebody, h int) []border.ID {
			in, own, out := named(entered(h+1), a.id()), named(entered(h), a.id()), named(left(h+2), a.id())
			out.Continues = in.Crossing
			a.write(in.Header, who)
			a.write(own.Header, who.with(who.document+"B"))
			a.write(out.Header, who.with(who.document+"B"))
			return []border.ID{*in.Crossing, *own.Crossing}
		}, []string{"closed confirmed", "inside  false"}},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			orders(t, func(t *testing.T, r *rand.Rand, _ int) {
				run++
				a := w.book(border.StationID(fmt.Sprintf("PUT-%d", run)), run, border.Parent{})
				who := anna.with(fmt.Sprintf("U%d", run))
				who.born = time.Date(1940, 1, run, 0, 0, 0, 0, time.UTC).Format(time.DateOnly) // nobody is in another's way
				ask := c.say(a, who, 10*i)
				w.whole(a)
				w.anyOrder(r, a)
				w.whole(a)
				for k, id := range ask {
					if got := w.stayOf(id); len(got) < len(c.want[k]) || got[:len(c.want[k])] != c.want[k] {
						t.Fatalf("crossing %d: %s, want %s", k, got, c.want[k])
					}
				}
			})
		})
	}
	want := w.dump()
	w.must(w.reg.Rebuild(t.Context()))
	if d := cmp.Diff(want, w.dump(), sorted); d != "" {
		t.Errorf("rebuilt (-before +after):\n%.2000s", d)
	}
}

func TestKnownTypesRaiseNoAlarm(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	types := []string{border.TypeEncounterReferred, border.TypeEncounterTaken, border.TypeEncounterAbandoned, border.TypeGroupClosed,
		border.TypeShiftOpened, border.TypeShiftClosed, border.TypeCounterTaken}
	for _, typ := range types {
		b.addType(typ)
	}
	w.store(sent(b.events...)...)
	if c := w.counts(); len(w.alarms()) != 0 || c.UnknownTypes != 0 || c.Crossings != 0 {
		t.Errorf("alarms %v, %+v", w.alarms(), c)
	}
	w.sql(`UPDATE raw_event SET state = 'unknown_type' WHERE seq > 1`) // as the version before stored them
	if c := w.counts(); c.UnknownTypes != int64(len(types)) {
		t.Fatalf("%+v", c)
	}
	w.must(w.reg.Rebuild(t.Context()))
	if c := w.counts(); len(w.alarms()) != 0 || c.UnknownTypes != 0 {
		t.Errorf("after the upgrade: alarms %v, %+v", w.alarms(), c)
	}
	if !slices.ContainsFunc(w.dump()["raw"], func(s string) bool { return len(s) > 0 }) {
		t.Error("nothing is held")
	}
	w.whole(b)
	b.addType(border.TypeCrossingCorrected) // names neither change nor crossing
	b.addType(border.TypeStayExtended)
	w.store(sent(b.events...)...)
	if w.alarm(AlarmUninterpretable).Count != 2 {
		t.Errorf("alarms %v", w.alarms())
	}
}
