package counter

import (
	"context"

	"garita/border"
	"garita/border/verdict"
)

// Member names a member of a group with the verdict that was painted of it.
type Member struct {
	Encounter border.ID
	Revision  uint64
}

// MemberResult says what came of one member: Recorded, or why not.
type MemberResult struct {
	Encounter border.ID      `json:"encounter"`
	Outcome   border.Outcome `json:"outcome"` // "" if it was not recorded
	Problem   border.Code    `json:"problem"` // "" if it was recorded
	Message   string         `json:"message"` // plain words; "" if it was recorded
}

// DecideGroup admits members of the group, or lets them depart, each with the own checks and
// the own crossing. Only those that are ready are recorded; a hit, an open question or a
// verdict that has worsened holds its person and nobody else. It may be retried.
func (s *Service) DecideGroup(ctx context.Context, at At, members []Member) ([]MemberResult, error) {
	const op = "decide a group"
	if len(members) == 0 || len(members) > groupLimit {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "Name 1 to 500 members of the group."}
	}
	var out []MemberResult
	err := s.withGroup(ctx, op, at, func(ctx context.Context, p *place, _ *group, o Officer) error {
		for _, m := range members {
			out = append(out, s.decideMember(ctx, p, m, o))
		}
		s.keepParty(ctx, p)
		return nil
	})
	return out, err
}

func (s *Service) decideMember(ctx context.Context, p *place, m Member, o Officer) MemberResult {
	r, err := s.admitMember(ctx, p, m, o)
	if err != nil {
		return MemberResult{Encounter: m.Encounter, Problem: border.CodeOf(err), Message: border.MessageOf(err)}
	}
	return MemberResult{Encounter: m.Encounter, Outcome: r.Outcome}
}

func (s *Service) admitMember(ctx context.Context, p *place, m Member, o Officer) (Recorded, error) {
	d := Decision{Counter: p.id, Encounter: m.Encounter, Revision: m.Revision, Officer: o.Badge}
	e, err := p.inHand("decide a group", m.Encounter)
	if err != nil {
		if o := p.crossed(m.Encounter); o != "" { // sent again
			return Recorded{Crossing: m.Encounter, Outcome: o, Replayed: true}, nil
		}
		return Recorded{}, err
	}
	p.mu.Lock()
	d.Outcome = border.Admitted
	if e.heads(p.direction) == border.Exit {
		d.Outcome = border.Departed
	}
	proceeds := e.group != nil && e.verdict.Level == verdict.Proceed && !e.protected() && !p.adultHeld(e)
	p.mu.Unlock()
	if !proceeds {
		return Recorded{}, &border.Error{Code: border.Conflict, Op: "decide a group",
			Message: "This person must be looked at alone. Select the person, read the verdict, then decide."}
	}
	return s.end(ctx, p, e, &d, o)
}

// crossed returns how a member of the group crossed the border; "" if none did under that id.
func (p *place) crossed(id border.ID) border.Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.group != nil {
		for _, m := range p.group.members {
			if m.id == id && crosses(m.outcome) {
				return m.outcome
			}
		}
	}
	return ""
}
