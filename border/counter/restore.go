package counter

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"garita/border"
	"garita/border/journal"
	"garita/border/manifest"
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
	if err := s.restoreShift(ctx); err != nil {
		return err
	}
	if err := s.restoreBiometrics(ctx); err != nil {
		return err
	}
	newest, err := s.cfg.Journal.Newest(ctx, 1000)
	if err != nil {
		return err
	}
	for _, id := range s.order { // before the encounters, which go in the counter's direction
		if err := s.restoreHolder(ctx, s.places[id]); err != nil {
			return err
		}
	}
	s.restoreDrafts(ctx, drafts, newest)
	for _, id := range s.order {
		if err := s.restoreLast(ctx, s.places[id], newest); err != nil {
			return err
		}
	}
	s.sweep(drafts, unreadable)
	return nil
}

// restoreDrafts brings back groups, then the encounters that were open, waiting or referred.
func (s *Service) restoreDrafts(ctx context.Context, drafts []journal.Draft, newest []border.Event) {
	type readable struct {
		journal.Draft
		content draft
	}
	var encounters []readable
	for _, d := range drafts {
		r := readable{Draft: d}
		if err := json.Unmarshal(d.Content, &r.content); err != nil { // the cause could repeat content
			s.cfg.Log.Warn("counter: a draft could not be read and was left out")
			continue
		}
		p := s.places[d.Counter]
		switch {
		case r.content.Party != nil && p != nil:
			s.restoreGroup(p, &d, &r.content, newest)
		case d.Counter == "" && r.content.Referred != nil, p != nil: // else the counter was taken out of the configuration
			encounters = append(encounters, r)
		}
	}
	for i := range encounters {
		r := &encounters[i]
		e, err := s.readDraft(r.Draft, &r.content)
		if err != nil {
			s.cfg.Log.Warn("counter: a draft could not be read and was left out", "error", err)
			continue
		}
		if r.Counter == "" {
			s.restoreReferral(ctx, e)
		} else {
			s.restoreEncounter(ctx, s.places[r.Counter], e)
		}
	}
}

// restoreGroup brings back a group with those of it who are through.
func (s *Service) restoreGroup(p *place, d *journal.Draft, f *draft, newest []border.Event) {
	p.work.Lock()
	defer p.work.Unlock()
	g := &group{id: d.Encounter, kind: f.Party.Kind, openedAt: f.OpenedAt, shared: f.Party.Shared}
	if g.shared == nil {
		g.shared = map[string]string{}
	}
	if len(f.Party.People) > 0 {
		g.list = &manifest.List{People: f.Party.People}
	}
	for _, m := range s.through(g, f.Party.Ended, newest) {
		e := &encounter{id: m.Encounter, group: &g.id, outcome: m.Outcome, paperwork: paperwork{doc: m.Particulars.document()}}
		g.match(e)
		g.members = append(g.members, e)
	}
	for _, m := range f.Party.Away {
		e := &encounter{id: m.Encounter, paperwork: paperwork{doc: m.Particulars.document()}}
		g.match(e)
		g.away = append(g.away, e)
	}
	p.change(func() {
		if p.group == nil {
			p.group = g
		}
	})
}

// through adds the members whose crossing was recorded after the group's draft was written.
func (s *Service) through(g *group, ended []endedMember, newest []border.Event) []endedMember {
	for i := len(newest) - 1; i >= 0; i-- {
		h, err := newest[i].ReadHeader()
		if err != nil || h.Group == nil || *h.Group != g.id || h.Crossing == nil ||
			slices.ContainsFunc(ended, func(m endedMember) bool { return m.Encounter == *h.Crossing }) {
			continue
		}
		m := endedMember{Encounter: *h.Crossing, Outcome: border.Outcome(h.Outcome)}
		if plain, err := s.cfg.Keys.Open(&newest[i], border.PartPersonal); err == nil {
			var person border.Personal
			if json.Unmarshal(plain, &person) == nil {
				m.Particulars = restoreEncounter(&h, &person).particulars()
			}
		}
		ended = append(ended, m)
	}
	return ended
}

// restoreReferral puts an encounter back on the post's list.
func (s *Service) restoreReferral(ctx context.Context, e *encounter) {
	if _, err := s.cfg.Journal.Crossing(ctx, e.id); err == nil {
		return // it ended after the drafts were read
	}
	s.check(ctx, e)
	p := &place{direction: e.referred.Direction}
	s.judge(p, e)
	s.list.Lock()
	defer s.list.Unlock()
	if !slices.ContainsFunc(s.referrals, func(r *encounter) bool { return r.id == e.id }) {
		s.referrals = append(s.referrals, e)
	}
}

// restoreEncounter lets an encounter wait that was open or waiting when the station stopped;
// one of a group waits in its group.
func (s *Service) restoreEncounter(ctx context.Context, p *place, e *encounter) {
	p.work.Lock()
	defer p.work.Unlock()
	p.mu.Lock()
	same := func(q *encounter) bool { return q.id == e.id }
	known := p.open != nil && p.open.id == e.id || slices.ContainsFunc(p.queue, same) || p.group != nil && slices.ContainsFunc(p.group.members, same)
	p.mu.Unlock()
	if known {
		return
	}
	ev, err := s.cfg.Journal.Crossing(ctx, e.id)
	through := err == nil // it ended after the draft was written
	if through && e.group == nil {
		return
	}
	s.check(ctx, e)
	p.change(func() {
		s.judge(p, e)
		p.orders = max(p.orders, e.order)
		if g := p.group; g != nil && e.group != nil && *e.group == g.id {
			if h, err := ev.ReadHeader(); through && err == nil {
				e.outcome = border.Outcome(h.Outcome)
			}
			g.match(e)
			g.members = append(g.members, e)
			return
		}
		if e.group = nil; through {
			return
		}
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
