package counter

import (
	"cmp"
	"context"
	"slices"

	"garita/border"
	"garita/border/journal"
)

// restore fills the queues from the drafts on the disk and shows what each counter
// recorded last, once. While the disk is full or failing it does nothing: the counters
// come up empty and say so, and Refresh tries again.
func (s *Service) restore(ctx context.Context) error {
	s.restoring.Lock()
	defer s.restoring.Unlock()
	if s.restored {
		return nil
	}
	err := s.restoreAll(ctx)
	if s.restored = err == nil; border.CodeOf(err) == border.Unavailable {
		return nil
	}
	return err
}

func (s *Service) restoreAll(ctx context.Context) error {
	drafts, unreadable, err := s.cfg.Journal.Drafts(ctx)
	if err != nil {
		return err
	}
	if unreadable > 0 {
		s.cfg.Log.Warn("counter: drafts could not be read and were left out", "count", unreadable)
	}
	for _, d := range drafts {
		if p := s.places[d.Counter]; p != nil { // else the counter was taken out of the configuration
			s.restoreDraft(ctx, p, d)
		}
	}
	newest, err := s.cfg.Journal.Newest(ctx, 1000)
	if err != nil {
		return err
	}
	for _, id := range s.order {
		if err := s.restoreLast(ctx, s.places[id], newest); err != nil {
			return err
		}
	}
	return nil
}

// restoreDraft lets an encounter wait that was open or waiting when the station stopped.
func (s *Service) restoreDraft(ctx context.Context, p *place, d journal.Draft) {
	p.work.Lock()
	defer p.work.Unlock()
	p.mu.Lock()
	known := p.open != nil && p.open.id == d.Encounter || slices.ContainsFunc(p.queue, func(e *encounter) bool { return e.id == d.Encounter })
	p.mu.Unlock()
	if known {
		return
	}
	if _, err := s.cfg.Journal.Crossing(ctx, d.Encounter); err == nil {
		return // it ended after the drafts were read
	}
	e, err := s.readDraft(d)
	if err != nil {
		s.cfg.Log.Warn("counter: a draft could not be read and was left out", "error", err)
		return
	}
	s.check(ctx, e)
	p.change(func() {
		e.judge(s.cfg.Policy, p.direction)
		p.orders = max(p.orders, e.order)
		at, _ := slices.BinarySearchFunc(p.queue, e, func(q, e *encounter) int { return cmp.Compare(q.order, e.order) })
		p.queue = slices.Insert(p.queue, at, e)
	})
}

// restoreLast shows what a counter recorded last, and how many today.
func (s *Service) restoreLast(ctx context.Context, p *place, newest []border.Event) error {
	p.work.Lock()
	defer p.work.Unlock()
	day := s.cfg.Journal.Today(s.cfg.Clock.Now())
	counts, err := s.cfg.Journal.Counts(ctx, day)
	if err != nil {
		return err
	}
	var last *LastRecorded
	for i := range newest {
		h, err := newest[i].ReadHeader()
		if err == nil && h.Crossing != nil && h.Counter == p.id {
			l := s.lastRecorded(&newest[i], h)
			l.AfterRestart = true
			last = &l
			break
		}
	}
	p.change(func() {
		if p.last == nil {
			p.last = last
		}
		p.day, p.today = day, Today{}
		for _, c := range counts {
			if c.Counter == p.id {
				p.today.add(c.Outcome, c.N)
			}
		}
	})
	return nil
}

func (t *Today) add(o border.Outcome, n int64) {
	switch o {
	case border.Admitted:
		t.Entries += n
	case border.Departed:
		t.Exits += n
	default:
		t.Other += n
	}
}
