package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

func (w *world) ack(station border.StationID, id border.ID) {
	w.t.Helper()
	w.must(w.cases.Acknowledge(w.t.Context(), border.NoticeAck{Station: station, ID: id, Officer: "0123456789abcdef", At: w.clock.Now()}))
}

// A late hit is told to every station of the post of passage and where the traveller is
// expected; one acknowledgement takes it off all screens.
func TestLateHitIsTold(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ExitPosts = []border.PostID{"PEX", "PUT"} })
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	w.book("PUT-2")
	w.book("PEX-1", "PEX")
	w.book("PAW-1", "PAW")
	crossing := b.pass(anna, passing{version: "1"})
	w.step()
	select {
	case <-w.cases.Noticed():
	default:
		t.Error("nobody was told that there are notices")
	}
	c := w.only()
	ids := map[border.StationID]border.Notice{}
	for station, role := range map[border.StationID]string{"PUT-1": release.Passage, "PUT-2": release.Passage, "PEX-1": release.ExpectedExit} {
		n, bodies := w.told(station, 0)
		if len(n) != 1 {
			t.Fatalf("%s has %d notices", station, len(n))
		}
		ids[station] = n[0]
		want := &release.NoticeBody{Case: c.ID, Handling: watch.Open, Role: role, Entry: entry("1", anna, watch.Open), Action: "refer",
			Instruction: map[string]string{"en": "Ask the person to wait."}, Crossing: crossing, Station: "PUT-1", Post: "PUT", At: w.clock.Now(),
			Direction: border.Entry, Traveller: release.Traveller{Surname: anna.surname, GivenNames: anna.given, BirthDate: anna.born, Sex: "F",
				Nationality: "UTO", Issuer: "UTO", Number: anna.number, Document: w.blinder.Document("UTO", anna.number)}}
		if d := cmp.Diff(want, bodies[0]); d != "" {
			t.Errorf("%s: %s", station, d)
		}
	}
	for _, station := range []border.StationID{"PAW-1", "NOBODY-1"} {
		if n, _ := w.told(station, 0); len(n) != 0 {
			t.Errorf("%s was told", station)
		}
	}
	if d := cmp.Diff([]border.PostID{"PEX", "PUT"}, slices.Sorted(slices.Values(c.Alerts[0].Posts))); d != "" {
		t.Error(d)
	}
	w.ack("PEX-1", ids["PEX-1"].ID)
	w.ack("PEX-1", ids["PEX-1"].ID)
	for station, before := range ids {
		n, _ := w.told(station, before.Order)
		if len(n) != 1 || !n[0].Closed || n[0].ID != before.ID || n[0].Body != nil {
			t.Errorf("%s: %+v", station, n)
		}
		if n, _ := w.told(station, 0); len(n) != 0 {
			t.Errorf("%s, which holds nothing, is told of what is closed", station)
		}
	}
	w.ack("PUT-2", ids["PUT-2"].ID) // had the screen open
	c = w.only()
	if d := cmp.Diff([]string{didOpen, didAlert, didAcknowledge, didAcknowledge}, w.history(c.ID)); d != "" {
		t.Error(d)
	}
	if a := c.Alerts[0]; a.Ended != endAcknowledged || a.Officer != "0123456789abcdef" || a.Station != "PEX-1" || c.State != Possible || c.History[1].Who != a.Officer || c.History[1].Station != "PEX-1" {
		t.Errorf("%+v", a)
	}
	b.pass(anna, passing{version: "1", at: w.clock.Now().Add(-time.Hour)}) // an older one: nothing new to tell
	w.step()
	if c = w.only(); len(c.Alerts) != 1 {
		t.Errorf("%+v", c.Alerts)
	}
	b.pass(anna, passing{version: "1", at: w.clock.Now().Add(time.Hour)})
	b.pass(anna, passing{version: "1", at: w.clock.Now().Add(2 * time.Hour)})
	w.step()
	if c = w.only(); len(c.Alerts) != 3 || c.Alerts[1].Ended != endSuperseded || c.Alerts[0].Ended != "" {
		t.Errorf("%+v", c.Alerts)
	}
	if n, _ := w.told("PUT-1", 0); len(n) != 1 {
		t.Errorf("%d open notices", len(n))
	}
}

