package counter

import (
	"context"
	"encoding/json"

	"garita/border"
	"garita/border/journal"
)

// keep writes the draft before the verdict is shown, so that what was on the screen is
// there again after a power cut. A disk that will not take it delays nobody.
func (s *Service) keep(ctx context.Context, p *place, e *encounter) { s.keepAt(ctx, p, p.id, e) }

// keepAt writes the draft of an encounter that is at a counter, or with no counter on the
// post's list.
func (s *Service) keepAt(ctx context.Context, p *place, at border.CounterID, e *encounter) {
	d, err := s.draftOf(ctx, e)
	if err == nil {
		err = s.saveDraft(ctx, p, journal.Draft{Encounter: e.id, Counter: at}, &d)
	}
	e.durable = err == nil
	if err != nil {
		s.cfg.Log.Error("counter: an open encounter is not on the disk", "counter", p.id, "error", err)
	}
}

// keepGroup writes the draft of a group. p.work is held.
func (s *Service) keepGroup(ctx context.Context, p *place, g *group) error {
	party := &partyDraft{Kind: g.kind, Shared: g.shared, People: g.people()}
	for _, m := range g.members {
		if m.outcome != "" {
			party.Ended = append(party.Ended, endedMember{Encounter: m.id, Outcome: m.outcome, Particulars: m.particulars()})
		}
	}
	for _, m := range g.away {
		party.Away = append(party.Away, endedMember{Encounter: m.id, Particulars: m.particulars()})
	}
	err := s.saveDraft(ctx, p, journal.Draft{Encounter: g.id, Counter: p.id}, &draft{OpenedAt: g.openedAt, Party: party})
	if err != nil {
		return &border.Error{Code: border.NotDurable, Op: "keep a group", Message: "The disk did not keep the group. Try again.", Err: err}
	}
	return nil
}

// keepParty writes the draft of the open group after somebody of it was recorded or referred. If it
// fails the event stands: a restart finds in the journal who is through.
func (s *Service) keepParty(ctx context.Context, p *place) {
	p.mu.Lock()
	g := p.group
	p.mu.Unlock()
	if g == nil {
		return
	}
	if err := s.keepGroup(ctx, p, g); err != nil {
		s.cfg.Log.Warn("counter: a group is not on the disk as it stands", "counter", p.id, "error", err)
	}
}

// particulars are those of any encounter, as if they had been keyed.
func (e *encounter) particulars() Particulars {
	if e.keyed != nil {
		return *e.keyed
	}
	d := e.doc
	return Particulars{DocumentNumber: d.DocumentNumber, IssuingState: d.IssuingState, Surname: d.Surname, GivenNames: d.GivenNames,
		Nationality: d.Nationality, BirthDate: d.BirthDate, Sex: d.Sex, ExpiryDate: d.ExpiryDate}
}

// saveDraft seals and writes a draft, and drops those that have ended with it.
func (s *Service) saveDraft(ctx context.Context, p *place, to journal.Draft, d *draft) error {
	var err error
	if to.Content, err = json.Marshal(d); err != nil {
		return &border.Error{Code: border.Internal, Op: "write a draft"} // the cause could repeat content
	}
	p.mu.Lock()
	ended := p.ended
	p.ended = nil
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), draftDeadline)
	defer cancel()
	err = s.cfg.Journal.SaveDraft(ctx, to, ended...)
	if err != nil {
		p.mu.Lock()
		p.ended = append(ended, p.ended...)
		p.mu.Unlock()
	}
	return err
}
