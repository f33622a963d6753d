package counter

import (
	"cmp"
	"context"

	"garita/border"
)

// Need notes that the person of the open encounter, or of a member of the group, may need
// protection. From then on refusal is blocked until the person is handed over or the duty
// supervisor lifts the note. Kind and reason go into the protection part only, under a key of
// its own: no view, no table and no log has them.
func (s *Service) Need(ctx context.Context, at At, id border.ID, kind, reason string) error {
	const op = "note a need for protection"
	if err := s.coded(op, "needs", kind, reason); err != nil {
		return err
	}
	return s.work(ctx, op, at, func(ctx context.Context, p *place, o Officer) error {
		e, err := p.inHand(op, id)
		if err != nil {
			return err
		}
		next := e.copy()
		if len(next.needs) >= needsLimit {
			return &border.Error{Code: border.Conflict, Op: op, Message: "Enough is noted for this person. Hand over, or call the duty supervisor."}
		}
		next.needs = append(next.needs, border.Need{Kind: kind, Reason: reason, By: o.Badge})
		return s.replace(ctx, p, e, next)
	})
}

// needsLimit bounds the notes of one person.
const needsLimit = 10

// LiftNeeds lifts the notes of a need for protection, with a supervisor's reason. That they
// were made and lifted stays on record, in the protection part.
func (s *Service) LiftNeeds(ctx context.Context, l Lifting) error {
	const op = "lift a need for protection"
	o, err := s.officer(l.Officer)
	if err != nil {
		return err
	}
	a, err := s.bySupervisor(op, actLiftNeed, o, l.Agreement, s.near(o, l.Agreement, s.supervisor))
	if err != nil {
		return err
	}
	if l.Reason == "" || len(l.Reason) > noteLimit {
		return &border.Error{Code: border.Invalid, Op: op, Message: "Say why, in at most 500 bytes."}
	}
	return s.work(ctx, op, l.At, func(ctx context.Context, p *place, o Officer) error {
		e, err := p.inHand(op, l.Encounter)
		if err != nil {
			return err
		}
		if !e.protected() {
			return &border.Error{Code: border.Conflict, Op: op, Message: "Nothing is noted that could be lifted."}
		}
		next := e.copy()
		for i := range next.needs {
			if n := &next.needs[i]; n.LiftedBy == "" {
				n.LiftedBy, n.Lifted, n.Awaiting = cmp.Or(a.by.Badge, o.Badge), l.Reason, a.reason
			}
		}
		return s.replace(ctx, p, e, next)
	})
}