// Who is told beside the post of passage.
func TestWhoIsTold(t *testing.T) {
	put, all := []border.PostID{"PUT"}, []border.PostID{"PAW", "PEX", "PUT"}
	for _, c := range []struct {
		name  string
		p     passing
		exits []border.PostID // configured
		then  *passing
		want  []border.PostID
	}{
		{"no exit is configured", passing{}, nil, nil, all},
		{"one is", passing{}, []border.PostID{"PAW"}, nil, []border.PostID{"PAW", "PUT"}},
		{"the traveller has said", passing{answers: map[string]string{"exit_post": "PEX"}}, []border.PostID{"PAW"}, nil, []border.PostID{"PEX", "PUT"}},
		{"the traveller has said nonsense", passing{answers: map[string]string{"exit_post": "??"}}, []border.PostID{"PAW"}, nil, []border.PostID{"PAW", "PUT"}},
		{"left", passing{exit: true}, nil, nil, put},
		{"refused", passing{outcome: border.Refused}, nil, nil, put},
		{"abandoned", passing{typ: border.TypeEncounterAbandoned}, nil, nil, put},
		{"left since", passing{}, nil, &passing{exit: true}, put},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(k *Config) { k.ExitPosts = c.exits })
			w.put(entry("1", anna, watch.Refer))
			b := w.book("PUT-1")
			w.book("PEX-1", "PEX")
			w.book("PAW-1", "PAW")
			c.p.version = "1"
			b.write(anna, c.p)
			if c.then != nil {
				c.then.at, c.then.hits = w.clock.Now().Add(time.Hour), []string{"court/1"}
				b.write(anna, *c.then)
			}
			w.unlock("PUT-1")
			w.send(b.events[1:]...)
			w.step()
			got := w.only().Alerts
			if len(got) != 1 {
				t.Fatalf("%+v", got)
			}
			if d := cmp.Diff(c.want, slices.Sorted(slices.Values(got[0].Posts))); d != "" {
				t.Error(d)
			}
		})
	}
}

// Nobody answers: the notice goes out again and again, and the hub sees it.
func TestChased(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Refer))
	w.book("PUT-1").pass(anna, passing{version: "1"})
	w.step()
	n, _ := w.told("PUT-1", 0)
	w.clock.add(14 * time.Minute)
	w.step()
	if more, _ := w.told("PUT-1", n[0].Order); len(more) != 0 {
		t.Error("chased too early")
	}
	w.clock.add(time.Minute)
	w.step()
	more, bodies := w.told("PUT-1", n[0].Order)
	if len(more) != 1 || more[0].Closed || bodies[0] == nil || more[0].ID != n[0].ID {
		t.Fatalf("%+v", more)
	}
	if a := w.only().Alerts[0]; a.Chased != 1 || !a.Overdue {
		t.Errorf("%+v", a)
	}
	if k, err := w.cases.Counts(t.Context()); err != nil || k.Alerts != 1 || k.AlertsLate != 1 {
		t.Errorf("%+v %v", k, err)
	}
	w.ack("PUT-1", n[0].ID)
	w.clock.add(time.Hour)
	w.step()
	if c := w.only(); c.Alerts[0].Chased != 1 {
		t.Error("chased after it was acknowledged")
	}
}

// Closing a case takes its notice off the screens, and opening it again puts it back; only a
// confirmed case is still to be acknowledged.
func TestWithdrawn(t *testing.T) {
	for state, way := range ways {
		if state.Open() {
			continue
		}
		t.Run(string(state), func(t *testing.T) {
			w := newWorld(t)
			w.put(entry("1", anna, watch.Open))
			w.book("PUT-1").pass(anna, passing{version: "1"})
			w.step()
			id := w.only().ID
			for _, do := range way {
				w.act(id, do, "B1")
			}
			n, _ := w.told("PUT-1", 1)
			if len(n) != 1 || n[0].Closed != (state != Confirmed) {
				t.Fatalf("%+v", n)
			}
			w.act(id, Reopen, "B2")
			n, _ = w.told("PUT-1", 0)
			if len(n) != 1 || n[0].Closed {
				t.Errorf("%+v", n)
			}
		})
	}
}

// Acknowledgements of what is not known here, or not for the station, are kept and change nothing.
func TestStrayAcknowledgements(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	w.book("PUT-1").pass(anna, passing{version: "1", exit: true})
	w.book("PAW-1", "PAW")
	w.step()
	n, _ := w.told("PUT-1", 0)
	before := w.only().Version
	w.ack("PUT-1", newID())
	w.ack("PAW-1", n[0].ID)
	if c := w.only(); c.Version != before || c.Alerts[0].Ended != "" {
		t.Errorf("%+v", c.Alerts)
	}
	kept := 0
	w.must(w.cases.store.db.QueryRow(`SELECT count(*) FROM acknowledgement`).Scan(&kept))
	if kept != 2 {
		t.Errorf("%d acknowledgements are kept", kept)
	}
	for _, a := range []border.NoticeAck{{}, {Station: "PUT-1"}, {Station: "put 1", ID: n[0].ID}, {Station: "PUT-1", ID: n[0].ID, Officer: strings.Repeat("x", 65)}} {
		if err := w.cases.Acknowledge(t.Context(), a); border.CodeOf(err) != border.Invalid {
			t.Errorf("%+v: %v", a, err)
		}
	}
}

