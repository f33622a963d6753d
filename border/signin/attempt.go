package signin

import (
	"context"
	"database/sql"
	"errors"
	"net/netip"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/access/pin"
)

// When tries are refused. A try counts before it is checked, and a right one takes it back: who
// tries many at once, or ends the program in the middle, gains nothing.
const (
	delayFrom = 5              // wrong tries in a row, after which a badge waits a minute, then twice as long each time
	delayMost = time.Hour      // the longest wait
	lockFrom  = 10             // wrong tries after which a badge is locked until somebody opens it
	lockAlone = 24 * time.Hour // for so long where nobody else could: the border is not closed for ever
	laterFrom = 7              // tries that count as made after such a lock: three more, then it is locked again

	burst      = 30               // tries of one client for any badge
	refillTime = 20 * time.Second // after which it has one more
)

// Bounds of what is remembered of badges that nobody has, and of clients.
const (
	maxStrangers = 2000
	maxClients   = 2000
)

// attempt is what is remembered of a badge that was tried and not let in yet.
type attempt struct {
	At       time.Duration `json:"-"` // service time of the last try
	Failures int           `json:"f"` // in a row
	Until    time.Duration `json:"u"` // service time until which it is locked
	Locked   bool          `json:"l"` // until somebody opens it
	Verifier who           `json:"v"` // of the PIN that was tried: a new one opens the lock
	Known    bool          `json:"k"` // the badge is somebody's

	damaged bool // the row was edited: the badge is locked until somebody opens it
}

// client is what an address has left of its tries.
type client struct {
	At   time.Duration `json:"-"` // service time at which Left was true
	Left float64       `json:"n"`
}

