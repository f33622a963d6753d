package counter_test

import (
	"testing"

	"garita/border"
	"garita/border/counter"
)

// flagged is an image that the sensor calls an attack.
func flagged(i border.FingerImage) border.FingerImage {
	i.Liveness = border.LivenessAttack
	return i
}

// What the sensor called an attack once stays said of that finger: a better image does not hide it, one that is
// good otherwise does not end the attempts, and it is recorded whether an image is kept or not.
func TestAttackStaysSaid(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	check(t, r.ask("1", 2))
	r.press("1", flagged(quick)) // good enough but for that
	r.press("1", quick)
	if c := r.captured("1"); c.State != counter.CaptureKept || c.Attempt != 2 || c.Liveness != border.LivenessAttack {
		t.Errorf("then a good one: %+v", c)
	}
	check(t, r.ask("1", 1))
	r.press("1", flagged(blank))
	r.wait("the first image", func() bool { return r.view("1").Encounter.Fingers.Capture.State == counter.CaptureLift })
	check(t, r.s.CancelFinger(t.Context(), counter.At{Counter: "1", Officer: "17"}, r.view("1").Encounter.ID))
	r.wait("the first image to count", func() bool { return len(r.view("1").Encounter.Fingers.Asked) == 2 })
	check(t, r.ask("1", 3))
	r.press("1", quick)
	r.captured("1")
	r.restart() // the draft says it too
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
	for i, want := range []string{border.LivenessAttack, border.LivenessAttack, "live"} {
		if f := r.view("1").Encounter.Fingers.Asked[i]; f.Liveness != want {
			t.Errorf("shown of finger %d: %+v", f.Position, f)
		}
	}
	rec := r.decide(r.decision("1", border.Admitted))
	ev, _ := r.event(rec.Crossing)
	p := r.personal(&ev)
	if len(p.Attachments) != 2 || p.Attachments[0].Liveness != border.LivenessAttack || p.Attachments[1].Liveness != "live" {
		t.Errorf("kept: %+v", p.Attachments)
	}
	if len(p.FingersNotTaken) != 1 || p.FingersNotTaken[0].Liveness != border.LivenessAttack {
		t.Errorf("not taken: %+v", p.FingersNotTaken)
	}
}

// Of three images one that is no attack is kept, also if it is the poorer one.
func TestAttackIsKeptLast(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	check(t, r.ask("1", 2))
	for _, i := range []border.FingerImage{flagged(quick), poor, flagged(quick)} {
		r.press("1", i)
	}
	r.captured("1")
	if f := r.view("1").Encounter.Fingers.Asked[0]; !f.Taken || f.Finq >= 55 || f.Attempts != 3 || f.Liveness != border.LivenessAttack {
		t.Errorf("kept: %+v", f)
	}
}
