package cases

import (
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/watch"
)

// A case that was closed by mistake goes on, and so does its alert: whoever acknowledged when it
// was off the screens already can acknowledge again.
func TestAcknowledgedTwice(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	b.pass(anna, passing{version: "1"})
	w.step()
	c := w.only()
	n, _ := w.told("PUT-1", 0)
	w.act(c.ID, Take, "B1")
	w.act(c.ID, Dismiss, "B1") // the alert is withdrawn
	w.ack("PUT-1", n[0].ID)    // comes a moment too late
	w.act(c.ID, Reopen, "B1")
	w.clock.add(time.Minute)
	if n, _ = w.told("PUT-1", 0); len(n) != 1 || n[0].Closed {
		t.Fatalf("the alert is not open again: %+v", n)
	}
	w.ack("PUT-1", n[0].ID)
	if a := w.only().Alerts[0]; a.Ended != endAcknowledged {
		t.Errorf("the alert goes on for ever: %+v", a)
	}
}

// An acknowledgement that came before the hub knew the station's post does not keep the next
// one from counting.
func TestAcknowledgedBeforeHello(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	w.book("PUT-1").pass(anna, passing{version: "1"})
	w.step()
	n, _ := w.told("PUT-1", 0)
	w.ack("PUT-2", n[0].ID)
	w.book("PUT-2")
	w.clock.add(time.Minute)
	w.ack("PUT-2", n[0].ID)
	if a := w.only().Alerts[0]; a.Ended != endAcknowledged {
		t.Errorf("the alert goes on for ever: %+v", a)
	}
}

// A case that was opened again, of a crossing that a later case has too, takes it as it is.
func TestEarlierCaseReopened(t *testing.T) {
	w := newWorld(t)
	e := entry("1", anna, watch.Open)
	w.put(e)
	w.book("PUT-1").pass(anna, passing{version: "1"})
	w.step()
	first := w.only().ID
	dismiss := func(id border.ID) { w.act(id, Take, "B1"); w.act(id, Dismiss, "B1"); w.step() }
	dismiss(first)
	change := func(place string) {
		n := *w.keeper.full[e.Key()]
		n.BirthDates = append(append([]string(nil), n.BirthDates...), place)
		w.put(&n)
		w.step()
	}
	change("1974-08-13")
	for _, c := range w.inbox() {
		if c.ID != first {
			dismiss(c.ID)
		}
	}
	w.act(first, Reopen, "B1")
	change("1974-08-14")
	w.book("PUT-1").pass(bruno, passing{})
	w.step()
	if got := w.open1(first); got.Listed == nil || len(got.Listed.BirthDates) != 3 {
		t.Errorf("the case does not know the entry as it is: %+v", got.Listed)
	}
}

// A name beyond all measure does not stop the hub from following the register, nor the notice.
func TestNoticeOfALongName(t *testing.T) {
	w := newWorld(t)
	e := entry("1", anna, watch.Open)
	e.Action = strings.Repeat("a", 1000)
	w.put(e)
	b := w.book("PUT-1")
	long := anna
	long.given = strings.Repeat("ANNA ", 8000)
	b.pass(long, passing{version: "1"})
	b.pass(bruno, passing{})
	w.step()
	n, bodies := w.told("PUT-1", 0)
	if len(n) != 1 || bodies[0] == nil || bodies[0].Traveller.Number != anna.number {
		t.Errorf("%+v", bodies)
	}
}

// An entry that counts from a later day on is held against past travellers on that day.
func TestEntryThatCountsLater(t *testing.T) {
	for _, begun := range []bool{false, true} {
		w := newWorld(t)
		if begun {
			w.step() // the list was followed before the entry came
		}
		e := entry("1", anna, watch.Open)
		e.ValidFrom = w.clock.Now().Add(72 * time.Hour).Format(time.DateOnly)
		w.put(e)
		w.step()
		w.book("PUT-1").pass(anna, passing{})
		w.step()
		w.put(entry("2", dario, watch.Open)) // the list goes on
		w.step()
		if all := w.inbox(); len(all) != 0 {
			t.Fatalf("%v: too early: %+v", begun, all)
		}
		w.clock.add(48 * time.Hour)
		w.crash()
		w.step()
		if all := w.inbox(); len(all) != 0 {
			t.Fatalf("%v: too early: %+v", begun, all)
		}
		w.clock.add(24 * time.Hour)
		w.step()
		if all := w.inbox(); len(all) != 1 {
			t.Errorf("%v: %d cases", begun, len(all))
		}
		w.clock.add(24 * time.Hour)
		w.step()
		w.only()
	}
}

