package counter

import (
	"context"
	"time"

	"garita/border"
	"garita/border/verdict"
)

// lookup is what the hub was asked to look up with other people's services about an encounter.
type lookup struct {
	asked   bool // the question is under way, or answered
	missed  bool // the hub could not be asked, or did not answer
	answers []border.LookupAnswer
}

// lookupPatience is how long the services behind the hub are waited for. The verdict does not:
// their answer improves it when it comes.
const lookupPatience = 20 * time.Second

// lookUp has the hub look up the person and the document in the background, once for each state
// of the document. The caller judges afterwards. p.mu is held.
func (s *Service) lookUp(p *place, e *encounter) {
	if !s.cfg.Lookups || e.lookup.asked || e.doc.DocumentNumber == "" && e.doc.Surname == "" && e.doc.GivenNames == "" {
		return
	}
	e.lookup = lookup{missed: true} // until the question is on its way
	if !s.cfg.HubState().Connected {
		return
	}
	d := e.doc
	q := border.Inquiry{Station: s.cfg.Station, Purpose: e.heads(p.direction), Issuer: d.IssuingState, Type: d.DocumentCode, Number: d.DocumentNumber,
		Surname: d.Surname, GivenNames: d.GivenNames, BirthDate: d.BirthDate, Sex: d.Sex, Nationality: d.Nationality}
	if p.holder != nil {
		q.By = s.cfg.Blinder.Officer(p.holder.Badge)
	}
	sealed, err := s.cfg.Keys.SealInquiry(&q)
	if err != nil {
		s.cfg.Log.Error("counter: an inquiry could not be sealed", "error", err)
		return
	}
	select {
	case s.slots <- struct{}{}:
	default: // the hub is slow; more questions would not make it faster
		return
	}
	number := e.inquiry
	if !s.start(func() { s.awaitLookup(p, e, number, sealed) }) {
		<-s.slots
		return
	}
	e.lookup = lookup{asked: true}
}

func (s *Service) awaitLookup(p *place, e *encounter, number uint64, sealed []byte) {
	defer func() { <-s.slots }()
	ctx, cancel := context.WithTimeout(s.ctx, lookupPatience)
	defer cancel()
	a, err := s.cfg.Hub.AskDocument(ctx, border.DocumentQuestion{Station: s.cfg.Station, Limit: 1, Inquiry: sealed})
	p.change(func() {
		if e.inquiry != number {
			return // it has got another document meanwhile
		}
		if err != nil {
			e.lookup = lookup{missed: true}
		} else {
			e.lookup.answers = a.Lookups
		}
		s.judge(p, e)
	})
}

// judgeLookups says how the lookups came out: a hit of any service is a hit; otherwise one that
// did not answer in full leaves the check not made.
func (e *encounter) judgeLookups(enabled bool) verdict.Result {
	r := verdict.Result{Check: verdict.Interpol, Outcome: verdict.NotChecked}
	switch {
	case !enabled:
		r.Reason = verdict.ReasonNotAvailable
		return r
	case e.lookup.missed:
		r.Reason = verdict.ReasonHub
		return r
	case !e.lookup.asked:
		r.Reason = verdict.ReasonUnreadable
		return r
	case e.lookup.answers == nil:
		r.Reason = verdict.ReasonPending
		return r
	}
	clear := len(e.lookup.answers) > 0
	for _, a := range e.lookup.answers {
		switch a.Outcome {
		case string(verdict.Hit):
			r.Outcome, r.Reason = verdict.Hit, verdict.ReasonListed
			for _, h := range a.Hits {
				r.Hits = append(r.Hits, a.Service+"/"+h)
			}
		case string(verdict.Clear):
		default: // not_checked, or what a newer hub says
			clear = false
		}
	}
	switch {
	case r.Outcome == verdict.Hit:
	case clear:
		r.Outcome = verdict.Clear
	default:
		r.Reason = verdict.ReasonService
	}
	return r
}
