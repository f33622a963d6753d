package cases

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/watch"
)

// What a station names becomes a case; the hub finds the same and adds nothing.
func TestNamedHits(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open), entry("2", bruno, watch.Silent))
	b := w.book("PUT-1")
	b.pass(anna, passing{hits: []string{"court/1"}})
	b.pass(bruno, passing{silent: []string{"court/2"}})
	b.pass(clara, passing{})
	w.step()
	got := map[string]Summary{}
	for _, s := range w.inbox() {
		got[s.Entry] = s
	}
	if len(got) != 2 || got["court/1"].Handling != watch.Open || got["court/2"].Handling != watch.Silent {
		t.Fatalf("%+v", got)
	}
	for _, s := range got {
		c := w.open1(s.ID)
		if len(c.Sightings) != 1 || !c.Sightings[0].Named || c.Sightings[0].Late != "" || c.Late || len(c.Alerts) != 0 || s.State != Possible {
			t.Errorf("%+v", c)
		}
		if x := c.Sightings[0]; x.Explained == nil || x.Person == nil || x.Header.NextCountry != "QSY" {
			t.Errorf("%+v", x)
		}
		if d := cmp.Diff([]string{didOpen}, w.history(s.ID)); d != "" {
			t.Error(d)
		}
	}
	if n, _ := w.told("PUT-1", 0); len(n) != 0 {
		t.Error("a station was told of what it had named itself")
	}
}

// An entry that the list does not know, or not any more, is a case whose notice would say little.
func TestNamedByAnotherList(t *testing.T) {
	w := newWorld(t)
	w.book("PUT-1").pass(anna, passing{hits: []string{"regional/x/7", "no slash"}})
	w.step()
	c := w.only()
	if c.Entry != "regional/x/7" || c.Handling != watch.Refer || c.Listed != nil || c.Kept != nil {
		t.Errorf("%+v", c.Summary)
	}
	w.act(c.ID, Take, "B1")
	w.act(c.ID, Dismiss, "B1")
	w.step()
	if w.keeper.calls != 0 {
		t.Error("the list was to remember an entry that it does not know")
	}
}

// What a station could not know is late, and says why.
func TestLateHits(t *testing.T) {
	for _, c := range []struct {
		name, want string
		p          passing
		entry      func(*watch.Entry)
	}{
		{"an older list", LateOlder, passing{version: "1"}, nil},
		{"no list", LateNotAsked, passing{version: "-"}, nil},
		{"nothing to ask", LateNotAsked, passing{checks: map[string]string{"name_list": "not_checked(unreadable)", "document_list": "clear"}}, nil},
		{"a stale list", LateStale, passing{checks: map[string]string{"name_list": "stale(93600)", "document_list": "stale(93600)"}}, nil},
		{"for the hub only", LateHubOnly, passing{}, func(e *watch.Entry) { e.Distribution = watch.HubOnly }},
		{"the same list", LateNotNamed, passing{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			e := entry("1", anna, watch.Open)
			if c.entry != nil {
				c.entry(e)
			}
			w.put(e)
			w.book("PUT-1").pass(anna, c.p)
			w.step()
			got := w.only()
			if x := got.Sightings[0]; x.Late != c.want || x.Named || !got.Late || len(got.Alerts) != 1 {
				t.Errorf("late %q, named %v, %d alerts", x.Late, x.Named, len(got.Alerts))
			}
		})
	}
}

// Entries count for their direction and while they hold.
func TestDirectionAndDays(t *testing.T) {
	w := newWorld(t)
	exit, over, begins := entry("exit", anna, watch.Open), entry("over", bruno, watch.Open), entry("begins", clara, watch.Open)
	exit.Applies, over.Expires, begins.ValidFrom = watch.AppliesExit, "2026-10-31", "2026-11-04"
	w.put(exit, over, begins)
	b := w.book("PUT-1")
	b.pass(anna, passing{})
	b.pass(bruno, passing{})
	b.pass(clara, passing{at: w.clock.Now().Add(-40 * time.Hour)}) // late: listed when it arrives
	w.step()
	if c := w.only(); c.Entry != "court/begins" {
		t.Errorf("%+v", c.Summary)
	}
	b.pass(anna, passing{exit: true})
	w.step()
	if n := len(w.inbox()); n != 2 {
		t.Errorf("%d cases", n)
	}
}