// The same where the entry was added before the crossing arrived late.
func TestEntryThatCountsLaterOverPassage(t *testing.T) {
	w := newWorld(t)
	w.book("PUT-1").pass(anna, passing{})
	w.step()
	e := entry("1", anna, watch.Open)
	e.ValidFrom = w.clock.Now().Add(24 * time.Hour).Format(time.DateOnly)
	w.put(e)
	w.step()
	w.clock.add(24 * time.Hour)
	w.step()
	w.only()
}

// A post that there is not is nobody whom to tell.
func TestNobodyThere(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	w.book("PEX-1", "PEX")
	b.pass(anna, passing{version: "1", answers: map[string]string{"exit_post": "OTHER"}})
	w.step()
	if n, _ := w.told("PEX-1", 0); len(n) != 1 {
		t.Errorf("the exits were told %d times", len(n))
	}
}

// A station that has moved since tells its new post: at the old one there is nobody.
func TestStationMoved(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	b := w.book("PUT-1")
	b.write(anna, passing{version: "1", exit: true})
	b.post = "PNEW"
	w.greet(b)
	w.unlock("PUT-1")
	w.send(b.events[len(b.events)-1])
	w.step()
	if n, _ := w.told("PUT-1", 0); len(n) != 1 {
		t.Errorf("told %d times", len(n))
	}
}

// Of an entry that has become silent stations are told no more, and what they were told is taken
// back.
func TestBecomesSilent(t *testing.T) {
	w := newWorld(t)
	e := entry("1", anna, watch.Open)
	w.put(e)
	w.book("PUT-1").pass(anna, passing{version: "1"})
	w.step()
	before, _ := w.told("PUT-1", 0)
	w.act(w.only().ID, Take, "B1")
	w.act(w.only().ID, AskOwner, "B1")
	w.act(w.only().ID, Confirm, "B1")
	silent := *e
	silent.Handling = watch.Silent
	w.put(&silent)
	w.step()
	if n, _ := w.told("PUT-1", before[0].Order); len(n) != 1 || !n[0].Closed || n[0].Body != nil {
		t.Errorf("%+v", n)
	}
	if c := w.only(); c.Handling != watch.Silent || c.Alerts[0].Ended != endWithdrawn {
		t.Errorf("%s, %+v", c.Handling, c.Alerts)
	}
}

// What posts may not hold is not sent to them in a notice either; what to do is.
func TestHubOnlyIsNotSent(t *testing.T) {
	w := newWorld(t)
	e := entry("1", anna, watch.Open)
	e.Distribution = watch.HubOnly
	base, err := watch.Compile(watch.Description{Name: "national"}, []*watch.Entry{e})
	w.must(err)
	w.keeper.list, w.keeper.position.Version, w.keeper.full[e.Key()] = watch.New(base), 2, e
	w.book("PUT-1").pass(anna, passing{})
	w.step()
	n, bodies := w.told("PUT-1", 0)
	if len(n) != 1 || bodies[0].Entry != nil || bodies[0].Instruction["en"] == "" || bodies[0].Traveller.Surname != anna.surname {
		t.Errorf("%+v", bodies)
	}
}

// Nobody is a second person by writing the own badge otherwise.
func TestOwnBadgeOtherwise(t *testing.T) {
	w := newWorld(t)
	e := entry("1", anna, watch.Open)
	e.HighRisk = true
	w.put(e)
	w.book("PUT-1").pass(anna, passing{version: "1"})
	w.step()
	id := w.only().ID
	w.act(id, Take, "B-1")
	w.act(id, Dismiss, "B-1")
	for _, same := range []string{"b1", "B\u200b-1", "B\u20101", "\uff22-1", " B 1."} {
		if _, err := w.try(id, Countersign, same); border.CodeOf(err) != border.Forbidden {
			t.Errorf("%q: %v", same, err)
		}
	}
	w.act(id, Countersign, "B-2")
}