// A database that came back from a copy goes on above what stations hold.
func TestOrderAfterRestore(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open), entry("2", bruno, watch.Open))
	b := w.book("PUT-1")
	w.must(w.cases.Close())
	saved, err := os.ReadFile(filepath.Join(w.dir, "cases.db"))
	w.must(err)
	w.openCases()
	b.pass(anna, passing{version: "1"})
	w.step()
	held, _ := w.told("PUT-1", 0)
	w.must(w.cases.Close())
	for _, name := range []string{"cases.db-wal", "cases.db-shm"} {
		_ = os.Remove(filepath.Join(w.dir, name))
	}
	w.must(os.WriteFile(filepath.Join(w.dir, "cases.db"), saved, 0o600))
	w.clock.add(time.Second)
	w.openCases()
	b.pass(bruno, passing{version: "1"})
	w.step()
	if n, _ := w.told("PUT-1", held[0].Order); len(n) != 2 { // the lost one is made again
		t.Errorf("%d notices above what the station holds", len(n))
	}
}

// The list is told until it has taken it, and only the last word counts.
func TestMemoryIsHandedOver(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	b.pass(anna, passing{hits: []string{"court/1"}})
	b.pass(anna.on("U9"), passing{hits: []string{"court/1"}})
	w.step()
	id := w.only().ID
	w.keeper.refuses = errors.New("the list cannot be written")
	w.act(id, Take, "B1")
	w.act(id, Dismiss, "B1")
	if _, err := w.cases.Step(t.Context()); err == nil {
		t.Error("nobody learns that the list refuses")
	}
	w.crash()
	if _, err := w.cases.Step(t.Context()); err == nil || w.keeper.calls < 4 {
		t.Errorf("%d calls, %v", w.keeper.calls, err)
	}
	w.keeper.refuses = nil
	w.step()
	print := watch.FingerprintOf(entry("1", anna, watch.Open))
	want := map[watch.NonMatch]bool{
		{Document: w.blinder.Document("UTO", anna.number), Source: "court", ID: "1", Fields: print}: true,
		{Document: w.blinder.Document("UTO", "U9"), Source: "court", ID: "1", Fields: print}:        true,
	}
	if d := cmp.Diff(want, w.keeper.remembered); d != "" {
		t.Error(d)
	}
	calls := w.keeper.calls
	w.step()
	if w.keeper.calls != calls {
		t.Error("the list is told what it knows")
	}
	b.pass(anna, passing{at: w.clock.Now().Add(time.Hour)}) // does not disturb the traveller again
	w.step()
	if c := w.only(); c.Crossings != 2 {
		t.Errorf("%+v", c.Summary)
	}
	w.act(id, Reopen, "B2")
	w.act(id, Dismiss, "B2")
	w.act(id, Reopen, "B2")
	w.step()
	if len(w.keeper.remembered) != 0 {
		t.Error("a case that was opened again is still remembered")
	}
	w.act(id, Dismiss, "B2")
	w.step()
	if len(w.keeper.remembered) != len(want) {
		t.Error("a case that was closed a second time is not remembered")
	}
}

