package counter_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
)

// hitAt brings somebody on the list to a counter.
func (r *rig) hitAt(c border.CounterID) counter.Decision {
	r.t.Helper()
	r.scan(c, foreign(1))
	d := r.decision(c, border.Admitted)
	d.Agreement, d.Values = counter.Agreement{}, visitor
	return d
}

func (r *rig) listed() {
	r.lists = []counter.List{list(r.t, "sample", "7,,,,,"+numberOf(foreign(1))+",QRU,open")}
}

// recorded is what a record says of a crossing, open and sealed.
func (r *rig) recorded(id border.ID) (border.Header, border.Personal) {
	r.t.Helper()
	ev, h := r.event(id)
	return h, r.personal(&ev)
}

// numberOf is the document number of a TD3 zone.
func numberOf(lines []string) string { return strings.TrimRight(lines[1][:9], "<") }

// Who lets somebody pass in spite of a hit does not do it alone, and never with themselves.
func TestHitTakesTwo(t *testing.T) {
	r := newRig(t)
	r.listed()
	d := r.hitAt("1")
	_, err := r.s.Decide(t.Context(), d)
	wantCode(t, err, border.SecondNeeded)
	for badge, code := range map[string]border.Code{"17": border.SecondNeeded, "18": border.Forbidden, "99": border.Forbidden, "404": border.Forbidden} {
		d.Agreement = seconded(badge)
		_, err = r.s.Decide(t.Context(), d)
		wantCode(t, err, code)
	}
	d.Officer, d.Agreement = "50", seconded("50") // a supervisor is not their own second person
	_, err = r.s.Decide(t.Context(), d)
	wantCode(t, err, border.SecondNeeded)
	d.Officer, d.Agreement = "17", seconded("50")
	got, err := r.s.Decide(t.Context(), d)
	check(t, err)
	h, p := r.recorded(got.Crossing)
	if h.Second == "" || h.Awaiting != "" || p.Second != "50" || p.Officer != "17" {
		t.Errorf("recorded %+v, %+v", h, p)
	}
}

// A supervisor at the counter may have any officer as the second person.
func TestHitOfASupervisor(t *testing.T) {
	r := newRig(t)
	r.listed()
	d := r.hitAt("1")
	d.Officer, d.Agreement = "50", seconded("18")
	_, err := r.s.Decide(t.Context(), d)
	check(t, err)
}

// Where nobody can be reached the border goes on: the record says so, with the reason under
// seal. It is no way round a supervisor who works beside.
func TestAwaitingSecond(t *testing.T) {
	r := newRig(t)
	r.listed()
	d := r.hitAt("1")
	d.Awaiting = strings.Repeat("x", 501)
	_, err := r.s.Decide(t.Context(), d)
	wantCode(t, err, border.Invalid)
	check(t, r.s.Take(t.Context(), at("2", "50")))
	d.Awaiting = "frobozz: the only officer of the post"
	_, err = r.s.Decide(t.Context(), d)
	wantCode(t, err, border.SecondNeeded)
	if !strings.Contains(border.MessageOf(err), "Supervisor Fifty") {
		t.Errorf("the message does not say who works here: %s", border.MessageOf(err))
	}
	check(t, r.s.Take(t.Context(), at("2", "18")))
	got, err := r.s.Decide(t.Context(), d)
	check(t, err)
	h, p := r.recorded(got.Crossing)
	if h.Awaiting != "hit.override" || h.Second != "" || p.Awaiting != d.Awaiting || p.Second != "" {
		t.Errorf("recorded %+v, %+v", h, p)
	}
	if b, _ := json.Marshal(h); strings.Contains(string(b), "frobozz") {
		t.Error("the reason lies open in the header")
	}
}

// An old crossing is corrected, a need lifted and fingers left out in the same way.
func TestAwaitingElsewhere(t *testing.T) {
	r := newRig(t)
	id := r.admit("1", foreign(2), visitor)
	r.wall.pass(11 * time.Minute)
	c := counter.Correction{At: at("1", "17"), Change: r.newID(), Crossing: id, Reason: "typing", Values: map[string]string{"purpose": "holiday"}}
	_, err := r.s.Correct(t.Context(), c)
	wantCode(t, err, border.SecondNeeded)
	c.Awaiting = "alone"
	_, err = r.s.Correct(t.Context(), c)
	check(t, err)

	r.scan("1", foreign(3))
	d := r.decision("1", border.HandedOver)
	check(t, r.s.Need(t.Context(), at("1", "17"), d.Encounter, border.NeedsHelp, "frobozz"))
	l := lifting(at("1", "17"), d.Encounter, "", "it was a misunderstanding")
	wantCode(t, r.s.LiftNeeds(t.Context(), l), border.SecondNeeded)
	l.Awaiting = "alone"
	check(t, r.s.LiftNeeds(t.Context(), l))
	d = r.decision("1", border.Admitted)
	d.Values = visitor
	got, err := r.s.Decide(t.Context(), d)
	check(t, err)
	if h, _ := r.recorded(got.Crossing); h.Awaiting != "protection.lift" {
		t.Errorf("a lifted need does not await its second person: %+v", h)
	}
}

// What an officer does whom an expired roster knows is marked.
func TestOverdue(t *testing.T) {
	r := newRig(t)
	known := r.cfg.Officers()
	r.with(func(c *counter.Config) {
		c.Officers = func() []counter.Officer {
			out := append([]counter.Officer(nil), known...)
			for i := range out {
				out[i].Overdue = true
			}
			return out
		}
	})
	if h, _ := r.recorded(r.admit("1", foreign(2), visitor)); !h.Overdue {
		t.Error("the record does not say that the roster had expired")
	}
}
