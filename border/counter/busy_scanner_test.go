package counter_test

import (
	"context"
	"testing"

	"garita/border"
	"garita/border/counter"
)

// stuck is a scanner whose driver does not come back when it is told to.
type stuck struct{ release chan struct{} }

func (s stuck) CaptureFinger(context.Context, border.FingerRequest) (border.FingerImage, error) {
	<-s.release
	return border.FingerImage{}, context.Canceled
}

// While a driver does not let go of the last finger nobody is told to place another, and no captures pile up.
func TestScannerBusyWithTheLastFinger(t *testing.T) {
	r := newRig(t)
	d := stuck{make(chan struct{})}
	r.with(func(cfg *counter.Config) { cfg.Fingers = d })
	r.scan("1", passport(1))
	at, id := counter.At{Counter: "1", Officer: "17"}, r.view("1").Encounter.ID
	check(t, r.ask("1", 2))
	check(t, r.s.CancelFinger(t.Context(), at, id))
	wantCode(t, r.ask("1", 2), border.Unavailable)
	if c := r.view("1").Encounter.Fingers.Capture; c.State != counter.CaptureCancelled {
		t.Errorf("shown: %+v", c)
	}
	close(d.release)
	check(t, r.ask("1", 2))
}

// A finger that was being taken when the officer decided is recorded as not taken, with the images that were
// looked at.
func TestDecidedWhileAFingerIsTaken(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	check(t, r.ask("1", 2))
	r.press("1", blank)
	r.press("1", flagged(blank))
	r.wait("the third image", func() bool { return r.view("1").Encounter.Fingers.Capture.Attempt == 3 })
	rec := r.decide(r.decision("1", border.Admitted))
	ev, h := r.event(rec.Crossing)
	n := r.personal(&ev).FingersNotTaken
	if h.FingersNotTaken != 1 || len(n) != 1 || n[0].Position != 2 || n[0].Attempts != 2 || n[0].Reason != "enrolment" || n[0].Liveness != border.LivenessAttack {
		t.Errorf("recorded: %d, %+v", h.FingersNotTaken, n)
	}
}
