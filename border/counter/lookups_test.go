package counter_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
)

// services answer the inquiries of a rig, one after the other, with what answer gives.
func services(r *rig, answer func(n int) []border.LookupAnswer) *atomic.Int64 {
	r.with(func(cfg *counter.Config) { cfg.Lookups = true })
	r.hub.connect(true)
	var asked atomic.Int64
	r.hub.answer = func(_ context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
		if q.Inquiry == nil {
			return border.DocumentAnswer{}, nil
		}
		return border.DocumentAnswer{Lookups: answer(int(asked.Add(1)))}, nil
	}
	return &asked
}

func one(outcome string, hits ...string) []border.LookupAnswer {
	return []border.LookupAnswer{{Service: "find", Outcome: outcome, Hits: hits}}
}

// What was said of a person is not taken for an answer about another, though neither the number
// of a document nor a whole date of birth tells them apart.
func TestLookupOfAnotherName(t *testing.T) {
	r := newRig(t)
	asked := services(r, func(n int) []border.LookupAnswer {
		if n == 1 {
			return one("clear")
		}
		return one("hit", "77")
	})
	at := counter.At{Counter: "1", Officer: "17"}
	said := counter.Particulars{Surname: "UTOPIAN", GivenNames: "FRANKOWA", BirthDate: "1974-XX-XX"}
	id, err := r.s.Open(t.Context(), counter.Opening{At: at, Identity: border.IdentityDeclared, Particulars: said})
	check(t, err)
	r.wait("the first answer", func() bool { return r.result("1", verdict.Interpol).Outcome == verdict.Clear })
	said.Surname = "VELORIN"
	check(t, r.s.Rekey(t.Context(), at, id, said))
	r.wait("the second answer", func() bool { return r.result("1", verdict.Interpol).Outcome == verdict.Hit })
	check(t, r.s.Rekey(t.Context(), at, id, said))
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

// Every document is looked up before the check is clear.
func TestLookupOfEveryDocument(t *testing.T) {
	r := newRig(t)
	asked := services(r, func(n int) []border.LookupAnswer {
		if n == 3 {
			return one("hit", "77")
		}
		return one("clear")
	})
	r.scan("1", passport(1))
	r.wait("the first answer", func() bool { return r.result("1", verdict.Interpol).Outcome == verdict.Clear })
	check(t, r.s.Attach(t.Context(), counter.At{Counter: "1", Officer: "17"}, r.view("1").Encounter.ID,
		counter.Particulars{Kind: "passport", DocumentNumber: "U00000002", IssuingState: "UTO", Surname: "UTOPIAN", GivenNames: "FRANKOWA"}))
	r.wait("the other document's answer", func() bool { return r.result("1", verdict.Interpol).Outcome == verdict.Hit })
	if asked.Load() < 4 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// A hub that leaves the question unanswered does not leave it pending for ever.
func TestLookupOfAnOldHub(t *testing.T) {
	r := newRig(t)
	services(r, func(int) []border.LookupAnswer { return nil })
	r.scan("1", passport(1))
	r.wait("an end", func() bool { return r.result("1", verdict.Interpol).Reason == verdict.ReasonService })
}

// However many references the services give and however many entries are like the traveller, the
// crossing is recorded.
func TestManyHitsAreRecorded(t *testing.T) {
	r := newRig(t, func(r *rig) {
		for i := range 20 {
			var rows []string
			for j := range 32 {
				rows = append(rows, fmt.Sprintf("%s-%d,UTOPIAN,FRANKOWA,1974-08-12,UTO,,,open", strings.Repeat("x", 120), j))
			}
			r.lists = append(r.lists, list(t, fmt.Sprint("list", i), rows...))
		}
	})
	services(r, func(int) (out []border.LookupAnswer) {
		for i := range 16 {
			a := border.LookupAnswer{Service: strings.Repeat("s", 60) + fmt.Sprint(i), Outcome: "hit"}
			for range 32 {
				a.Hits = append(a.Hits, strings.Repeat("r", 128))
			}
			out = append(out, a)
		}
		return out
	})
	r.scan("1", passport(1))
	r.wait("the services", func() bool { return r.result("1", verdict.Interpol).Outcome == verdict.Hit })
	r.decide(r.decision("1", border.Admitted))
}

// A referral that is recorded while an answer comes in: for the race detector.
func TestReferWhileAnswered(t *testing.T) {
	r := newRig(t, func(r *rig) { r.lists = []counter.List{list(t, "sample", "7,,,,,U00000001,UTO,silent")} })
	r.hub.connect(true)
	var refreshing sync.WaitGroup
	done := make(chan struct{})
	refreshing.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				r.s.Refresh()
			}
		}
	})
	defer refreshing.Wait()
	defer close(done)
	r.hub.answer = func(context.Context, border.DocumentQuestion) (border.DocumentAnswer, error) {
		return border.DocumentAnswer{}, &border.Error{Code: border.Unavailable, Op: "ask"}
	}
	for i := range 10 {
		r.scan("1", passport(i))
		check(t, r.s.Refer(t.Context(), counter.Referral{At: counter.At{Counter: "1", Officer: "17"}, Encounter: r.view("1").Encounter.ID, Reason: "hit"}))
	}
}
