package counter

import (
	"context"
	"time"

	"garita/border"
)

// ask puts the document's history to the hub in the background, unless a question about
// this encounter is under way or answered already; again asks even if it is answered.
// The caller judges afterwards. p.mu is held.
func (s *Service) ask(p *place, e *encounter, again bool) {
	if e.blind == nil || e.asking || e.heard && !again {
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
	q := border.DocumentQuestion{Station: s.cfg.Station, Blind: *e.blind, Limit: historyLimit}
	if !s.start(func() { s.await(p, e, q) }) {
		<-s.slots
		return
	}
	e.asking, e.hubMissed = true, false
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

// answer is what came of a question.
type answer struct {
	border.DocumentAnswer
	err error
}

// await waits for the hub's answer. After hubDeadline the screen says that the hub was not
// asked in time; the answer still counts when it comes. The encounter shows one document
// as long as it lives, so no answer to it is ever out of place.
func (s *Service) await(p *place, e *encounter, q border.DocumentQuestion) {
	defer func() { <-s.slots }()
	ctx, cancel := context.WithTimeout(s.ctx, hubPatience)
	defer cancel()
	came := make(chan answer, 1)
	s.asking.Go(func() {
		a, err := s.cfg.Hub.AskDocument(ctx, q)
		came <- answer{a, err}
	})
	late := time.NewTimer(hubDeadline)
	defer late.Stop()
	for {
		select {
		case <-late.C:
			p.change(func() {
				e.hubMissed = true
				e.judge(s.cfg.Policy, p.direction)
			})
		case a := <-came:
			p.change(func() {
				if e.asking = false; a.err != nil {
					e.hubMissed = true
				} else {
					e.heard, e.hubMissed, e.elsewhere = true, false, a.Crossings
				}
				e.judge(s.cfg.Policy, p.direction)
			})
			return
		}
	}
}