// Whatever happens, no notice is about a silent entry, and one of a refer says nothing of why:
// all notices that any station is ever given are looked at.
func TestSilentStaysHere(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 5))
	w := newWorld(t)
	souls := []soul{anna, bruno, clara, dario}
	handlings := []watch.Handling{watch.Open, watch.Refer, watch.Silent}
	ever := map[string]bool{} // entries that were silent at some time
	now := map[string]watch.Handling{}
	put := func(i int) {
		id := string(rune('1' + i))
		h := handlings[rng.IntN(3)]
		if i < 2 {
			h = handlings[i] // these are never silent
		} else if ever[id] || i == 3 { // one always is, so that every seed shows something
			h = watch.Silent
		}
		e := entry(id, souls[i], h)
		e.LegalBasis, e.HighRisk = e.LegalBasis+"-"+id, rng.IntN(4) == 0
		if rng.IntN(3) == 0 {
			e.Distribution = watch.HubOnly
		}
		w.put(e)
		now[id] = h
		ever[id] = ever[id] || h == watch.Silent
	}
	stations := []border.StationID{"PUT-1", "PUT-2", "PEX-1"}
	w.book("PUT-1")
	w.book("PUT-2")
	w.book("PEX-1", "PEX")
	seen := map[border.StationID]uint64{}
	var told, silent int
	look := func() {
		for _, s := range stations {
			for _, after := range []uint64{0, seen[s]} {
				notices, bodies := w.told(s, after)
				for i, n := range notices {
					seen[s] = max(seen[s], n.Order)
					body := bodies[i]
					if body == nil {
						continue
					}
					told++
					c := w.open1(body.Case)
					if c.Handling == watch.Silent || body.Handling == watch.Silent || now[c.Entry[6:]] == watch.Silent && len(c.Sightings) == 0 {
						t.Fatalf("%s was told of a silent case", s)
					}
					plain, err := json.Marshal(body)
					w.must(err)
					if body.Handling == watch.Refer && (bytes.Contains(plain, []byte("OF-UTOPIA")) || body.Entry != nil) {
						t.Fatalf("%s was told why", s)
					}
				}
			}
		}
	}
	for i := range souls {
		put(i)
	}
	for range 60 {
		switch rng.IntN(6) {
		case 0:
			put(rng.IntN(len(souls)))
		case 1:
			if all, _, err := w.cases.Inbox(t.Context(), Filter{}, 0, 0); err == nil && len(all) > 0 {
				id := all[rng.IntN(len(all))].ID
				_, _ = w.try(id, Dos[rng.IntN(len(Dos))], []string{"B1", "B2"}[rng.IntN(2)])
			}
		default:
			i := rng.IntN(len(souls))
			p := passing{version: []string{"", "1", "-"}[rng.IntN(3)], exit: rng.IntN(2) == 0, at: w.clock.Now().Add(time.Duration(rng.IntN(100)) * time.Minute)}
			if name := "court/" + string(rune('1'+i)); rng.IntN(2) == 0 {
				if now[name[6:]] == watch.Silent {
					p.silent = []string{name}
				} else {
					p.hits = []string{name}
				}
			}
			w.book(stations[rng.IntN(3)]).pass(souls[i], p)
		}
		w.clock.add(time.Duration(rng.IntN(20)) * time.Minute)
		w.step()
		look()
	}
	for _, s := range w.inbox() {
		if s.Handling == watch.Silent {
			silent++
			if len(w.open1(s.ID).Sightings) == 0 {
				t.Error("a silent case without a crossing")
			}
		}
	}
	if told == 0 || silent == 0 {
		t.Errorf("%d notices and %d silent cases: this seed has shown nothing", told, silent)
	}
}

// Nothing in the files says who anybody is.
func TestNothingInTheClear(t *testing.T) {
	w := newWorld(t)
	w.put(entry("RU-00417", anna, watch.Open), entry("RU-00418", bruno, watch.Silent))
	b := w.book("PUT-1")
	b.pass(anna, passing{version: "1"})
	b.pass(bruno, passing{silent: []string{"court/RU-00418"}})
	w.step()
	for _, s := range w.inbox() {
		w.act(s.ID, Take, "BADGE-77")
		w.act(s.ID, Dismiss, "BADGE-77")
		w.must(w.cases.AddConfirmation(t.Context(), s.ID, Confirmation{Service: "find", Outcome: "hit", Detail: anna.surname}))
	}
	w.step()
	found := false
	for _, name := range []string{"cases.db", "cases.db-wal"} {
		file, err := os.ReadFile(filepath.Join(w.dir, name))
		w.must(err)
		found = found || bytes.Contains(file, []byte("not_this_person"))
		for _, clear := range []string{anna.surname, anna.given, anna.number, anna.born, bruno.surname, "RU-0041", "BADGE-77", "WARRANT", "OWNER-OF", "papers"} {
			if bytes.Contains(file, []byte(clear)) {
				t.Errorf("%s is in %s", clear, name)
			}
		}
	}
	if !found {
		t.Error("the state was looked for and not found either: the search proves nothing")
	}
	if c := w.open1(w.inbox()[0].ID); len(c.Confirmations) != 1 || c.Confirmations[0].Detail != anna.surname {
		t.Errorf("%+v", c.Confirmations)
	}
	if err := w.cases.AddConfirmation(t.Context(), newID(), Confirmation{Service: "find", Outcome: "hit"}); border.CodeOf(err) != border.NotFound {
		t.Error(err)
	}
	if err := w.cases.AddConfirmation(t.Context(), w.inbox()[0].ID, Confirmation{Service: "find", Outcome: "perhaps"}); border.CodeOf(err) != border.Invalid {
		t.Error(err)
	}
}
