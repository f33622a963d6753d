package signin

import (
	"context"
	"database/sql"
	"errors"

	"garita/border"
	"garita/border/access"
)

// ChangePIN changes the PIN of who is signed in: all their other sessions end, and this one goes
// on under a new token. The hub only; [border.Unavailable] at a station. [border.Invalid]: the new
// PIN is too easy; else as [Service.SignIn].
func (s *Service) ChangePIN(ctx context.Context, p *access.Principal, before, after string) (Signed, error) {
	const op = "change the PIN"
	if s.cfg.Accounts == nil {
		return Signed{}, &border.Error{Code: border.Unavailable, Op: op, Message: "PINs are changed on the hub's pages."}
	}
	if p == nil {
		return Signed{}, unauthenticated(op, ErrNone, "Sign in first.")
	}
	act := border.Act{Action: string(access.OwnPIN), Session: p.Session}
	o, err := s.check(ctx, p.Badge, before, act)
	if err != nil {
		return Signed{}, err
	}
	if before == after {
		return Signed{}, &border.Error{Code: border.Invalid, Op: op, Message: "The new PIN must be another one."}
	}
	if err := s.cfg.Accounts.ChangePIN(access.With(ctx, p), o.Badge, after); err != nil {
		return Signed{}, err
	}
	return s.rotate(ctx, p)
}

// rotate gives a principal's session a new token, as the account now is, and ends the officer's
// others.
func (s *Service) rotate(ctx context.Context, p *access.Principal) (Signed, error) {
	const op = "renew a session"
	token, t := newToken()
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.inForce().byBadge[p.Badge]
	var mine *session
	var ends []ticket
	for old, n := range s.sessions {
		if n.Badge == p.Badge {
			ends = append(ends, old)
			if n.Name == p.Session && !n.ended {
				copied := *n
				mine = &copied
			}
		}
	}
	if o == nil || mine == nil {
		return Signed{}, unauthenticated(op, ErrNone, "Your session has ended. Sign in again.")
	}
	mine.Account, mine.Seen = accountOf(o), s.now()
	for _, old := range ends {
		s.sessions[old].ended = true
	}
	err := s.write(ctx, op, func(tx *sql.Tx) error {
		var errs []error
		for _, old := range ends {
			errs = append(errs, deleteSession(ctx, tx, old))
		}
		return errors.Join(append(errs, s.putSession(ctx, tx, t, mine))...)
	})
	if err != nil {
		return Signed{}, err
	}
	for _, old := range ends {
		delete(s.sessions, old)
	}
	s.sessions[t] = mine
	return Signed{Token: token, Principal: s.principal(mine, o), Expires: mine.SignedIn.Add(s.cfg.Absolute)}, nil
}
