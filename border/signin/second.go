package signin

import (
	"context"
	"errors"
	"time"

	"garita/border"
	"garita/border/access"
)

// approvalLife is for how long the word of a second person counts.
const approvalLife = 2 * time.Minute

const maxApprovals = 1000

// approval is the word of a second person; it does not outlive the program.
type approval struct {
	badge   string // who has agreed
	action  access.Action
	to      string // badge of who acts; "": whoever signs in
	session string
	born    time.Duration // service time
}

// Approve is the word of a second person, given with badge and PIN of their own, for one action of
// a principal; nil for access.SignIn on an expired roster. [border.Forbidden]: they may not, or are
// the same person; else as [Service.SignIn].
func (s *Service) Approve(ctx context.Context, p *access.Principal, a access.Action, in In) (string, error) {
	act, err := s.mayAsk(p, a)
	if err != nil {
		return "", err
	}
	o, err := s.check(ctx, in.Badge, in.PIN, act)
	if err != nil {
		return "", err
	}
	return s.approve(ctx, p, a, o, act)
}

// mayAsk begins the act of an approval.
func (s *Service) mayAsk(p *access.Principal, a access.Action) (border.Act, error) {
	act := border.Act{Action: string(access.ApproveOther), Object: string(a)}
	switch {
	case len(secondOf(a)) == 0:
		return act, &border.Error{Code: border.Invalid, Op: "approve", Message: "This takes no second person."}
	case p == nil && a != access.SignIn:
		return act, unauthenticated("approve", ErrNone, "Sign in first.")
	case p != nil:
		act.Session, act.Counter = p.Session, p.Counter
	}
	return act, nil
}

// secondOf lists the roles of which a second person needs one.
func secondOf(a access.Action) []access.Role {
	if a == access.SignIn {
		return []access.Role{access.Supervisor}
	}
	return access.Second(a)
}

// approve gives the token of somebody whose credential was right.
func (s *Service) approve(ctx context.Context, p *access.Principal, a access.Action, o *access.Officer, act border.Act) (string, error) {
	const op = "approve"
	to := approval{badge: o.Badge, action: a}
	act.Officer, act.Second = "", o.Badge
	if p != nil {
		to.to, to.session = p.Badge, p.Session
		act.Officer = p.Badge
	}
	switch {
	case p != nil && border.SameBadge(p.Badge) == o.Badge:
		act.Reason = "same_person"
		return "", s.refused(ctx, act, &border.Error{Code: border.Forbidden, Op: op, Message: "It takes a second person."})
	case o.MustChange: // whoever gave the PIN knows it too
		act.Reason = "must_change"
		return "", s.refused(ctx, act, &border.Error{Code: border.Forbidden, Op: op, Message: "Change your PIN first: somebody else knows it."})
	case !hasOne(o.Roles, secondOf(a)...):
		act.Reason = "role"
		return "", s.refused(ctx, act, &border.Error{Code: border.Forbidden, Op: op, Message: "Your role does not allow you to approve this."})
	}
	token, t := newToken()
	s.mu.Lock()
	to.born = s.now()
	s.forgetOld()
	if len(s.approvals) >= maxApprovals {
		s.mu.Unlock()
		return "", tooMany("Too many approvals are waiting. Try again in two minutes.")
	}
	s.approvals[t] = &to
	s.mu.Unlock()
	if err := s.audit(ctx, act); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.approvals, t)
		return "", err
	}
	return token, nil
}

// Redeem returns the badge of who has agreed to this action of this principal. A token counts
// once, for two minutes, whatever comes of it. [border.SecondNeeded]: it does not count.
func (s *Service) Redeem(ctx context.Context, p *access.Principal, a access.Action, token string) (string, error) {
	if p == nil {
		return "", unauthenticated("approve", ErrNone, "Sign in first.")
	}
	t := ticketOf(token)
	act := border.Act{Action: string(access.ApproveOther), Result: border.ActRefused, Officer: p.Badge, Session: p.Session, Counter: p.Counter, Object: string(a), Reason: "token"}
	s.mu.Lock()
	to := s.approvals[t]
	delete(s.approvals, t)
	good := to != nil && to.action == a && s.now()-to.born < approvalLife && to.badge != border.SameBadge(p.Badge) &&
		s.unfit(s.inForce().byBadge[to.badge]) == "" && (to.to == "" && a == access.SignIn || to.to == p.Badge && to.session == p.Session)
	loud := !good && s.loud("redeem "+p.Badge)
	s.mu.Unlock()
	if good {
		return to.badge, nil
	}
	err := &border.Error{Code: border.SecondNeeded, Op: "approve", Err: errors.New("the token does not count"), Message: "The second person must agree again: it counts once, for two minutes."}
	if loud {
		return "", s.refused(ctx, act, err)
	}
	return "", err
}

// forgetOld forgets approvals and ceremonies whose time is over. mu is held.
func (s *Service) forgetOld() {
	now := s.now()
	for t, a := range s.approvals {
		if now-a.born >= approvalLife {
			delete(s.approvals, t)
		}
	}
	for name, c := range s.ceremonies {
		if now-c.born >= ceremonyLife {
			delete(s.ceremonies, name)
		}
	}
}
