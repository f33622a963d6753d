package counter_test

import (
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
)

// opened opens an encounter from a person's own word.
func (r *rig) opened(k counter.Particulars, paper *counter.Paper) border.ID {
	r.t.Helper()
	o := counter.Opening{At: counter.At{Counter: "1", Officer: "17"}, Identity: border.IdentityDeclared, Particulars: k, Paper: paper}
	if paper != nil {
		o.Direction = border.Entry
	}
	id, err := r.s.Open(r.t.Context(), o)
	check(r.t, err)
	return id
}

// The images of who was keyed as somebody else go, and so does what is being taken; a corrected document
// number changes nothing.
func TestRekeyedPersonsFingers(t *testing.T) {
	r := newRig(t)
	at := counter.At{Counter: "1", Officer: "17"}
	frankowa := counter.Particulars{Surname: "UTOPIAN", GivenNames: "FRANKOWA", BirthDate: "1974-08-12"}
	id := r.opened(frankowa, nil)
	image := r.take("1", 2)
	check(t, r.ask("1", 1))
	frankowa.Nationality = "UTO"
	check(t, r.s.Rekey(t.Context(), at, id, frankowa))
	if e := r.view("1").Encounter; !e.Fingers.Asked[0].Taken || e.Fingers.Capture.State != counter.CapturePlace || !r.has(image) {
		t.Errorf("the same person: %+v, %+v", e.Fingers.Asked, e.Fingers.Capture)
	}
	check(t, r.s.Rekey(t.Context(), at, id, counter.Particulars{Surname: "NOBODY", GivenNames: "KAROL", BirthDate: "1990-01-01", Nationality: "UTO"}))
	v := r.view("1")
	if f := v.Encounter.Fingers; f.Asked[0].Taken || f.Asked[0].Attempts != 0 || f.Capture.State != counter.CaptureCancelled || v.Notice == "" || r.has(image) {
		t.Errorf("another person: %+v, %+v, notice %q", f.Asked, f.Capture, v.Notice)
	}
	rec := r.decide(r.decision("1", border.Admitted))
	if _, h := r.event(rec.Crossing); h.FingersTaken != 0 || h.FingersNotTaken != 1 {
		t.Errorf("recorded: %d taken, %d not", h.FingersTaken, h.FingersNotTaken)
	}
}

// Who takes a counter over does not get the finger that the officer before asked for.
func TestFingerAtACounterTakenOver(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	check(t, r.ask("1", 2))
	check(t, r.s.Take(t.Context(), counter.At{Counter: "1", Officer: "17"})) // holds it already
	if c := r.view("1").Encounter.Fingers.Capture; c.State != counter.CapturePlace {
		t.Errorf("taken by its holder: %+v", c)
	}
	check(t, r.s.Take(t.Context(), counter.At{Counter: "1", Officer: "18"}))
	if c := r.view("1").Encounter.Fingers.Capture; c.State != counter.CaptureCancelled {
		t.Errorf("taken over: %+v", c)
	}
}

// No finger is taken for a paper sheet: it is of a crossing of another day. That none is taken can be noted.
func TestNoFingerForAPaperSheet(t *testing.T) {
	r := newRig(t)
	id := r.opened(counter.Particulars{Surname: "UTOPIAN", BirthDate: "1974-08-12"}, &counter.Paper{Sheet: "12", CrossedAt: r.wall.Now().Add(-24 * time.Hour)})
	wantCode(t, r.ask("1", 2), border.Conflict)
	check(t, r.s.FingerNotTaken(t.Context(), counter.At{Counter: "1", Officer: "17"}, id, 2, "enrolment", "missing"))
}