// address gives what tries are counted by: one household of addresses is one client.
func address(ctx context.Context) string {
	text := access.ClientFrom(ctx).Address
	a, err := netip.ParseAddr(text)
	if err != nil {
		return "?"
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// check finds who has a badge and a PIN. Everything that is wrong gets the same answer after the
// same work; the audit knows better. The act carries what is done, and where.
func (s *Service) check(ctx context.Context, badge, entered string, act border.Act) (*access.Officer, error) {
	badge = border.SameBadge(badge)
	if len(badge) > 64 {
		badge = ""
	}
	s.mu.Lock()
	o := s.inForce().byBadge[badge]
	unfit := s.unfit(o)
	if o != nil {
		act.Officer = o.Badge // what nobody has is not told: it may be a PIN
		copied := *o
		o = &copied
	}
	w := s.vault.who("badge", badge)
	err := s.count(ctx, w, o)
	loud := err != nil && s.loud("count "+string(w[:]))
	s.mu.Unlock()
	if err != nil {
		if loud {
			act.Reason = "locked"
			return nil, s.refused(ctx, act, err)
		}
		return nil, err
	}
	verifier := s.decoy
	if o != nil && o.PIN != "" {
		verifier = o.PIN
	}
	right, err := s.pins.Check(ctx, verifier, entered)
	if err != nil { // too many others: nothing was learned
		return nil, errors.Join(err, s.takeBack(ctx, w))
	}
	right = right && pin.WellFormed(entered)
	if right && unfit == "" {
		return o, s.forgive(ctx, w)
	}
	act.Result, act.Reason = border.ActRefused, unfit
	if act.Reason == "" {
		act.Reason = "wrong_pin"
	}
	acts := []border.Act{act}
	s.mu.Lock()
	if a := s.attempts[w]; a != nil && (a.Locked || a.Until > s.now()) {
		acts = append(acts, border.Act{Action: string(access.LockSession), Officer: act.Officer, Counter: act.Counter, Object: "badge", Reason: act.Reason})
	}
	s.mu.Unlock()
	if told := s.audit(ctx, acts...); told != nil {
		s.cfg.Log.Error("a failed try is not audited", "error", told)
	}
	return nil, wrong
}

var wrong = unauthenticated("sign in", nil, "Badge or PIN is wrong.")

// count counts a try, or refuses it. mu is held.
func (s *Service) count(ctx context.Context, w who, o *access.Officer) error {
	now := s.now()
	a := attempt{Known: o != nil}
	if had := s.attempts[w]; had != nil {
		a = *had
	}
	var verifier who
	if o != nil {
		verifier = s.vault.who("verifier", o.PIN)
	}
	if a.Verifier != verifier && !a.damaged {
		a = attempt{Verifier: verifier, Known: o != nil}
	}
	if a.Locked || now < a.Until {
		return locked(&a, now)
	}
	c, cw := s.client(ctx)
	if c.Left < 1 {
		return tooMany("From here there were too many wrong tries. Try again in a minute.")
	}
	if a.Failures >= lockFrom { // the lock of somebody alone has ended
		a.Failures = laterFrom
	}
	a.Failures++
	a.At = now
	badge := ""
	if o != nil {
		badge = o.Badge
	}
	switch {
	case a.Failures >= lockFrom && s.others(badge, access.Supervisor, access.Administrator):
		a.Locked = true
	case a.Failures >= lockFrom:
		a.Until = now + lockAlone
	case a.Failures >= delayFrom:
		a.Until = now + min(time.Minute<<(a.Failures-delayFrom), delayMost)
	}
	c.Left--
	return s.keepTry(ctx, w, &a, cw, c)
}

func locked(a *attempt, now time.Duration) error {
	if a.Locked {
		return tooMany("There were too many wrong tries. A supervisor or an administrator must open the lock.")
	}
	wait := (a.Until - now).Round(time.Minute)
	if wait > 2*time.Hour {
		return tooMany("There were too many wrong tries. Try again in {0} hours.", int(wait.Hours())+1)
	}
	return tooMany("There were too many wrong tries. Try again in {0} min.", max(1, int(wait.Minutes())))
}

func tooMany(message string, args ...any) error {
	return &border.Error{Code: border.TooMany, Op: "sign in", Message: message, Args: args}
}

// client is what the client of a context has left now. mu is held.
func (s *Service) client(ctx context.Context) (*client, who) {
	now := s.now()
	w := s.vault.who("client", address(ctx))
	c := client{Left: burst, At: now}
	if had := s.clients[w]; had != nil {
		c.Left = min(burst, had.Left+float64(max(0, now-had.At))/float64(refillTime))
	}
	return &c, w
}

// keepTry writes a try down before it is checked. mu is held.
func (s *Service) keepTry(ctx context.Context, w who, a *attempt, cw who, c *client) error {
	const op = "count a try"
	sealedA, err := s.vault.seal("attempt", w[:], a)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	forget, stale := s.makeRoom()
	err = s.write(ctx, op, func(t *sql.Tx) error {
		if _, err := t.ExecContext(ctx, "INSERT INTO attempt (who, at, sealed) VALUES (?, ?, ?) ON CONFLICT (who) DO UPDATE SET at = excluded.at, sealed = excluded.sealed",
			w[:], a.At.Milliseconds(), sealedA); err != nil {
			return err
		}
		if err := s.putClient(ctx, t, cw, c); err != nil {
			return err
		}
		for _, old := range forget {
			if _, err := t.ExecContext(ctx, "DELETE FROM attempt WHERE who = ?", old[:]); err != nil {
				return err
			}
		}
		for _, old := range stale {
			if _, err := t.ExecContext(ctx, "DELETE FROM client WHERE who = ?", old[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, old := range forget {
		delete(s.attempts, old)
	}
	for _, old := range stale {
		delete(s.clients, old)
	}
	s.attempts[w], s.clients[cw] = a, c
	return nil
}

func (s *Service) putClient(ctx context.Context, t *sql.Tx, w who, c *client) error {
	sealed, err := s.vault.seal("client", w[:], c)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, "INSERT INTO client (who, at, sealed) VALUES (?, ?, ?) ON CONFLICT (who) DO UPDATE SET at = excluded.at, sealed = excluded.sealed",
		w[:], c.At.Milliseconds(), sealed)
	return err
}

// makeRoom names what is forgotten so that memory stays bounded: the oldest of badges that nobody
// has, and of clients. mu is held.
func (s *Service) makeRoom() (attempts, clients []who) {
	strangers, oldest := 0, who{}
	var at time.Duration
	for w, a := range s.attempts {
		if a.Known {
			continue
		}
		if strangers++; strangers == 1 || a.At < at {
			oldest, at = w, a.At
		}
	}
	if strangers >= maxStrangers {
		attempts = append(attempts, oldest)
	}
	if len(s.clients) < maxClients {
		return attempts, nil
	}
	first := true
	for w, c := range s.clients {
		if first || c.At < at {
			first, oldest, at = false, w, c.At
		}
	}
	return attempts, append(clients, oldest)
}

// forgive takes back the tries of a badge, and the last one of its client.
func (s *Service) forgive(ctx context.Context, w who) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, cw := s.client(ctx)
	c.Left = min(burst, c.Left+1)
	err := s.write(ctx, "end a count of tries", func(t *sql.Tx) error {
		if _, err := t.ExecContext(ctx, "DELETE FROM attempt WHERE who = ?", w[:]); err != nil {
			return err
		}
		return s.putClient(ctx, t, cw, c)
	})
	if err != nil {
		return err
	}
	delete(s.attempts, w)
	s.clients[cw] = c
	return nil
}

// takeBack takes back a try that was counted and not checked.
func (s *Service) takeBack(ctx context.Context, w who) error {
	ctx = context.WithoutCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	had := s.attempts[w]
	if had == nil {
		return nil
	}
	a := *had
	a.Failures = max(0, a.Failures-1)
	if a.Failures < delayFrom {
		a.Until = 0
	}
	a.Locked = a.Locked && a.Failures >= lockFrom
	c, cw := s.client(ctx)
	c.Left = min(burst, c.Left+1)
	return s.keepTry(ctx, w, &a, cw, c)
}

// loadTries reads what is remembered of tries. A row that was edited is a lock.
func (s *Service) loadTries(ctx context.Context) error {
	err := s.each(ctx, "SELECT who, at, sealed FROM attempt", func(key, sealed []byte, at time.Duration) {
		var a attempt
		if !s.vault.open("attempt", key, sealed, &a) {
			a = attempt{Failures: lockFrom, Locked: true, damaged: true}
			s.cfg.Log.Error("a count of wrong tries was edited: the badge is locked")
		}
		a.At = at
		s.attempts[who(key)] = &a
	})
	if err != nil {
		return err
	}
	err = s.each(ctx, "SELECT who, at, sealed FROM client", func(key, sealed []byte, at time.Duration) {
		c := client{At: at}
		if !s.vault.open("client", key, sealed, &c) {
			c.Left = 0
		}
		c.At = at
		s.clients[who(key)] = &c
	})
	if err != nil {
		return err
	}
	return s.each(ctx, "SELECT who, 0, sealed FROM passkey", func(key, sealed []byte, _ time.Duration) {
		n := ^uint32(0) // edited: no counter is above it
		if !s.vault.open("passkey", key, sealed, &n) {
			s.cfg.Log.Error("the counter of a passkey was edited: it is refused")
		}
		s.counts[who(key)] = n
	})
}

// each reads a table of sealed rows.
func (s *Service) each(ctx context.Context, query string, fn func(key, sealed []byte, at time.Duration)) error {
	return s.store.Do(ctx, "read what sign-in remembers", func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var key, sealed []byte
			var ms int64
			if err := rows.Scan(&key, &ms, &sealed); err != nil {
				return err
			}
			fn(key, sealed, time.Duration(ms)*time.Millisecond)
		}
		return rows.Err()
	})
}

// Unlock opens a badge that is locked by wrong tries, by the word of a supervisor or an
// administrator other than its officer: with badge and PIN of theirs, or signed in to administer.
// [border.NotFound]: it is not locked.
func (s *Service) Unlock(ctx context.Context, badge string, by In) error {
	const op = "open a lock"
	badge = border.SameBadge(badge)
	act := border.Act{Action: string(access.Unlock), Object: "badge", Counter: by.Counter}
	if p := access.From(ctx); by.Badge == "" && p.May(access.OfficersWork) {
		act.Officer, act.Session = p.Badge, p.Session
	} else {
		o, err := s.check(ctx, by.Badge, by.PIN, act)
		if err != nil {
			return err
		}
		act.Officer = o.Badge
		if !hasOne(o.Roles, access.Supervisor, access.Administrator) || o.MustChange {
			act.Reason = "role"
			return s.refused(ctx, act, &border.Error{Code: border.Forbidden, Op: op, Message: "A supervisor or an administrator must do it."})
		}
	}
	if act.Officer == badge {
		act.Reason = "same_person"
		return s.refused(ctx, act, &border.Error{Code: border.Forbidden, Op: op, Message: "Somebody else must do it."})
	}
	act.Text = "badge " + badge
	w := s.vault.who("badge", badge)
	s.mu.Lock()
	if s.attempts[w] == nil || s.inForce().byBadge[badge] == nil {
		s.mu.Unlock()
		return &border.Error{Code: border.NotFound, Op: op, Message: "This badge is not locked."}
	}
	err := s.write(ctx, op, func(t *sql.Tx) error {
		_, err := t.ExecContext(ctx, "DELETE FROM attempt WHERE who = ?", w[:])
		return err
	})
	if err == nil {
		delete(s.attempts, w)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.audit(ctx, act)
}

func hasOne(roles []access.Role, wanted ...access.Role) bool {
	for _, r := range roles {
		for _, w := range wanted {
			if r == w {
				return true
			}
		}
	}
	return false
}