// Crossings of one person and one entry are one case, whichever document they are on, as long
// as it is open.
func TestOnePersonOneCase(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	b.pass(anna, passing{hits: []string{"court/1"}})
	b.pass(anna, passing{exit: true, hits: []string{"court/1"}, at: w.clock.Now().Add(time.Hour)})
	b.pass(anna.on("U9"), passing{hits: []string{"court/1"}, at: w.clock.Now().Add(2 * time.Hour)})
	w.step()
	c := w.only()
	if c.Crossings != 3 || len(c.Sightings) != 3 || !c.LastAt.Equal(w.clock.Now().Add(2*time.Hour)) {
		t.Errorf("%+v", c.Summary)
	}
	if d := cmp.Diff([]string{didOpen, didJoin, didJoin}, w.history(c.ID)); d != "" {
		t.Error(d)
	}
}

// A referral, what it ends in and its correction are one crossing of the case.
func TestEventsOfOneEncounter(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	id := b.pass(anna, passing{typ: border.TypeEncounterReferred, hits: []string{"court/1"}})
	w.step()
	b.pass(anna, passing{id: id, hits: []string{"court/1"}, outcome: border.Refused})
	w.step()
	c := w.only()
	if x := c.Sightings[0]; c.Crossings != 1 || len(c.Sightings) != 1 || x.Outcome != "refused" || x.Type != border.TypeCrossingRecorded {
		t.Errorf("%+v", c)
	}
	b.pass(clara, passing{id: id, typ: border.TypeCrossingCorrected}) // it was somebody else
	w.step()
	if d := cmp.Diff([]string{didOpen, didSee, didCorrect}, w.history(c.ID)); d != "" {
		t.Error(d)
	}
	b.pass(dario, passing{typ: border.TypeEncounterAbandoned, hits: []string{"court/1"}}) // left the line
	w.step()
	if len(w.inbox()) != 2 {
		t.Errorf("%+v", w.inbox())
	}
}

// What became of a case decides where the next crossing of the person belongs.
func TestNextCrossing(t *testing.T) {
	e := entry("1", anna, watch.Open)
	changed := entry("1", anna, watch.Open)
	changed.BirthDates = []string{"1974-08-12", "1974-08-21"}
	elsewhere := entry("1", anna, watch.Open)
	elsewhere.Instruction = map[string]string{"en": "Call the court."}
	for _, c := range []struct {
		name  string
		close []Do
		then  *watch.Entry // the entry becomes
		who   soul
		cases int
	}{
		{"judged", []Do{Take, Dismiss}, nil, anna, 1},
		{"judged, other instruction", []Do{Take, Dismiss}, elsewhere, anna, 1},
		{"judged, other fields", []Do{Take, Dismiss}, changed, anna, 2},
		{"judged, other document", []Do{Take, Dismiss}, nil, anna.on("U9"), 2},
		{"confirmed", []Do{Take, AskOwner, Confirm}, nil, anna, 2},
		{"expired", []Do{Take, Expire}, nil, anna, 2},
		{"opened again", []Do{Take, Dismiss, Reopen}, nil, anna, 1},
		{"under review, other fields", []Do{Take}, changed, anna, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.put(e)
			b := w.book("PUT-1")
			b.pass(anna, passing{hits: []string{"court/1"}})
			w.step()
			first := w.only()
			for _, do := range c.close {
				w.act(first.ID, do, "B1")
			}
			if c.then != nil {
				w.put(c.then)
			}
			w.clock.add(time.Hour)
			b.pass(c.who, passing{hits: []string{"court/1"}})
			w.step()
			all := w.inbox()
			if len(all) != c.cases {
				t.Fatalf("%d cases, not %d: %v", len(all), c.cases, w.history(first.ID))
			}
			if c.cases == 2 && (all[1].Previous == nil || *all[1].Previous != first.ID || all[1].State != Possible) {
				t.Errorf("%+v", all[1])
			}
			if c.cases == 1 && w.open1(first.ID).Crossings != 2 {
				t.Error("the crossing is in no case")
			}
		})
	}
}

// A case that was judged by other fields than the entry has now opens anew for a crossing that
// it holds: the list grew.
func TestJudgedEntryChanges(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	w.book("PUT-1").pass(anna, passing{hits: []string{"court/1"}})
	w.step()
	first := w.only()
	w.act(first.ID, Take, "B1")
	w.act(first.ID, Dismiss, "B1")
	w.step()
	w.put(entry("1", anna, watch.Open)) // nothing of what identifies has changed
	w.step()
	w.only()
	w.clock.add(time.Minute)
	changed := entry("1", anna, watch.Open)
	changed.Names = append(changed.Names, watch.Name{Full: "ANNA THE TALL", Quality: watch.Low})
	w.put(changed)
	w.step()
	if all := w.inbox(); len(all) != 2 || all[1].Previous == nil {
		t.Errorf("%+v", all)
	}
	w.step()
	if len(w.inbox()) != 2 {
		t.Error("the same change made another case")
	}
}

