package cases

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
)

// dump gives what cases hold, without what depends on when and in which order it was found.
func (w *world) dump() (out []string) {
	w.t.Helper()
	for _, s := range w.inbox() {
		c := w.open1(s.ID)
		line := fmt.Sprintf("%s %s %d crossings, late %v:", c.Entry, c.State, c.Crossings, c.Late)
		slices.SortFunc(c.Sightings, func(a, b Sighting) int { return slices.Compare(a.Crossing[:], b.Crossing[:]) })
		for _, x := range c.Sightings {
			line += fmt.Sprintf(" %s %s named %v late %v", x.Crossing, x.Type, x.Named, x.Late != "")
		}
		open := 0
		for _, a := range c.Alerts {
			if a.Ended == "" {
				open++
			}
		}
		out = append(out, line+fmt.Sprintf(" alerts open %d", open))
	}
	slices.Sort(out)
	return out
}

// Travellers of the past are looked at again when the list grows: each once, within the window,
// whichever way they went if the entry counts for it.
func TestListGrows(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Window = 30 * 24 * time.Hour })
	b := w.book("PUT-1")
	b.pass(dario, passing{}) // too long ago by the time it is looked at
	w.step()
	w.clock.add(35 * 24 * time.Hour)
	b.pass(anna, passing{})
	b.pass(bruno, passing{exit: true})
	b.pass(clara, passing{})
	w.step()
	if len(w.inbox()) != 0 {
		t.Fatal("nobody is listed")
	}
	exit, in := entry("exit", anna, watch.Open), entry("in", bruno, watch.Open)
	exit.Applies, in.Applies = watch.AppliesExit, watch.AppliesEntry
	w.put(exit, in, entry("both", clara, watch.Silent), entry("old", dario, watch.Open))
	w.step()
	if d := cmp.Diff([]string{"court/both", "court/exit"}, func() (out []string) {
		for _, s := range w.inbox() {
			out = append(out, s.Entry)
			if x := w.open1(s.ID).Sightings[0]; x.Late != LateGrown {
				t.Errorf("%s: %q", s.Entry, x.Late)
			}
		}
		slices.Sort(out)
		return out
	}()); d != "" { // somebody inside is expected at an exit; somebody who has left is told of when he comes
		t.Error(d)
	}
	p, err := w.cases.Screening(t.Context())
	if _, now := w.keeper.current(); err != nil || p.Position != now || p.To.Version != 0 {
		t.Errorf("%+v %v", p, err)
	}
	before := w.dump()
	w.put(exit) // again
	w.step()
	if d := cmp.Diff(before, w.dump()); d != "" {
		t.Error(d)
	}
}

// A corrected crossing is looked at as it stands, and one that never was is not.
func TestListGrowsOverCorrections(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1")
	right := b.pass(clara, passing{})
	b.pass(anna, passing{id: right, typ: border.TypeCrossingCorrected})
	void := b.pass(bruno, passing{})
	b.pass(bruno, passing{id: void, typ: border.TypeCrossingCorrected, outcome: border.Withdrawn})
	w.step()
	w.put(entry("1", anna, watch.Open), entry("2", bruno, watch.Open), entry("3", clara, watch.Open))
	w.step()
	if c := w.only(); c.Entry != "court/1" || c.Sightings[0].Type != border.TypeCrossingCorrected {
		t.Errorf("%+v", c.Summary)
	}
}

// many writes n travellers of whom every tenth is one of the four.
func many(b *book, n int) {
	listed := []soul{anna, bruno, clara, dario}
	for i := range n {
		s := soul{fmt.Sprintf("N%07d", i), "UNLISTED" + strings.Repeat(string(rune('A'+i%26)), 3), "NOBODY", "1990-01-01", "X"}
		if i%10 == 0 {
			s = listed[i/10%4].on(fmt.Sprintf("L%07d", i))
		}
		b.write(s, passing{at: b.w.clock.Now().Add(-time.Duration(n-i) * time.Second)})
	}
}

