package counter_test

import (
	"bytes"
	"context"
	"testing"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
)

// An answer that comes after the deadline still improves the open encounter.
func TestLateAnswer(t *testing.T) {
	r := newRig(t)
	r.hub.connect(true)
	answer := r.hub.held()
	signals, stop, err := r.s.Subscribe("1")
	check(t, err)
	defer stop()
	r.scan("1", passport(1))
	r.wait("the deadline", func() bool { return r.result("1", verdict.HistoryElsewhere).Reason == verdict.ReasonHub })
	for len(signals) > 0 {
		<-signals
	}
	before := r.view("1")
	answer <- refusedElsewhere(r)
	<-signals
	r.wait("the answer", func() bool { return r.result("1", verdict.HistoryElsewhere).Outcome == verdict.Hit })
	v := r.view("1")
	if v.Revision <= before.Revision || v.Encounter.Verdict.Level != verdict.Refer || len(r.result("1", verdict.HistoryElsewhere).Past) != 1 {
		t.Errorf("view %+v", v.Encounter.Verdict)
	}
	if n := r.hub.questions(); n != 1 {
		t.Errorf("%d questions", n)
	}
}

// While the hub is away nothing waits for it; when it is back the open encounter is asked.
func TestHubAway(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	x := r.result("1", verdict.HistoryElsewhere)
	if x.Outcome != verdict.NotChecked || x.Reason != verdict.ReasonHub || x.Level != verdict.Proceed || r.hub.questions() != 0 {
		t.Errorf("elsewhere %+v after %d questions", x, r.hub.questions())
	}
	r.s.Refresh()
	if r.hub.questions() != 0 {
		t.Error("a hub that is away was asked")
	}
	r.hub.connect(true)
	r.s.Refresh()
	r.wait("the answer", func() bool { return r.result("1", verdict.HistoryElsewhere).Outcome == verdict.Clear })
	r.s.Refresh()
	if n := r.hub.questions(); n != 1 {
		t.Errorf("%d questions", n)
	}
}

func TestHubFails(t *testing.T) {
	r := newRig(t)
	r.hub.connect(true)
	r.hub.answer = func(context.Context, border.DocumentQuestion) (border.DocumentAnswer, error) {
		return border.DocumentAnswer{}, &border.Error{Code: border.Unavailable, Op: "ask"}
	}
	r.scan("1", passport(1))
	r.wait("the failure", func() bool { return r.result("1", verdict.HistoryElsewhere).Reason == verdict.ReasonHub })
	r.decide(r.decision("1", border.Admitted))
}

// A reader that gives the same page again and again neither floods the hub nor keeps the
// answer from ever counting.
func TestRescanWhileAsking(t *testing.T) {
	r := newRig(t)
	r.hub.connect(true)
	answer := r.hub.held()
	for range 20 {
		r.scan("1", passport(1))
	}
	id := r.view("1").Encounter.ID
	answer <- refusedElsewhere(r)
	r.wait("the answer", func() bool { return r.result("1", verdict.HistoryElsewhere).Outcome == verdict.Hit })
	r.scan("1", passport(1)) // and it stays
	if x := r.result("1", verdict.HistoryElsewhere); x.Outcome != verdict.Hit {
		t.Errorf("after one more scan: %+v", x)
	}
	v := r.view("1")
	if n := r.hub.questions(); n != 1 || v.Encounter.ID != id || len(v.Queue) != 0 {
		t.Errorf("%d questions, %d wait", n, len(v.Queue))
	}
}

// A hub that never answers holds up neither the counters nor the end of the service.
func TestHubNeverAnswers(t *testing.T) {
	r := newRig(t)
	r.hub.connect(true)
	r.hub.held()
	for i := range 90 { // more than may be under way
		r.scan("1", passport(i))
		r.decide(r.decision("1", border.Admitted))
	}
	if n := r.hub.questions(); n > 64 {
		t.Errorf("%d questions under way", n)
	}
	r.scan("1", passport(1000))
	if x := r.result("1", verdict.HistoryElsewhere); x.Reason != verdict.ReasonHub {
		t.Errorf("elsewhere %+v", x)
	}
}