// Companions and the way are shown where the person crossed in a group.
func TestCompany(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Silent))
	b := w.book("PUT-1")
	party, other := newID(), newID()
	with := b.pass(bruno, passing{group: &party})
	b.pass(dario, passing{group: &other})
	b.pass(anna, passing{group: &party, silent: []string{"court/1"}})
	after := b.pass(clara, passing{group: &party})
	w.step()
	x := w.only().Sightings[0]
	if len(x.Companions) != 2 || x.Companions[0].Crossing != with || x.Companions[1].Crossing != after || x.Companions[0].Person.Surname != bruno.surname {
		t.Errorf("%+v", x.Companions)
	}
	if *x.Group != party || x.Header.PreviousCountry != "QRU" {
		t.Errorf("%+v", x)
	}
}

// Parts whose keys come later are looked at then; a silent hit is a case before the person can
// be read.
func TestKeysThatComeLater(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open), entry("2", bruno, watch.Silent))
	b := w.book("PUT-1")
	b.write(anna, passing{version: "1"})
	b.write(bruno, passing{silent: []string{"court/2"}})
	w.send(b.events[1:]...)
	w.step()
	w.crash()
	w.step()
	if len(w.inbox()) != 0 {
		t.Fatal("something was found in what cannot be read")
	}
	wraps, err := w.station("PUT-1").Wraps(t.Context())
	w.must(err)
	for _, k := range wraps {
		if k.Part == border.PartHub {
			w.must(w.reg.StoreWraps(t.Context(), []border.KeyWrap{k}))
		}
	}
	w.step()
	if c := w.only(); c.Entry != "court/2" || c.Sightings[0].Person != nil {
		t.Fatalf("%+v", c.Summary)
	}
	w.must(w.reg.StoreWraps(t.Context(), wraps))
	w.step()
	all := w.inbox()
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	for _, s := range all {
		c := w.open1(s.ID)
		if c.Crossings != 1 || c.Sightings[0].Person == nil {
			t.Errorf("%+v", c.Summary)
		}
		if late := c.Sightings[0].Late != ""; late != (c.Entry == "court/1") {
			t.Errorf("%s is late: %v", c.Entry, late)
		}
	}
	w.step()
	n := 0
	w.must(w.cases.store.db.QueryRow(`SELECT count(*) FROM awaited`).Scan(&n))
	if n != 0 {
		t.Errorf("%d events still wait", n)
	}
}

// A traveller's second document is asked about as the first.
func TestSecondDocument(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	w.book("PUT-1").pass(clara, passing{version: "1", documents: []border.PersonalDocument{{DocumentCode: "P", DocumentNumber: anna.number, IssuingState: "UTO",
		Surname: anna.surname, GivenNames: anna.given, BirthDate: anna.born}}})
	w.step()
	w.only()
}

// A crossing that never was is not looked at by the hub.
func TestVoidCrossing(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	id := newID()
	b.write(clara, passing{id: id, version: "1"})
	b.pass(anna, passing{id: id, typ: border.TypeCrossingCorrected, outcome: border.Withdrawn, version: "1"})
	w.step()
	if n := len(w.inbox()); n != 0 {
		t.Errorf("%d cases", n)
	}
}

func TestZones(t *testing.T) {
	for _, c := range []struct {
		name        string
		lines       []string
		full, wrong bool
	}{
		{"none", nil, false, false},
		{"passport", []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}, false, false},
		{"wrong digit", []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C35UTO7408122F1204159ZE184226B<<<<<10"}, false, true},
		{"full", []string{"P<UTONILAVADHANANANDA<<CHAYAPA<DEJTHAMRONGKR", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}, true, false},
		{"card", []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}, false, false},
		{"long number", []string{"I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"}, false, false},
		{"noise", []string{strings.Repeat("<", 44), "<"}, false, false},
		{"nothing but fillers", []string{strings.Repeat("<", 44), strings.Repeat("<", 44)}, false, false},
	} {
		if z := zoneOf(c.lines); z.full() != c.full || z.wrong() != c.wrong {
			t.Errorf("%s: full %v, wrong %v", c.name, z.full(), z.wrong())
		}
	}
}
