package counter

import (
	"context"
	"slices"

	"garita/border"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/seal"
)

// openReferrals lists the ids on the post's list, oldest first; nil if it is empty.
func (s *Service) openReferrals() []border.ID {
	s.list.Lock()
	defer s.list.Unlock()
	var out []border.ID
	for _, e := range s.referrals {
		out = append(out, e.id)
	}
	return out
}

// referralItems is the post's list as screens show it.
func (s *Service) referralItems() []ReferralItem {
	s.list.Lock()
	defer s.list.Unlock()
	out := make([]ReferralItem, 0, len(s.referrals))
	for _, e := range s.referrals {
		out = append(out, ReferralItem{QueueItem: e.item(), Reason: e.referred.Reason, By: s.named(e.referred.By), At: e.referred.At,
			Direction: e.referred.Direction})
	}
	return out
}

// named gives the name of an officer by badge.
func (s *Service) named(badge string) string {
	return s.find(func(o Officer) bool { return o.Badge == badge }).Name
}

// referredAlready finds a person of the post's list who shows a document of the encounter.
func (s *Service) referredAlready(e *encounter) *border.ID {
	s.list.Lock()
	defer s.list.Unlock()
	for _, r := range s.referrals {
		if r.id != e.id && slices.ContainsFunc(e.papers(), func(w *paperwork) bool { return r.shows(w.doc) }) {
			return &r.id
		}
	}
	return nil
}

// referralsLimit bounds the post's list.
const referralsLimit = 500

func (s *Service) referredCount() int {
	s.list.Lock()
	defer s.list.Unlock()
	return len(s.referrals)
}

// Refer puts the open encounter on the post's list, where it stays through restarts and
// changes of shift until an officer takes it and it ends in an outcome.
func (s *Service) Refer(ctx context.Context, r Referral) error {
	const op = "refer a traveller"
	if err := s.coded(op, "referral_reasons", r.Reason, r.Note); err != nil {
		return err
	}
	return s.work(ctx, op, r.At, func(ctx context.Context, p *place, o Officer) error {
		e, err := p.inHand(op, r.Encounter)
		if err != nil {
			return err
		}
		if s.referredCount() >= referralsLimit {
			return &border.Error{Code: border.Conflict, Op: op, Message: "The post's list is full. Take and decide some of it first."}
		}
		next := e.copy()
		p.mu.Lock()
		if p.group != nil && e.group != nil { // what the group said once goes with the person
			merge(&next.values, p.group.shared)
			merge(&next.values, e.values)
		}
		next.group = nil
		direction := e.heads(p.direction)
		next.verdict, next.findings = e.verdict, e.findings
		p.mu.Unlock()
		next.referred = &referred{By: o.Badge, Reason: r.Reason, Note: r.Note, At: s.now(), Direction: direction}
		if s.keepAt(ctx, p, "", next); !next.durable {
			return &border.Error{Code: border.NotDurable, Op: op,
				Message: "The disk did not keep the referral. The encounter is still open here. Try again."}
		}
		entry, err := s.trace(ctx, border.TypeEncounterReferred, e, p.id, o, border.Personal{Reason: r.Note})
		if err != nil {
			return err
		}
		entry.Header.Ground, entry.Header.Direction = r.Reason, direction
		if _, err := s.record(ctx, p, o, entry); err != nil {
			s.keep(ctx, p, e.copy()) // open here again, also after a restart
			return err
		}
		s.list.Lock()
		s.referrals = append(s.referrals, next)
		s.list.Unlock()
		p.change(func() {
			if p.group != nil && slices.Contains(p.group.members, e) {
				p.group.away = append(p.group.away, e)
			}
			p.drop(e)
		})
		s.keepParty(ctx, p)
		s.announce()
		return nil
	})
}

// drop takes an encounter off the screen, or out of the group. p.mu is held.
func (p *place) drop(e *encounter) {
	if p.open == e {
		p.open = nil
	}
	p.queue = slices.DeleteFunc(p.queue, func(q *encounter) bool { return q == e })
	if p.group != nil {
		p.group.members = slices.DeleteFunc(p.group.members, func(m *encounter) bool { return m == e })
	}
}

// TakeReferral opens an encounter of the post's list at a counter where none is open. It is
// checked anew.
func (s *Service) TakeReferral(ctx context.Context, at At, id border.ID) error {
	const op = "take a referral"
	return s.work(ctx, op, at, func(ctx context.Context, p *place, o Officer) error {
		p.mu.Lock()
		busy := p.open != nil
		p.mu.Unlock()
		if busy {
			return &border.Error{Code: border.Conflict, Op: op, Message: "Finish the open encounter first."}
		}
		e := s.claim(id)
		if e == nil {
			return &border.Error{Code: border.NotFound, Op: op, Message: "Nobody is on the post's list under that number. Another officer may have taken the traveller."}
		}
		back := func(err error) error {
			s.list.Lock()
			s.referrals = append(s.referrals, e)
			s.list.Unlock()
			return err
		}
		entry, err := s.trace(ctx, border.TypeEncounterTaken, e, p.id, o, border.Personal{})
		if err != nil {
			return back(err)
		}
		entry.Header.From, entry.Header.Direction = s.cfg.Blinder.Officer(e.referred.By), e.referred.Direction
		if _, err := s.record(ctx, p, o, entry); err != nil {
			return back(err)
		}
		next := e.copy()
		p.orders++
		next.order, next.inquiry = p.orders, e.inquiry+1
		if next.direction == "" {
			next.direction = e.referred.Direction // wherever it is taken, the traveller goes the same way
		}
		s.check(ctx, next)
		s.keep(ctx, p, next)
		p.change(func() {
			p.open, p.notice = next, ""
			s.ask(p, next, true)
			s.judge(p, next)
		})
		s.announce()
		return nil
	})
}

// claim takes an encounter off the post's list, so that two officers cannot have it.
func (s *Service) claim(id border.ID) *encounter {
	s.list.Lock()
	defer s.list.Unlock()
	for i, e := range s.referrals {
		if e.id == id {
			s.referrals = slices.Delete(s.referrals, i, i+1)
			return e
		}
	}
	return nil
}

// coded checks a code of one of the form's lists and a note.
func (s *Service) coded(op, list, code, note string) error {
	if !slices.ContainsFunc(s.cfg.Form.Codes(list), func(c form.Code) bool { return c.Code == code }) {
		return &border.Error{Code: border.Invalid, Op: op, Message: "Choose a reason from the list."}
	}
	if len(note) > noteLimit {
		return &border.Error{Code: border.Invalid, Op: op, Message: "A note has at most 500 bytes."}
	}
	return nil
}

// trace makes the entry of an event about an encounter that is no crossing: who it was about
// stands in the sealed part.
func (s *Service) trace(ctx context.Context, typ string, e *encounter, c border.CounterID, o Officer, person border.Personal) (*journal.Entry, error) {
	keys, err := s.cfg.Keys.Ready(ctx, s.bucket())
	if err != nil {
		return nil, err
	}
	h := s.header(typ, c, o)
	h.Crossing, h.Identity, h.Group = &e.id, e.identity, e.group
	e.describe(&person)
	person.Officer = o.Badge
	p := s.places[c]
	p.mu.Lock() // an answer that comes in judges anew
	silent := e.silent
	p.mu.Unlock()
	hub, err := seal.HubOnly(silent)
	if err != nil {
		return nil, err
	}
	personal, err := encode(&person)
	return &journal.Entry{Header: h, Personal: personal, HubOnly: hub, Keys: keys}, err
}
