package signin

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"garita/border"
	"garita/border/access"
)

// Bounds of sessions.
const (
	maxSessions = 2000
	maxOwn      = 5 // of one officer; the one that was idle longest ends
)

// Why a token opens nothing: causes of the [border.Unauthenticated] of [Service.Session].
var (
	ErrNone    = errors.New("no such session")
	ErrLocked  = errors.New("the session is locked: its officer signs in again at the counter and goes on")
	ErrMoved   = errors.New("the token was made for another client or counter")
	ErrRevoked = errors.New("the account is closed or not known here any more")
)

// session is one officer at one client.
type session struct {
	Name     string           `json:"name"` // for the audit
	Badge    string           `json:"badge"`
	Counter  border.CounterID `json:"counter,omitempty"`
	Agent    [32]byte         `json:"agent"`
	Account  [32]byte         `json:"account"` // digest of roles and PIN: with others it must be opened anew
	SignedIn time.Time        `json:"signed_in"`
	Start    time.Duration    `json:"start"` // service time
	Seen     time.Duration    `json:"seen"`  // service time of the last activity
	Locked   bool             `json:"locked,omitempty"`

	ended bool // and not deleted from the database yet
	dirty bool // Seen is not written yet
}

// accountOf is the digest of what a session rests on.
func accountOf(o *access.Officer) [32]byte {
	b, _ := json.Marshal([]any{o.Roles, o.PIN, o.MustChange}) // plain values
	return sha256.Sum256(b)
}

// SignIn checks a badge and a PIN and begins a session: at a counter in place of the one that was
// there. [border.Unauthenticated]: wrong, closed or unknown, which of them is not said;
// [border.TooMany]: locked for a while; [border.SecondNeeded]: the roster has expired and a
// supervisor must approve; [border.Forbidden]: nothing to do at a counter.
func (s *Service) SignIn(ctx context.Context, in In) (Signed, error) {
	act := border.Act{Action: string(access.SignIn), Counter: in.Counter}
	if err := in.valid(); err != nil {
		return Signed{}, err
	}
	o, err := s.check(ctx, in.Badge, in.PIN, act)
	if err != nil {
		return Signed{}, err
	}
	return s.begin(ctx, o, in, "")
}

func (in *In) valid() error {
	if len(in.Awaiting) > 500 {
		return &border.Error{Code: border.TooLarge, Op: "sign in", Message: "A reason has at most 500 bytes."}
	}
	if in.Counter != "" {
		return in.Counter.Validate()
	}
	return nil
}

// begin begins the session of somebody whose credential was right.
func (s *Service) begin(ctx context.Context, o *access.Officer, in In, how string) (Signed, error) {
	const op = "sign in"
	act := border.Act{Action: string(access.SignIn), Officer: o.Badge, Counter: in.Counter, Object: how}
	if in.Counter != "" && !access.May(o.Roles, access.CounterWork) {
		act.Reason = "role"
		return Signed{}, s.refused(ctx, act, &border.Error{Code: border.Forbidden, Op: op, Message: "This account has nothing to do at a counter. Sign in without one."})
	}
	if err := s.approved(ctx, o, in, &act); err != nil {
		return Signed{}, err
	}
	token, t := newToken()
	s.mu.Lock()
	now := s.now()
	n := &session{Name: newName(), Badge: o.Badge, Counter: in.Counter, Agent: access.ClientFrom(ctx).Agent,
		Account: accountOf(o), SignedIn: s.cfg.Clock.Now(), Start: now, Seen: now}
	act.Session = n.Name
	var acts []border.Act
	ends := s.replaced(n, in, &act, &acts)
	if len(s.sessions)-len(ends) >= maxSessions {
		s.mu.Unlock()
		return Signed{}, tooMany("Too many people are signed in.")
	}
	if unfit := s.unfit(s.inForce().byBadge[o.Badge]); unfit != "" { // since the check
		s.mu.Unlock()
		act.Reason = unfit
		return Signed{}, s.refused(ctx, act, wrong)
	}
	err := s.write(ctx, op, func(tx *sql.Tx) error {
		for _, old := range ends {
			if err := deleteSession(ctx, tx, old); err != nil {
				return err
			}
		}
		return s.putSession(ctx, tx, t, n)
	})
	if err == nil {
		for _, old := range ends {
			delete(s.sessions, old)
		}
		s.sessions[t] = n
	}
	p := s.principal(n, o)
	s.mu.Unlock()
	if err != nil {
		return Signed{}, err
	}
	if err := s.audit(ctx, append(acts, act)...); err != nil { // nobody works unrecorded
		s.mu.Lock()
		defer s.mu.Unlock()
		return Signed{}, errors.Join(err, s.end(ctx, t))
	}
	return Signed{Token: token, Principal: p, Expires: n.SignedIn.Add(s.cfg.Absolute)}, nil
}

