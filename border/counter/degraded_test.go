package counter_test

import (
	"sync/atomic"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
)

// anHour lets the station go without fingerprints.
var anHour = counter.Degradation{At: counter.At{Counter: "2", Officer: "17"}, Agreement: seconded("50"), Reason: "power", For: time.Hour}

// Whatever is done to the clock, a time without fingerprints is no longer than was agreed while the station
// runs, and after a restart it begins anew at most.
func TestDegradedNoLongerThanAgreed(t *testing.T) {
	for name, back := range map[string]time.Duration{"before its beginning": 20 * time.Hour, "within it": 50 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			check(t, r.s.DegradeBiometrics(t.Context(), anHour))
			r.wall.pass(59 * time.Minute)
			if r.view("1").Status.Degraded == nil {
				t.Fatal("it ended early")
			}
			r.wall.set(r.wall.Now().Add(-back))
			r.wall.pass(2 * time.Minute) // an hour and a minute in all
			if v := r.view("1").Status.Degraded; v != nil {
				t.Errorf("one hour was agreed, and a minute after it: %+v", v)
			}
		})
	}
	r := newRig(t)
	check(t, r.s.DegradeBiometrics(t.Context(), anHour))
	r.wall.set(r.wall.Now().Add(-20 * time.Hour))
	r.restart()
	r.wall.set(r.wall.Now().Add(20 * time.Hour)) // put right again
	r.wall.pass(59 * time.Minute)
	if r.view("1").Status.Degraded == nil {
		t.Error("after a restart it ended early")
	}
	r.wall.set(r.wall.Now().Add(-30 * time.Minute))
	r.wall.pass(time.Minute)
	if v := r.view("1").Status.Degraded; v != nil {
		t.Errorf("an hour after the restart: %+v", v)
	}
}

// hookClock calls hook, once, when the time is asked for.
type hookClock struct {
	counter.Clock
	hook func()
}

func (h *hookClock) Now() time.Time {
	now := h.Clock.Now()
	if f := h.hook; f != nil {
		h.hook = nil
		f()
	}
	return now
}

// No finger is asked for when the station goes without fingerprints just after that was looked at.
func TestDegradedBeforeACaptureBegins(t *testing.T) {
	r := newRig(t)
	c := &hookClock{}
	r.with(func(cfg *counter.Config) { c.Clock, cfg.Clock = cfg.Clock, c })
	check(t, r.s.DegradeBiometrics(t.Context(), anHour)) // ended, but its end is looked at
	r.wall.pass(2 * time.Hour)
	r.scan("1", passport(1))
	id, at := r.view("1").Encounter.ID, counter.At{Counter: "1", Officer: "17"}
	check(t, r.s.CancelFinger(t.Context(), at, id)) // takes the counter
	c.hook = func() { check(t, r.s.DegradeBiometrics(t.Context(), anHour)) }
	wantCode(t, r.s.AskFinger(t.Context(), at, id, 2, "enrolment"), border.Conflict)
	if v := r.view("1"); v.Status.Degraded == nil || v.Encounter.Fingers.Capture != nil {
		t.Errorf("%+v, capture %+v", v.Status.Degraded, v.Encounter.Fingers.Capture)
	}
}

// What the screen says of a capture is what is on the disk, also if the station goes without fingerprints
// while the image is being kept.
func TestDegradedWhileAnImageIsKept(t *testing.T) {
	r := newRig(t)
	degrade := make(chan struct{})
	var armed atomic.Bool
	r.with(func(cfg *counter.Config) {
		cfg.Scanners = func() []border.ScannerStatus {
			if armed.CompareAndSwap(true, false) {
				check(t, r.s.DegradeBiometrics(t.Context(), anHour))
				close(degrade)
			}
			return r.sensor.status()
		}
	})
	r.scan("1", passport(1))
	check(t, r.ask("1", 2))
	armed.Store(true)
	r.press("1", quick)
	<-degrade // the next to ask for scanners was the capture: a view would, too
	if c := r.captured("1"); c.State != counter.CaptureKept || len(r.files()) != 1 {
		t.Errorf("the screen says %+v, with %d files", c, len(r.files()))
	}
}
