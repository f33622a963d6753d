package counter

import (
	"context"
	"time"

	"garita/border"
	"garita/border/verdict"
)

// ask puts the document's history to the hub in the background. p.mu is held.
func (s *Service) ask(p *place, e *encounter) {
	if e.blind == nil || e.heard || s.ctx.Err() != nil {
		return
	}
	e.asks++
	e.hubMissed = false
	if !s.cfg.HubState().Connected {
		s.missed(p, e)
		return
	}
	select {
	case s.slots <- struct{}{}:
	default: // the hub is slow; more questions would not make it faster
		s.missed(p, e)
		return
	}
	e.results[verdict.HistoryElsewhere] = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonPending}
	e.judge(s.cfg.Policy, p.direction)
	n, q := e.asks, border.DocumentQuestion{Station: s.cfg.Station, Blind: *e.blind, Limit: historyLimit}
	s.asking.Go(func() {
		defer func() { <-s.slots }()
		s.await(p, e, n, q)
	})
}

// await waits for the hub's answer. After hubDeadline the screen says that the hub was not
// asked in time; the answer still counts when it comes.
func (s *Service) await(p *place, e *encounter, n int, q border.DocumentQuestion) {
	ctx, cancel := context.WithTimeout(s.ctx, hubPatience)
	defer cancel()
	late := time.AfterFunc(hubDeadline, func() {
		p.mu.Lock()
		overtaken := e.asks != n || e.heard
		p.mu.Unlock()
		if !overtaken {
			p.change(func() { s.missed(p, e) })
		}
	})
	defer late.Stop()
	answer, err := s.cfg.Hub.AskDocument(ctx, q)
	if s.ctx.Err() != nil {
		return
	}
	p.change(func() {
		if e.asks != n || e.heard {
			return
		}
		if err != nil {
			s.missed(p, e)
			return
		}
		e.heard, e.hubMissed, e.elsewhere = true, false, answer.Crossings
		e.judge(s.cfg.Policy, p.direction)
	})
}

// missed notes that the hub could not be asked. p.mu is held.
func (s *Service) missed(p *place, e *encounter) {
	if e.heard {
		return
	}
	e.hubMissed = true
	e.results[verdict.HistoryElsewhere] = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonHub}
	e.judge(s.cfg.Policy, p.direction)
}
