package counter_test

import (
	"testing"

	"garita/border"
	"garita/border/counter"
)

func (r *rig) newID() border.ID {
	r.t.Helper()
	id, err := border.NewIDs(r.clock, nil).New()
	check(r.t, err)
	return id
}

// That an exit on one document ends the stay of another is no officer's word alone, unless
// both were on the screen.
func TestContinuesByCorrection(t *testing.T) {
	r := newRig(t)
	entry := r.admit("1", foreign(1), visitor)
	r.scan("3", foreign(2))
	exit := r.decide(r.decision("3", border.Departed)).Crossing
	c := counter.Correction{At: counter.At{Counter: "3", Officer: "17"}, Change: r.newID(), Crossing: exit, Reason: "learned", Continues: &entry}
	_, err := r.s.Correct(t.Context(), c)
	wantCode(t, err, border.SecondNeeded)
	c.Second, c.Continues = "18", &exit
	_, err = r.s.Correct(t.Context(), c)
	wantCode(t, err, border.Invalid)
	c.Continues = &entry
	_, err = r.s.Correct(t.Context(), c)
	check(t, err)
	changes, err := r.j.Amendments(t.Context(), exit)
	check(t, err)
	if len(changes) != 1 {
		t.Fatalf("%d changes were recorded, want 1", len(changes))
	}
	if h, err := changes[0].ReadHeader(); err != nil || h.Continues == nil || *h.Continues != entry {
		t.Errorf("recorded %+v, %v", h, err)
	}
}

// Days that were granted later are not taken away by a correction of what was granted first,
// here as at the hub.
func TestCorrectionLeavesTheExtension(t *testing.T) {
	r := newRig(t)
	entry := r.admit("1", foreign(1), visitor)
	at := counter.At{Counter: "1", Officer: "17"}
	until := r.wall.Now().AddDate(0, 6, 0).Format("2006-01-02")
	_, err := r.s.Extend(t.Context(), counter.Extension{At: at, Change: r.newID(), Crossing: entry, Until: until, Reason: "granted"})
	check(t, err)
	_, err = r.s.Correct(t.Context(), counter.Correction{At: at, Change: r.newID(), Crossing: entry, Reason: "typing", Values: map[string]string{"days_granted": "30"}})
	check(t, err)
	r.scan("3", foreign(1))
	if h := r.view("3").Encounter.History; h.PermittedUntil != until {
		t.Errorf("permitted until %s, want %s", h.PermittedUntil, until)
	}
	_, err = r.s.Extend(t.Context(), counter.Extension{At: at, Change: r.newID(), Crossing: entry, Until: r.wall.Now().AddDate(11, 0, 0).Format("2006-01-02"), Reason: "granted"})
	wantCode(t, err, border.Invalid)
}

// What a group says once goes with who is referred out of it.
func TestReferredWithSharedAnswers(t *testing.T) {
	r := newRig(t)
	at := counter.At{Counter: "1", Officer: "17"}
	_, err := r.s.OpenGroup(t.Context(), at, "bus")
	check(t, err)
	check(t, r.s.Share(t.Context(), at, map[string]string{"purpose": "religion", "transport_mode": "road_bus", "plate": "UT 1"}))
	r.scan("1", foreign(1))
	id := r.view("1").Group.Members[0].ID
	check(t, r.s.Answers(t.Context(), at, id, map[string]string{"purpose": "health"}))
	check(t, r.s.Refer(t.Context(), counter.Referral{At: at, Encounter: id, Reason: "purpose"}))
	check(t, r.s.TakeReferral(t.Context(), counter.At{Counter: "2", Officer: "18"}, id))
	got := r.view("2").Encounter.Record.Values
	if got["plate"] != "UT 1" || got["transport_mode"] != "road_bus" || got["purpose"] != "health" {
		t.Errorf("the answers went with the person as %v", got)
	}
}
