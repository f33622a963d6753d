package register

import (
	"strings"
	"testing"

	"garita/border"
)

func TestOrdinaryRestartRaisesNothing(t *testing.T) {
	w := newWorld(t)
	a := w.book("PUT-1", 1, border.Parent{})
	for i := range 5 {
		a.add(enters("U1", i))
	}
	b := w.book("PUT-1", 2, a.last())
	b.add(leaves("U1", 9))
	c := w.book("PUT-1", 3, b.last())
	// The new epoch first, the backlog afterwards.
	w.store(sent(c.events...)...)
	w.store(sent(b.events...)...)
	w.store(sent(a.events...)...)
	if as := w.alarms(); len(as) != 0 {
		t.Errorf("alarms %v", as)
	}
}

func TestCopiedBackJournal(t *testing.T) {
	for _, c := range []struct {
		name  string
		run   func(w *world, a, copied *book)
		wants []string
	}{
		{"all of it held", func(w *world, a, copied *book) {
			w.store(sent(a.events...)...)
			w.store(sent(copied.events...)...)
		}, []string{"opened at event 3", "had reached 9", "returns events 4 to 9"}},
		{"announced and never held", func(w *world, a, copied *book) {
			r := sent(a.events[:6]...)
			r[5].Head.Seq = 9
			w.store(r...)
			w.store(sent(copied.events...)...)
		}, []string{"had reached 9", "returns events 4 to 6", "Events 7 to 9 were announced and never held"}},
		{"announced by a hello only", func(w *world, a, copied *book) {
			w.store(sent(a.events[:2]...)...)
			w.store(sent(copied.events...)...)
			_, err := w.reg.Greet(w.t.Context(), border.Hello{Station: "PUT-1", Head: position(a.last())})
			w.must(err)
		}, []string{"had reached 9", "Events 4 to 9 were announced and never held"}},
		{"with a gap", func(w *world, a, copied *book) {
			w.store(sent(copied.events...)...)
			w.store(sent(append(a.events[:5:5], a.events[6:]...)...)...)
		}, []string{"had reached 9", "returns events 4 to 5", "Of events 6 to 9 it holds only some"}},
		{"and what came late", func(w *world, a, copied *book) {
			w.store(sent(copied.events...)...)
			for _, e := range a.events {
				w.store(sent(e)...)
			}
		}, []string{"returns events 4 to 9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.book("PUT-1", 1, border.Parent{})
			var at border.Parent
			for i := range 8 {
				if a.add(enters("U1", i)); i == 1 {
					at = a.last()
				}
			}
			copied := w.book("PUT-1", 2, at)
			copied.add(leaves("U1", 20))
			c.run(w, a, copied)
			alarm := w.alarm(AlarmRolledBack)
			if alarm.Count != 1 || alarm.Subject != copied.epoch.String() || len(w.alarms()) != 1 {
				t.Errorf("alarms %v, this one %+v; want it once and alone", w.alarms(), alarm)
			}
			for _, want := range c.wants {
				if !strings.Contains(alarm.Detail, want) {
					t.Errorf("detail %q does not say %q", alarm.Detail, want)
				}
			}
			w.must(w.reg.AcknowledgeAlarm(t.Context(), alarm.ID))
			w.store(sent(a.events...)...)
			w.close()
			w.open()
			if w.alarm(AlarmRolledBack).Acknowledged == nil {
				t.Error("the alarm was raised twice for one fact")
			}
		})
	}
}

// The copy was taken between two runs: both later epochs continue the same event.
func TestCopiedBackBetweenRuns(t *testing.T) {
	w := newWorld(t)
	a := w.book("PUT-1", 1, border.Parent{})
	a.add(enters("U1", 1))
	b, c := w.book("PUT-1", 2, a.last()), w.book("PUT-1", 3, a.last())
	b.add(leaves("U1", 2))
	for _, x := range []*book{a, b, c} {
		w.store(sent(x.events...)...)
	}
	if d := w.alarm(AlarmRolledBack).Detail; !strings.Contains(d, "events 1 to 2") {
		t.Errorf("detail %q does not name the other epoch", d)
	}
	w.store(sent(b.add(enters("U1", 3)))...)
	if d := w.alarm(AlarmRolledBack).Detail; !strings.Contains(d, "events 1 to 3") {
		t.Errorf("detail %q does not follow what came since", d)
	}
	_, err := w.reg.Greet(t.Context(), border.Hello{Station: "PUT-1", Head: border.Position{Epoch: b.epoch, Seq: 5}})
	w.must(err)
	if d := w.alarm(AlarmRolledBack).Detail; !strings.Contains(d, "Events 4 to 5 were announced and never held") {
		t.Errorf("detail %q does not name what is lost of the other epoch", d)
	}
}

func TestForkedJournal(t *testing.T) {
	w := newWorld(t)
	a := w.book("PUT-1", 1, border.Parent{})
	a.add(enters("U1", 1))
	parent := a.last()
	parent.Hash[9] ^= 1
	b := w.book("PUT-1", 2, parent)
	w.store(sent(b.events...)...)
	if len(w.alarms()) != 0 {
		t.Fatalf("alarms before the parent is known: %v", w.alarms())
	}
	w.store(sent(a.events...)...)
	if al := w.alarm(AlarmFork); al.Subject != b.epoch.String() || len(w.alarms()) != 1 {
		t.Errorf("alarms %v, %+v", w.alarms(), al)
	}
}

func TestNewJournalOfAKnownStation(t *testing.T) {
	w := newWorld(t)
	w.store(sent(w.book("PUT-1", 1, border.Parent{}).events...)...)
	w.store(sent(w.book("PUT-2", 2, border.Parent{}).events...)...)
	if len(w.alarms()) != 0 {
		t.Fatalf("alarms %v", w.alarms())
	}
	w.store(sent(w.book("PUT-1", 3, border.Parent{}).events...)...)
	if a := w.alarm(AlarmRestarted); a.Station != "PUT-1" || len(w.alarms()) != 1 {
		t.Errorf("alarms %v, %+v", w.alarms(), a)
	}
}

// A head was announced and the process ended before anything was made of it.
func TestRollbackFoundAtOpening(t *testing.T) {
	w := newWorld(t)
	a := w.book("PUT-1", 1, border.Parent{})
	w.store(sent(a.events...)...)
	w.store(sent(w.book("PUT-1", 2, a.last()).events...)...)
	w.sql(`UPDATE epoch SET announced = 7 WHERE no = 1`)
	if len(w.alarms()) != 0 {
		t.Fatalf("alarms %v", w.alarms())
	}
	w.close()
	w.open()
	if d := w.alarm(AlarmRolledBack).Detail; !strings.Contains(d, "Events 2 to 7 were announced and never held") {
		t.Errorf("detail %q", d)
	}
}
