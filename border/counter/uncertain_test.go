package counter_test

import (
	"testing"

	"garita/border"
	"garita/border/counter"
)

// unanswered records a decision about the open encounter of counter 1 while that goes on showing it, as
// when the disk has taken the decision and its answer came too late.
func (r *rig) unanswered() border.ID {
	r.t.Helper()
	other, err := counter.New(r.t.Context(), r.cfg)
	check(r.t, err)
	defer other.Close()
	check(r.t, other.CallUp(r.t.Context(), "1", border.ID{}, "17"))
	v, err := other.View("1")
	check(r.t, err)
	id := v.Encounter.ID
	_, err = other.Decide(r.t.Context(), counter.Decision{Counter: "1", Encounter: id, Revision: v.Encounter.Verdict.Revision, Outcome: border.Admitted, Officer: "17"})
	check(r.t, err)
	return id
}

// An encounter whose decision was recorded without an answer is abandoned: the images that the crossing
// names stay.
func TestAbandonedAfterUnansweredDecision(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	named := r.take("1", 2)
	id := r.unanswered()
	wantCode(t, r.s.Abandon(t.Context(), counter.At{Counter: "1", Officer: "17"}, id, "mistake", ""), border.Conflict)
	ev, _ := r.event(id)
	if a := r.personal(&ev).Attachments; len(a) != 1 || a[0].Hash != named {
		t.Fatalf("recorded: %+v", a)
	}
	if !r.has(named) {
		t.Error("the file that a recorded crossing names was removed")
	}
}

// A better image after such a decision does not take the place of the one that the crossing names.
func TestBetterImageAfterUnansweredDecision(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	check(t, r.ask("1", 2))
	r.press("1", poor)
	r.sensor.fails(&border.Error{Code: border.Unavailable, Message: "Gone."})
	if c := r.captured("1"); c.State != counter.CaptureKept {
		t.Fatalf("it ended %+v", c)
	}
	r.sensor.fails(nil)
	named := r.files()[0]
	r.unanswered()
	check(t, r.ask("1", 2))
	r.press("1", sharp)
	if c := r.captured("1"); c.State != counter.CaptureKept || len(r.files()) != 2 {
		t.Fatalf("it ended %+v with %d files", c, len(r.files()))
	}
	if !r.has(named) {
		t.Error("the file that a recorded crossing names was replaced")
	}
}