// replaced finds the sessions that end when n begins, and says what that is. mu is held.
func (s *Service) replaced(n *session, in In, act *border.Act, acts *[]border.Act) []ticket {
	var ends []ticket
	var own []ticket
	before := ticketOf(in.Replaces)
	for t, old := range s.sessions {
		if old.ended {
			continue
		}
		switch {
		case n.Counter != "" && old.Counter == n.Counter:
			ends = append(ends, t)
			switch {
			case old.Badge != n.Badge:
				act.Action = string(access.SwitchUser)
				*acts = append(*acts, border.Act{Action: string(access.SignOut), Officer: old.Badge, Counter: old.Counter, Session: old.Name, Reason: "switched"})
			case old.Locked || s.now()-old.Seen >= s.cfg.Idle:
				act.Action = string(access.Unlock)
			}
		case t == before && old.Agent == n.Agent:
			ends = append(ends, t)
			*acts = append(*acts, border.Act{Action: string(access.SignOut), Officer: old.Badge, Counter: old.Counter, Session: old.Name, Reason: "replaced"})
		case old.Badge == n.Badge:
			own = append(own, t)
		}
	}
	slices.SortFunc(own, func(a, b ticket) int { return int((s.sessions[a].Seen - s.sessions[b].Seen) / time.Millisecond) })
	for len(own) >= maxOwn {
		old := s.sessions[own[0]]
		*acts = append(*acts, border.Act{Action: string(access.SignOut), Officer: old.Badge, Counter: old.Counter, Session: old.Name, Reason: "too_many"})
		ends, own = append(ends, own[0]), own[1:]
	}
	return ends
}

// approved holds what it takes to sign in on a roster that has expired.
func (s *Service) approved(ctx context.Context, o *access.Officer, in In, act *border.Act) error {
	s.mu.Lock()
	expired := s.expired()
	other := s.others(o.Badge, access.Supervisor)
	s.mu.Unlock()
	if !expired {
		return nil
	}
	act.Reason = "roster_expired"
	switch {
	case !other:
		return nil
	case in.Approval != "":
		second, err := s.Redeem(ctx, &access.Principal{Badge: o.Badge}, access.SignIn, in.Approval)
		act.Second = second
		return err
	case in.Awaiting != "":
		act.Result, act.Text = border.ActAwaiting, in.Awaiting
		return nil
	}
	return s.refused(ctx, *act, &border.Error{Code: border.SecondNeeded, Op: "sign in",
		Message: "Who belongs here was last confirmed too long ago. A supervisor must approve; if none can be reached, say why."})
}

// principal is who a session is, as the account now says. mu is held.
func (s *Service) principal(n *session, o *access.Officer) *access.Principal {
	return &access.Principal{Badge: o.Badge, Name: o.Name, Roles: slices.Clone(o.Roles), Language: s.languageOf(o),
		Session: n.Name, Counter: n.Counter, SignedIn: n.SignedIn, Overdue: s.expired(), Demo: o.Demo, MustChange: o.MustChange}
}

