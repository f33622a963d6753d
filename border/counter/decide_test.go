package counter_test

import (
	"context"
	"strings"
	"testing"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
)

func TestOutcomes(t *testing.T) {
	r := newRig(t)
	n := 0
	for _, c := range []struct {
		counter border.CounterID // 1 is entry, 3 is exit
		outcome border.Outcome
		ground  string
		code    border.Code
	}{
		{"1", border.Admitted, "", ""},
		{"1", border.Admitted, "no_visa", border.Invalid},
		{"1", border.Departed, "", border.Invalid},
		{"1", border.Refused, "", border.Invalid},
		{"1", border.Refused, "because", border.Invalid},
		{"1", border.Refused, "no_visa", ""},
		{"1", border.DeparturePrevented, "listed", border.Invalid},
		{"1", border.Withdrawn, "", ""},
		{"1", border.Withdrawn, "other", border.Invalid},
		{"1", border.HandedOver, "", border.Invalid},
		{"1", "", "", border.Invalid},
		{"1", "ADMITTED", "", border.Invalid},
		{"3", border.Departed, "", ""},
		{"3", border.Departed, "other", border.Invalid},
		{"3", border.Admitted, "", border.Invalid},
		{"3", border.Refused, "listed", border.Invalid},
		{"3", border.DeparturePrevented, "", border.Invalid},
		{"3", border.DeparturePrevented, "listed", ""},
		{"3", border.Withdrawn, "", ""},
	} {
		if n++; r.view(c.counter).Encounter == nil {
			r.scan(c.counter, foreign(n))
		}
		d := r.decision(c.counter, c.outcome)
		d.Ground, d.Values = c.ground, visitor
		if c.counter == "3" {
			d.Values = nil
		}
		before := r.j.Head()
		rec, err := r.s.Decide(t.Context(), d)
		if border.CodeOf(err) != c.code {
			t.Errorf("%s %s %q: %v, want %q", c.counter, c.outcome, c.ground, err, c.code)
		}
		v := r.view(c.counter)
		if c.code != "" {
			if r.j.Head() != before || v.Encounter == nil || border.MessageOf(err) == "" {
				t.Errorf("%s %s %q: a refused decision changed something or said nothing", c.counter, c.outcome, c.ground)
			}
			continue
		}
		if rec.Outcome != c.outcome || rec.Crossing != d.Encounter || v.Encounter != nil || v.Last == nil || v.Last.Crossing != d.Encounter ||
			v.Last.Outcome != c.outcome || v.Last.Surname != "UTOPIAN" {
			t.Errorf("%s %s: recorded %+v, last %+v", c.counter, c.outcome, rec, v.Last)
		}
		_, h := r.event(d.Encounter)
		if h.Outcome != string(c.outcome) || h.Ground != c.ground || h.Counter != c.counter || h.Verdict == "" || len(h.Checks) != len(verdict.All) {
			t.Errorf("header %+v", h)
		}
		again := r.decide(d) // the officer's browser tries again
		if !again.Replayed || again.Key != rec.Key {
			t.Errorf("the retry gave %+v", again)
		}
	}
	if td := r.view("1").Status.Today; td != (counter.Today{Entries: 1, Other: 2}) {
		t.Errorf("today at counter 1: %+v", td)
	}
	if td := r.view("3").Status.Today; td != (counter.Today{Exits: 1, Other: 2}) {
		t.Errorf("today at counter 3: %+v", td)
	}
}

