package counter

import (
	"context"
	"slices"
	"time"

	"garita/border"
	"garita/border/verdict"
)

// lookup is what the hub was asked to look up with other people's services about an encounter.
type lookup struct {
	number  uint64           // counts the questions: an answer to an earlier one is out of place
	about   []border.Inquiry // what was asked, but for direction and officer
	asked   bool             // the question is under way, or answered
	missed  bool             // the hub could not be asked, or did not answer
	done    bool             // it is answered, if by no service
	answers []border.LookupAnswer
}

// lookupPatience is how long the services behind the hub are waited for. The verdict does not:
// their answer improves it when it comes.
const lookupPatience = 20 * time.Second

// lookUp has the hub look up the person and the documents in the background, once for each state
// of what they say. The caller judges afterwards. p.mu is held.
func (s *Service) lookUp(p *place, e *encounter) {
	if !s.cfg.Lookups {
		return
	}
	about := e.inquiries()
	if slices.Equal(about, e.lookup.about) && (e.lookup.asked || len(about) == 0) {
		return
	}
	next := lookup{number: e.lookup.number + 1, about: about, missed: len(about) > 0} // until the question is on its way
	if slices.Equal(about, e.lookup.about) {
		next.answers = e.lookup.answers // a hit stays one while the rest is asked again
	}
	e.lookup = next
	if len(about) == 0 || !s.cfg.HubState().Connected {
		return
	}
	var questions [][]byte
	for _, q := range about {
		q.Station, q.Purpose = s.cfg.Station, e.heads(p.direction)
		if p.holder != nil {
			q.By = s.cfg.Blinder.Officer(p.holder.Badge)
		}
		sealed, err := s.cfg.Keys.SealInquiry(&q)
		if err != nil {
			s.cfg.Log.Error("counter: an inquiry could not be sealed", "error", err)
			return
		}
		questions = append(questions, sealed)
	}
	select {
	case s.slots <- struct{}{}:
	default: // the hub is slow; more questions would not make it faster
		return
	}
	if !s.start(func() { s.awaitLookup(p, e, next.number, questions) }) {
		<-s.slots
		return
	}
	e.lookup.asked, e.lookup.missed = true, false
}

// inquiries are what is looked up: each document with whom it names. Of a keyed document nobody
// knows under which type it was reported.
func (e *encounter) inquiries() (out []border.Inquiry) {
	for _, w := range e.papers() {
		d := w.doc
		if !w.number() && d.Surname == "" && d.GivenNames == "" {
			continue
		}
		types := []string{d.DocumentCode}
		if w.keyed != nil && w.number() {
			types = keyedClasses
		}
		for _, t := range types {
			out = append(out, border.Inquiry{Issuer: d.IssuingState, Type: t, Number: d.DocumentNumber, Surname: d.Surname, GivenNames: d.GivenNames,
				BirthDate: d.BirthDate, Sex: d.Sex, Nationality: d.Nationality})
		}
	}
	return out
}

func (s *Service) awaitLookup(p *place, e *encounter, number uint64, questions [][]byte) {
	defer func() { <-s.slots }()
	ctx, cancel := context.WithTimeout(s.ctx, lookupPatience)
	defer cancel()
	var answers []border.LookupAnswer
	var err error
	for _, q := range questions {
		var a border.DocumentAnswer
		if a, err = s.cfg.Hub.AskDocument(ctx, border.DocumentQuestion{Station: s.cfg.Station, Limit: 1, Inquiry: q}); err != nil {
			break
		}
		if len(a.Lookups) == 0 { // a hub that does not know the question: nothing was asked of this document
			a.Lookups = []border.LookupAnswer{{Outcome: string(verdict.NotChecked)}}
		}
		answers = append(answers, a.Lookups...)
	}
	p.change(func() {
		if e.lookup.number != number {
			return // it has got another document meanwhile
		}
		if e.lookup.answers, e.lookup.done = answers, true; err != nil {
			e.lookup.asked, e.lookup.missed = false, true
		}
		s.judge(p, e)
	})
}

// recordedLookups bounds how many references of services a verdict names: the record has room for
// so many, and nobody reads more.
const recordedLookups = 64

// judgeLookups says how the lookups came out: a hit of any service is a hit; otherwise one that
// did not answer in full leaves the check not made.
func (e *encounter) judgeLookups(enabled bool) verdict.Result {
	r := verdict.Result{Check: verdict.Interpol, Outcome: verdict.NotChecked}
	clear := len(e.lookup.answers) > 0
	for _, a := range e.lookup.answers {
		switch a.Outcome {
		case string(verdict.Hit):
			r.Outcome, r.Reason = verdict.Hit, verdict.ReasonListed
			for _, h := range a.Hits[:min(len(a.Hits), recordedLookups-len(r.Hits))] {
				r.Hits = append(r.Hits, a.Service+"/"+h)
			}
		case string(verdict.Clear):
		default: // not_checked, or what a newer hub says
			clear = false
		}
	}
	switch {
	case r.Outcome == verdict.Hit: // whatever else could not be asked
	case !enabled:
		r.Reason = verdict.ReasonNotAvailable
	case e.lookup.missed:
		r.Reason = verdict.ReasonHub
	case !e.lookup.asked:
		r.Reason = verdict.ReasonUnreadable
	case !e.lookup.done:
		r.Reason = verdict.ReasonPending
	case clear:
		r.Outcome = verdict.Clear
	default:
		r.Reason = verdict.ReasonService
	}
	return r
}