func TestHistory(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	r.decide(r.decision("1", border.Admitted))
	r.scan("2", passport(1)) // at the other counter of the same station
	x := r.result("2", verdict.HistoryHere)
	if x.Outcome != verdict.Hit || x.Reason != verdict.ReasonInside || len(x.Past) != 1 {
		t.Errorf("entry after entry: %+v", x)
	}
	check(t, r.s.SetDirection(t.Context(), "2", border.Exit, "17"))
	if x := r.result("2", verdict.HistoryHere); x.Outcome != verdict.Clear {
		t.Errorf("exit after entry: %+v", x)
	}
	r.decide(r.decision("2", border.Departed))
	r.wall.pass(1e9)
	r.scan("3", passport(1))
	if x := r.result("3", verdict.HistoryHere); x.Reason != verdict.ReasonNotInside || len(x.Past) != 2 {
		t.Errorf("exit after exit: %+v", x)
	}
	wantCode(t, r.s.SetDirection(t.Context(), "3", "sideways", "17"), border.Invalid)
	wantCode(t, r.s.SetDirection(t.Context(), "3", border.Entry, "99"), border.Forbidden)
	wantCode(t, r.s.SetDirection(t.Context(), "9", border.Entry, "17"), border.NotFound)
}

// What the services behind the hub say comes in later, and is never a guess.
func TestLookups(t *testing.T) {
	answer := func(outcome string, hits ...string) border.LookupAnswer {
		return border.LookupAnswer{Service: "sltd", Outcome: outcome, Hits: hits}
	}
	for name, c := range map[string]struct {
		answers []border.LookupAnswer
		err     error
		want    verdict.Result
	}{
		"clear":          {answers: []border.LookupAnswer{answer("clear"), answer("clear")}, want: verdict.Result{Outcome: verdict.Clear}},
		"hit":            {answers: []border.LookupAnswer{answer("not_checked"), answer("hit", "77")}, want: verdict.Result{Outcome: verdict.Hit, Reason: verdict.ReasonListed}},
		"one is missing": {answers: []border.LookupAnswer{answer("clear"), answer("not_checked")}, want: verdict.Result{Outcome: verdict.NotChecked, Reason: verdict.ReasonService}},
		"a new word":     {answers: []border.LookupAnswer{answer("perhaps")}, want: verdict.Result{Outcome: verdict.NotChecked, Reason: verdict.ReasonService}},
		"no hub":         {err: &border.Error{Code: border.Unavailable, Op: "ask"}, want: verdict.Result{Outcome: verdict.NotChecked, Reason: verdict.ReasonHub}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.with(func(cfg *counter.Config) { cfg.Lookups = true })
			r.hub.connect(true)
			release := make(chan struct{})
			r.hub.mu.Lock()
			r.hub.answer = func(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
				if q.Inquiry == nil {
					return border.DocumentAnswer{}, nil
				}
				for _, s := range secrets {
					if bytes.Contains(q.Inquiry, []byte(s)) {
						t.Errorf("the question says %q to whoever carries it", s)
					}
				}
				<-release
				return border.DocumentAnswer{Lookups: c.answers}, c.err
			}
			r.hub.mu.Unlock()
			r.scan("1", passport(1))
			if x := r.result("1", verdict.Interpol); x.Outcome != verdict.NotChecked || x.Reason != verdict.ReasonPending || x.Level != verdict.Proceed {
				t.Errorf("before the answer: %+v", x)
			}
			close(release)
			r.wait("the services", func() bool { return r.result("1", verdict.Interpol).Reason != verdict.ReasonPending })
			if x := r.result("1", verdict.Interpol); x.Outcome != c.want.Outcome || x.Reason != c.want.Reason {
				t.Errorf("%+v", x)
			}
		})
	}
	r := newRig(t)
	r.scan("1", passport(1))
	if x := r.result("1", verdict.Interpol); x.Reason != verdict.ReasonNotAvailable {
		t.Errorf("without services: %+v", x)
	}
}