func TestIllegalDecisions(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	r.scan("1", foreign(2)) // waits
	good := r.decision("1", border.Admitted)
	for name, c := range map[string]struct {
		change func(*counter.Decision)
		code   border.Code
	}{
		"no such counter":   {func(d *counter.Decision) { d.Counter = "9" }, border.NotFound},
		"another counter":   {func(d *counter.Decision) { d.Counter = "2" }, border.Conflict},
		"unknown encounter": {func(d *counter.Decision) { d.Encounter[15] ^= 1 }, border.Conflict},
		"no encounter":      {func(d *counter.Decision) { d.Encounter = border.ID{} }, border.Conflict},
		"one that waits":    {func(d *counter.Decision) { d.Encounter = r.view("1").Queue[0].ID }, border.Conflict},
		"no officer":        {func(d *counter.Decision) { d.Officer = "" }, border.Forbidden},
		"unknown officer":   {func(d *counter.Decision) { d.Officer = "1" }, border.Forbidden},
		"technician":        {func(d *counter.Decision) { d.Officer = "99" }, border.Forbidden},
		"no revision":       {func(d *counter.Decision) { d.Revision = 0 }, border.Invalid},
		"future revision":   {func(d *counter.Decision) { d.Revision += 5 }, border.Invalid},
		"long note":         {func(d *counter.Decision) { d.Note = strings.Repeat("n", 501) }, border.Invalid},
	} {
		d := good
		c.change(&d)
		if _, err := r.s.Decide(t.Context(), d); border.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if h := r.j.Head(); h.Seq != 1 {
		t.Errorf("something was recorded: %+v", h)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel() // the browser hangs up: the officer has decided all the same
	if _, err := r.s.Decide(gone, good); err != nil {
		t.Error(err)
	}
	other := good
	other.Outcome, other.Ground = border.Refused, "other"
	_, err := r.s.Decide(t.Context(), other)
	wantCode(t, err, border.Conflict)
	elsewhere := good
	elsewhere.Counter = "2"
	_, err = r.s.Decide(t.Context(), elsewhere)
	wantCode(t, err, border.Conflict) // what counter 1 recorded is none of counter 2's business

	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
	d := r.decision("1", border.Refused)
	d.Ground = "no_visa"
	r.decide(d)
	d.Ground = "entry_ban"
	_, err = r.s.Decide(t.Context(), d)
	wantCode(t, err, border.Conflict) // the record says another ground
}

func refusedElsewhere(r *rig) border.DocumentAnswer {
	return border.DocumentAnswer{Crossings: []border.PastCrossing{{Crossing: border.ID{6: 0x70, 8: 0x80, 15: 9}, Station: "PUT-8", Post: "PUT", OccurredAt: r.wall.Now().AddDate(0, 0, -1),
		Direction: border.Entry, Outcome: string(border.Refused), ClockState: "synced"}}}
}

// A decision on a verdict that has worsened since it was painted is refused; also when the
// level was the worst already, for another reason.
func TestStaleVerdict(t *testing.T) {
	for name, lines := range map[string][]string{"proceed": passport(1), "expired": passportOf(1, "UTOPIAN", "FRANKOWA", "250101")} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.hub.connect(true)
			answer := r.hub.held()
			r.scan("1", lines)
			painted := r.decision("1", border.Admitted)
			if x := r.result("1", verdict.HistoryElsewhere); x.Reason != verdict.ReasonPending {
				t.Fatalf("elsewhere: %+v", x)
			}
			answer <- refusedElsewhere(r)
			r.wait("the answer", func() bool { return r.result("1", verdict.HistoryElsewhere).Outcome == verdict.Hit })
			_, err := r.s.Decide(t.Context(), painted)
			wantCode(t, err, border.Stale)
			if r.j.Head().Seq != 1 {
				t.Error("a stale decision was recorded")
			}
			rec := r.decide(r.decision("1", border.Admitted)) // seen, and decided all the same
			if _, h := r.event(rec.Crossing); h.Verdict != string(verdict.Refer) || h.Checks["history_elsewhere"] != "hit(refused)" {
				t.Errorf("header says %s, %v", h.Verdict, h.Checks)
			}
		})
	}
}

// A verdict that has improved since it was painted does not stand in the way, and the
// record says what was on the screen.
func TestImprovedVerdict(t *testing.T) {
	r := newRig(t)
	r.hub.connect(true)
	answer := r.hub.held()
	r.scan("1", passport(1))
	painted := r.decision("1", border.Admitted)
	answer <- border.DocumentAnswer{}
	r.wait("the answer", func() bool { return r.result("1", verdict.HistoryElsewhere).Outcome == verdict.Clear })
	rec := r.decide(painted)
	if _, h := r.event(rec.Crossing); h.Checks["history_elsewhere"] != "not_checked(pending)" {
		t.Errorf("the record says %v, the screen did not", h.Checks)
	}
}

// The digits of an MRZ do not cover the names. When the same document is read again and
// another name comes out, a decision on the first reading is refused: the officer has not
// seen who would be recorded.
func TestDocumentReadAnew(t *testing.T) {
	r := newRig(t)
	r.scan("1", passportOf(1, "UTOPIAN", "FRANKOWA", "320415"))
	painted := r.decision("1", border.Admitted)
	r.scan("1", passportOf(1, "UTOPIAN", "FRANKOWA", "320415"))
	if again := r.decision("1", border.Admitted); again.Encounter != painted.Encounter || again.Revision != painted.Revision {
		t.Fatalf("the same reading changed the decision from %+v to %+v", painted, again)
	}
	r.scan("1", passportOf(1, "UTOPIAN", "FRANKA", "320415"))
	_, err := r.s.Decide(t.Context(), painted)
	wantCode(t, err, border.Stale)
	if r.j.Head().Seq != 1 {
		t.Error("a decision on another reading was recorded")
	}
	r.decide(r.decision("1", border.Admitted))
	if last := r.view("1").Last; last == nil || last.GivenNames != "FRANKA" {
		t.Errorf("recorded %+v, want the name that was on the screen", last)
	}
}