// Stopped anywhere, with the list growing meanwhile, re-screening goes on where it was and finds
// what an undisturbed one finds.
func TestRescreenGoesOn(t *testing.T) {
	play := func(disturb bool) (dump []string, restarts int) {
		w := newWorld(t)
		w.slice = 7
		w.cases.passages = 7
		b := w.book("PUT-1")
		many(b, 120)
		w.unlock("PUT-1")
		w.send(b.events...)
		w.step()
		w.put(entry("1", anna, watch.Open), entry("2", bruno, watch.Silent))
		for i := 0; ; i++ {
			more, err := w.cases.Step(t.Context())
			w.must(err)
			p, err := w.cases.Screening(t.Context())
			w.must(err)
			if i == 4 {
				if p.Done == 0 || p.Done >= p.End {
					t.Fatalf("%+v is not in the middle", p)
				}
				w.put(entry("3", clara, watch.Refer)) // the list grows while it runs
			}
			if !more {
				break
			}
			if disturb {
				w.crash()
				again, err := w.cases.Screening(t.Context())
				w.must(err)
				if d := cmp.Diff(p, again); d != "" {
					t.Fatal(d)
				}
				restarts++
			}
		}
		for _, line := range w.dump() {
			dump = append(dump, line[:strings.Index(line, ":")])
		}
		return dump, restarts
	}
	want, _ := play(false)
	got, restarts := play(true)
	if restarts < 10 {
		t.Errorf("only %d restarts", restarts)
	}
	if len(want) != 3 {
		t.Errorf("%q", want)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The list in force lags behind what has grown: nothing is decided until it is there.
func TestRescreenWaitsForTheList(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1")
	b.pass(anna, passing{})
	w.step()
	old, oldPosition := w.keeper.current()
	w.put(entry("1", anna, watch.Open))
	lag := true
	w.config = func(c *Config) {
		c.List = func() (*watch.List, border.ListPosition) {
			if lag {
				p := oldPosition
				p.Hash = border.Digest{1} // it knows that something has changed, and not yet what
				return old, p
			}
			return w.keeper.current()
		}
	}
	w.crash()
	w.step()
	b.pass(anna.on("U7"), passing{}) // asked about the old list
	w.step()
	if len(w.inbox()) != 0 {
		t.Fatal("found before the list was there")
	}
	lag = false
	w.step()
	if c := w.only(); c.Crossings != 2 {
		t.Errorf("%+v", c.Summary)
	}
}

// Crashes at any moment, events again and again, a register that came back from a copy and gives
// its arrivals other numbers: every hit is in its case once.
func TestExactlyOnce(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	play := func(unkind bool) []string {
		crossings.Lock()
		crossings.n = 0
		crossings.Unlock()
		w := newWorld(t)
		w.put(entry("1", anna, watch.Open), entry("2", bruno, watch.Silent), entry("3", clara, watch.Refer))
		w.step()
		var books []*book
		for _, s := range []border.StationID{"PUT-1", "PUT-2", "PUT-3"} {
			b := w.book(s)
			for i := range 40 {
				p := passing{at: w.clock.Now().Add(time.Duration(i) * time.Minute), version: "1"}
				who := []soul{anna, bruno, clara, dario, dario.on(fmt.Sprintf("D%s%d", s, i))}[i%5]
				if i%10 == 1 {
					p.silent = []string{"court/2"}
				}
				if i%10 == 2 {
					p.hits = []string{"court/3"}
				}
				if i%7 == 0 {
					p.typ = border.TypeEncounterReferred
					p.id = b.write(who, p)
					p.typ = ""
				}
				b.write(who, p)
			}
			w.unlock(s)
			books = append(books, b)
		}
		var putBack func()
		next := make([]int, len(books))
		for left := true; left; {
			left = false
			for i, b := range books {
				if n := min(1+rng.IntN(9), len(b.events)-next[i]); n > 0 {
					left = true
					w.send(b.events[next[i] : next[i]+n]...)
					next[i] += n
				}
				if !unkind {
					continue
				}
				switch rng.IntN(6) {
				case 0:
					w.crash()
				case 1:
					w.send(b.events[rng.IntN(next[i])])
				case 2:
					_, err := w.cases.Step(t.Context())
					w.must(err)
				case 3:
					if putBack == nil {
						w.close()
						w.open()
						putBack = w.copyRegister()
					}
				}
			}
			w.step()
		}
		if unkind {
			if putBack == nil {
				t.Fatal("the register was never copied")
			}
			putBack()
			rng.Shuffle(len(books), func(i, j int) { books[i], books[j] = books[j], books[i] })
			for _, b := range books { // in another order than before
				w.send(b.events...)
				if rng.IntN(2) == 0 {
					w.step()
				}
			}
			w.crash()
		}
		w.step()
		return w.dump()
	}
	want := play(false)
	if len(want) != 3 {
		t.Fatalf("%q", want)
	}
	if d := cmp.Diff(want, play(true)); d != "" {
		t.Error(d)
	}
}

// A rebuild of the register takes nothing from the cases, and re-screening waits for its end.
func TestRegisterIsRebuilt(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	b.pass(anna, passing{hits: []string{"court/1"}})
	b.pass(bruno, passing{})
	w.step()
	w.act(w.only().ID, Take, "B1")
	before := w.dump()
	w.must(w.reg.Rebuild(t.Context()))
	w.step()
	w.crash()
	w.step()
	if d := cmp.Diff(before, w.dump()); d != "" {
		t.Error(d)
	}
}

// Run, officers, stations and screens at once.
func TestEverythingAtOnce(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	many(b, 100)
	w.unlock("PUT-1")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := w.cases.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	var work sync.WaitGroup
	work.Go(func() {
		for i := 0; i < len(b.events); i += 9 {
			w.send(b.events[i:min(i+9, len(b.events))]...)
		}
		w.put(entry("2", bruno, watch.Refer))
	})
	for _, badge := range []string{"B1", "B2"} {
		work.Go(func() {
			for range 40 {
				all, _, err := w.cases.Inbox(ctx, Filter{}, 0, 10)
				if err != nil {
					t.Error(err)
				}
				for _, s := range all {
					_, err := w.cases.Act(ctx, Action{Case: s.ID, Version: s.Version, Do: Note, By: badge, Note: "seen"})
					if c := border.CodeOf(err); c != "" && c != border.Conflict {
						t.Error(err)
					}
					if _, err := w.cases.Case(ctx, s.ID); err != nil {
						t.Error(err)
					}
				}
				n, err := w.cases.Notices(ctx, "PUT-1", 0, 100)
				if err != nil {
					t.Error(err)
				}
				for _, x := range n {
					if err := w.cases.Acknowledge(ctx, border.NoticeAck{Station: "PUT-1", ID: x.ID, Officer: "o", At: w.clock.Now()}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	work.Wait()
	for range 200 {
		_, now := w.keeper.current()
		if p, err := w.cases.Screening(t.Context()); err == nil && p.Position == now && p.To.Version == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	wg.Wait()
	w.step()
	// Run has kept its place: nothing is looked at again.
	mark := int64(0)
	w.must(w.cases.store.db.QueryRow(`SELECT max(arrival) FROM mark`).Scan(&mark))
	if mark != int64(len(b.events)) {
		t.Errorf("the place is %d of %d", mark, len(b.events))
	}
}

// A place among the arrivals counts only while there lies what lay there; else all is looked at
// again, and no case changes by it.
func TestPlaceIsVerified(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open), entry("2", bruno, watch.Silent))
	b := w.book("PUT-1")
	id := b.pass(anna, passing{typ: border.TypeEncounterReferred, hits: []string{"court/1"}})
	b.pass(anna, passing{id: id, hits: []string{"court/1"}})
	b.pass(bruno, passing{version: "1"})
	w.step()
	before := w.inbox()
	w.crash()
	if w.cases.cursor != 3 {
		t.Errorf("it goes on from %d", w.cases.cursor)
	}
	if _, err := w.cases.store.db.Exec(`UPDATE mark SET digest = zeroblob(32)`); err != nil {
		t.Fatal(err)
	}
	w.crash()
	if w.cases.cursor != 0 {
		t.Errorf("it goes on from %d, where something else lies", w.cases.cursor)
	}
	w.step()
	if d := cmp.Diff(before, w.inbox()); d != "" {
		t.Error(d)
	}
}
