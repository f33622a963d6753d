package counter

import (
	"context"
	"slices"

	"garita/border"
	"garita/border/seal"
)

// Abandon ends an encounter without a crossing: the traveller left the line, or it was opened
// by mistake. It leaves a trace in the journal. It may be open, wait in the queue, or be a
// member of the group.
func (s *Service) Abandon(ctx context.Context, at At, id border.ID, reason, note string) error {
	const op = "abandon an encounter"
	if err := s.coded(op, "abandon_reasons", reason, note); err != nil {
		return err
	}
	return s.work(ctx, op, at, func(ctx context.Context, p *place, o Officer) error {
		e, err := p.inHand(op, id)
		if err != nil {
			p.mu.Lock()
			i := slices.IndexFunc(p.queue, func(q *encounter) bool { return q.id == id })
			if i >= 0 {
				e, err = p.queue[i], nil
			}
			p.mu.Unlock()
		}
		if err != nil {
			return err
		}
		if e.protected() {
			return protectedError(op)
		}
		return s.abandon(ctx, p, e, o, reason, note)
	})
}

// abandon records the trace and takes the encounter off the screen. p.work is held.
func (s *Service) abandon(ctx context.Context, p *place, e *encounter, o Officer, reason, note string) error {
	entry, err := s.trace(ctx, border.TypeEncounterAbandoned, e, p.id, o, border.Personal{Reason: note})
	if err != nil {
		return err
	}
	if len(e.needs) > 0 { // all lifted; that they were made stays on record
		if entry.Protection, err = seal.Protection(&border.Protection{Needs: e.needs}); err != nil {
			return err
		}
	}
	p.mu.Lock()
	entry.Header.Direction = e.heads(p.direction)
	p.mu.Unlock()
	entry.Header.Ground, entry.Crossing = reason, e.id // an encounter ends once
	r, err := s.record(ctx, p, o, entry)
	if err != nil {
		return err
	}
	p.change(func() {
		p.drop(e)
		p.ended = append(p.ended, e.id)
	})
	if r.Replayed && r.Header.Type != border.TypeEncounterAbandoned { // its images are named
		return &border.Error{Code: border.Conflict, Op: "abandon an encounter", Message: "This encounter has ended already. See what was recorded last."}
	}
	s.release(ctx, e.id, attachments(e.fingers, e.files))
	return nil
}