// Session returns who is signed in by a token, and counts the request as activity.
// [border.Unauthenticated] with [ErrNone], [ErrLocked], [ErrMoved] or [ErrRevoked].
func (s *Service) Session(ctx context.Context, token string) (*access.Principal, error) {
	t := ticketOf(token)
	s.mu.Lock()
	n, o, acts, err := s.look(ctx, t)
	var p *access.Principal
	if err == nil {
		n.Seen, n.dirty = s.now(), true
		p = s.principal(n, o)
	}
	s.mu.Unlock()
	if told := s.audit(ctx, acts...); told != nil {
		s.cfg.Log.Error("the end of a session is not audited", "error", told)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Still reports whether a token still opens what it opened. It is no activity.
func (s *Service) Still(ctx context.Context, token string) bool {
	t := ticketOf(token)
	s.mu.Lock()
	_, _, acts, err := s.look(ctx, t)
	s.mu.Unlock()
	if told := s.audit(ctx, acts...); told != nil {
		s.cfg.Log.Error("the end of a session is not audited", "error", told)
	}
	return err == nil
}

// look finds the session of a ticket and its officer's account, and locks or ends what is over.
// mu is held.
func (s *Service) look(ctx context.Context, t ticket) (*session, *access.Officer, []border.Act, error) {
	const op = "find a session"
	n := s.sessions[t]
	if n == nil || n.ended {
		return nil, nil, nil, unauthenticated(op, ErrNone, "Sign in first.")
	}
	acts := s.settle(ctx, t, n)
	if n.ended {
		cause := ErrNone
		if len(acts) > 0 && acts[0].Reason != "idle" && acts[0].Reason != "expired" {
			cause = ErrRevoked
		}
		return nil, nil, acts, unauthenticated(op, cause, "Your session has ended. Sign in again.")
	}
	c := access.ClientFrom(ctx)
	moved := border.Act{Action: string(access.SignIn), Result: border.ActRefused, Officer: n.Badge, Session: n.Name, Counter: c.Counter}
	switch {
	case n.Agent != c.Agent: // stolen: who has it must not go on, here or there
		moved.Reason = "other_client"
		err := s.end(ctx, t)
		return nil, nil, append(acts, moved), unauthenticated(op, errors.Join(ErrMoved, err), "Your session has ended. Sign in again.")
	case c.Counter != "" && n.Counter != "" && c.Counter != n.Counter:
		moved.Reason = "other_counter"
		if s.loud("moved " + n.Name) {
			acts = append(acts, moved)
		}
		return nil, nil, acts, unauthenticated(op, ErrMoved, "You are signed in at another counter. Sign in here.")
	case n.Locked:
		return nil, nil, acts, unauthenticated(op, ErrLocked, "The counter is locked. Sign in to go on.")
	}
	return n, s.inForce().byBadge[n.Badge], acts, nil
}

// settle locks or ends a session whose time has come or whose account has changed. mu is held.
func (s *Service) settle(ctx context.Context, t ticket, n *session) []border.Act {
	now := s.now()
	o := s.inForce().byBadge[n.Badge]
	act := border.Act{Action: string(access.SignOut), Officer: n.Badge, Counter: n.Counter, Session: n.Name}
	switch unfit := s.unfit(o); {
	case unfit != "":
		act.Reason = unfit
	case now-n.Start >= s.cfg.Absolute:
		act.Reason = "expired"
	case n.Locked:
		return nil
	case s.inForce().account[o.Badge] != n.Account:
		act.Reason = "account_changed"
	case now-n.Seen >= s.cfg.Idle:
		act.Reason = "idle"
	default:
		return nil
	}
	if n.Counter != "" && (act.Reason == "idle" || act.Reason == "account_changed") {
		act.Action = string(access.LockSession)
		if err := s.lock(ctx, t, n); err != nil {
			s.cfg.Log.Error("a lock cannot be written", "error", err)
		}
		return []border.Act{act}
	}
	if err := s.end(ctx, t); err != nil {
		s.cfg.Log.Error("the end of a session cannot be written", "error", err)
	}
	return []border.Act{act}
}

// lock locks a session in any case, and writes it down. mu is held.
func (s *Service) lock(ctx context.Context, t ticket, n *session) error {
	n.Locked, n.dirty = true, true
	err := s.write(ctx, "lock a session", func(tx *sql.Tx) error { return s.putSession(ctx, tx, t, n) })
	n.dirty = err != nil
	return err
}

// end ends a session in any case. If that cannot be written it is tried again, and a restart
// before that would find the session: the error says so. mu is held.
func (s *Service) end(ctx context.Context, t ticket) error {
	n := s.sessions[t]
	if n == nil {
		return nil
	}
	n.ended = true
	err := s.write(ctx, "end a session", func(tx *sql.Tx) error { return deleteSession(ctx, tx, t) })
	if err == nil {
		delete(s.sessions, t)
	}
	return err
}

// SignOut ends a session. A token that opens nothing is signed out already.
func (s *Service) SignOut(ctx context.Context, token string) error {
	t := ticketOf(token)
	s.mu.Lock()
	n := s.sessions[t]
	if n == nil || n.ended {
		s.mu.Unlock()
		return nil
	}
	act := border.Act{Action: string(access.SignOut), Officer: n.Badge, Counter: n.Counter, Session: n.Name}
	err := s.end(ctx, t)
	s.mu.Unlock()
	return errors.Join(err, s.audit(ctx, act))
}

// Lock locks a session at a counter: its officer, or anybody with a credential of their own, goes
// on by signing in there. Without a counter it ends.
func (s *Service) Lock(ctx context.Context, token string) error {
	t := ticketOf(token)
	s.mu.Lock()
	n := s.sessions[t]
	if n == nil || n.ended || n.Locked {
		s.mu.Unlock()
		return nil
	}
	act := border.Act{Action: string(access.LockSession), Officer: n.Badge, Counter: n.Counter, Session: n.Name, Reason: "asked"}
	var err error
	if n.Counter == "" {
		act.Action = string(access.SignOut)
		err = s.end(ctx, t)
	} else {
		err = s.lock(ctx, t, n)
	}
	s.mu.Unlock()
	return errors.Join(err, s.audit(ctx, act))
}

// Sweep ends and locks sessions whose time has come, forgets old ceremonies and approvals, and
// writes what is not written yet.
func (s *Service) Sweep(ctx context.Context) error {
	s.mu.Lock()
	acts, err := s.sweep(ctx)
	s.mu.Unlock()
	return errors.Join(err, s.audit(ctx, acts...))
}

// sweep returns what the audit is to be told. mu is held.
func (s *Service) sweep(ctx context.Context) ([]border.Act, error) {
	var acts []border.Act
	var errs []error
	for t, n := range s.sessions {
		if n.ended {
			errs = append(errs, s.end(ctx, t))
		} else {
			acts = append(acts, s.settle(ctx, t, n)...)
		}
	}
	s.forgetOld()
	return acts, errors.Join(append(errs, s.flush(ctx))...)
}

// flush writes the service time, and when sessions were last seen. mu is held.
func (s *Service) flush(ctx context.Context) error {
	err := s.write(ctx, "write sessions", func(tx *sql.Tx) error {
		for t, n := range s.sessions {
			if n.dirty && !n.ended {
				if err := s.putSession(ctx, tx, t, n); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		for _, n := range s.sessions {
			n.dirty = false
		}
	}
	return err
}

func (s *Service) putSession(ctx context.Context, tx *sql.Tx, t ticket, n *session) error {
	sealed, err := s.vault.seal("session", t[:], n)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO session (token, sealed) VALUES (?, ?) ON CONFLICT (token) DO UPDATE SET sealed = excluded.sealed", t[:], sealed)
	return err
}

func deleteSession(ctx context.Context, tx *sql.Tx, t ticket) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM session WHERE token = ?", t[:])
	return err
}

// loadSessions goes on with the sessions there were. Rows that were edited are none. With a gap,
// during which more time may have passed than is known, all are locked.
func (s *Service) loadSessions(ctx context.Context, gap bool) error {
	var bad []ticket
	err := s.each(ctx, "SELECT token, 0, sealed FROM session", func(key, sealed []byte, _ time.Duration) {
		t := ticket(key)
		var n session
		if !s.vault.open("session", key, sealed, &n) {
			bad = append(bad, t)
			return
		}
		if gap && !n.Locked {
			n.Locked, n.dirty = true, true
			if n.Counter == "" { // nobody can go on there
				n.ended = true
			}
		}
		s.sessions[t] = &n
	})
	if err != nil || len(bad) == 0 {
		return err
	}
	err = s.write(ctx, "remove sessions that were edited", func(tx *sql.Tx) error {
		for _, t := range bad {
			if err := deleteSession(ctx, tx, t); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, s.audit(ctx, border.Act{Action: string(access.SignIn), Result: border.ActRefused, Reason: "session_edited"}))
}
