package counter

import (
	"context"
	"slices"
	"time"

	"garita/border"
)

// ask puts the documents' and the person's history to the hub in the background, unless a
// question about this encounter is under way or answered already; again asks even if it is
// answered. The caller judges afterwards. p.mu is held.
func (s *Service) ask(p *place, e *encounter, again bool) {
	s.lookUp(p, e)
	listed := e.listed()
	doubtful := slices.ContainsFunc(listed, func(b border.BlindIndex) bool { _, known := e.exact[b]; return !known }) // the list has changed, perhaps
	if len(e.blinds) == 0 && e.person == nil && len(listed) == 0 || e.asking || e.heard && !again && !doubtful {
		return
	}
	e.hubMissed = true // until the question is on its way
	if !s.cfg.HubState().Connected {
		return
	}
	select {
	case s.slots <- struct{}{}:
	default: // the hub is slow; more questions would not make it faster
		return
	}
	q := inquiry{number: e.inquiry, blinds: e.blinds, person: e.person, listed: listed}
	if !s.start(func() { s.await(p, e, q) }) {
		<-s.slots
		return
	}
	e.asking, e.hubMissed = true, false
}

// inquiry is what the hub is asked about one encounter.
type inquiry struct {
	number uint64
	blinds []border.BlindIndex
	person *border.BlindIndex
	listed []border.BlindIndex
}

// start runs f in the background unless the service is closing.
func (s *Service) start(f func()) bool {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.asking.Go(f)
	return true
}

// answer is what came of an inquiry.
type answer struct {
	crossings, twins []border.PastCrossing
	listed           map[border.BlindIndex]bool
	err              error
}

// inquire puts one question for each document; the person is asked about with the first.
func (s *Service) inquire(ctx context.Context, in inquiry) (out answer) {
	if len(in.blinds) == 0 {
		in.blinds = make([]border.BlindIndex, 1) // no document: the person alone
	}
	for i, blind := range in.blinds {
		q := border.DocumentQuestion{Station: s.cfg.Station, Blind: blind, Limit: historyLimit}
		if i == 0 {
			q.Person, q.Listed = in.person, in.listed
		}
		a, err := s.cfg.Hub.AskDocument(ctx, q)
		if err != nil {
			return answer{err: err}
		}
		out.crossings, out.twins = append(out.crossings, a.Crossings...), append(out.twins, a.SamePerson...)
		if i == 0 {
			out.listed = a.Listed
		}
	}
	return out
}

// await waits for the hub's answer. After hubDeadline the screen says that the hub was not
// asked in time; the answer still counts when it comes, unless the encounter has got another
// document meanwhile.
func (s *Service) await(p *place, e *encounter, in inquiry) {
	defer func() { <-s.slots }()
	ctx, cancel := context.WithTimeout(s.ctx, hubPatience)
	defer cancel()
	came := make(chan answer, 1)
	s.asking.Go(func() { came <- s.inquire(ctx, in) })
	late := time.NewTimer(hubDeadline)
	defer late.Stop()
	for {
		select {
		case <-late.C:
			p.change(func() {
				if e.inquiry == in.number {
					e.hubMissed = true
					s.judge(p, e)
				}
			})
		case a := <-came:
			p.change(func() {
				if e.inquiry != in.number {
					return
				}
				if e.asking = false; a.err != nil {
					e.hubMissed = true
				} else {
					e.heard, e.hubMissed, e.elsewhere, e.twins, e.exact = true, false, a.crossings, a.twins, a.listed
				}
				s.judge(p, e)
			})
			return
		}
	}
}
