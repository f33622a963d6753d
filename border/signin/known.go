package signin

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/access/roster"
)

// known is a roster in force.
type known struct {
	roster  access.Roster
	byBadge map[string]*access.Officer
	account map[string][32]byte // by badge, see [accountOf]: every request asks
	since   time.Duration       // service time at which it came
}

func newKnown(r access.Roster) *known {
	k := &known{roster: r, byBadge: make(map[string]*access.Officer, len(r.Officers)), account: make(map[string][32]byte, len(r.Officers))}
	for i := range r.Officers {
		o := &r.Officers[i]
		k.byBadge[o.Badge], k.account[o.Badge] = o, accountOf(o)
	}
	return k
}

func (s *Service) hub() bool { return s.cfg.Known != nil }

// inForce is who is known now. mu is held.
func (s *Service) inForce() *known {
	if s.hub() {
		if r := s.cfg.Known(); r.Version != s.known.roster.Version || s.known.roster.Officers == nil {
			s.known = newKnown(r)
		}
	}
	return s.known
}

// expired reports whether the roster is older than it may be; the hub's never is. A clock that was
// set back does not keep a roster young. mu is held.
func (s *Service) expired() bool {
	if s.hub() {
		return false
	}
	r := &s.known.roster
	return s.cfg.Clock.Now().After(r.ExpiresAt) || s.now()-s.known.since > r.ExpiresAt.Sub(r.IssuedAt)
}

// unfit says why an account may not be used here; "" if it may. mu is held.
func (s *Service) unfit(o *access.Officer) string {
	switch {
	case o == nil:
		return "unknown_badge"
	case !o.Revoked.IsZero():
		return "revoked"
	case o.Demo && !s.cfg.Demo:
		return "demo"
	case !s.hub() && !o.WorksAt(s.cfg.Post):
		return "other_post"
	case len(o.Roles) == 0:
		return "role"
	}
	return ""
}

// others reports whether somebody else is known here who has one of the roles. mu is held.
func (s *Service) others(badge string, roles ...access.Role) bool {
	k := s.inForce()
	for i := range k.roster.Officers {
		o := &k.roster.Officers[i]
		if o.Badge != badge && s.unfit(o) == "" && slices.ContainsFunc(roles, func(r access.Role) bool { return slices.Contains(o.Roles, r) }) {
			return true
		}
	}
	return false
}

// Officers lists who is known here and may sign in, without what verifies them.
func (s *Service) Officers() []access.Officer {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.inForce()
	out := make([]access.Officer, 0, len(k.roster.Officers))
	for i := range k.roster.Officers {
		if o := k.roster.Officers[i]; s.unfit(&o) == "" {
			o.Roles, o.Posts, o.PIN, o.Passkeys = slices.Clone(o.Roles), slices.Clone(o.Posts), "", nil
			out = append(out, o)
		}
	}
	return out
}

// Now reports whether an officer is known here now and may work.
func (s *Service) Now(badge string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unfit(s.inForce().byBadge[border.SameBadge(badge)]) == ""
}

// RosterState says how old the knowledge is of who may sign in.
type RosterState struct {
	Version             uint64 // 0: none has come yet
	IssuedAt, ExpiresAt time.Time
	Expired             bool
	Age                 time.Duration
}

// RosterState says how old the roster in force is; the hub's is never expired.
func (s *Service) RosterState() RosterState {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.inForce()
	st := RosterState{Version: k.roster.Version, IssuedAt: k.roster.IssuedAt, ExpiresAt: k.roster.ExpiresAt}
	if !s.hub() && st.Version > 0 {
		st.Expired = s.expired()
		st.Age = max(0, s.cfg.Clock.Now().Sub(st.IssuedAt), s.now()-k.since)
	}
	return st
}

// RosterVersion is that of the roster in force; 0: none.
func (s *Service) RosterVersion() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inForce().roster.Version
}

// mark is what is remembered of a roster beside itself, against one that was put back.
type mark struct {
	Version uint64        `json:"version"`
	Since   time.Duration `json:"since"` // service time
}

const rosterName = "roster" // also the purpose that the hub seals rosters for

var rosterKey = []byte("one")

// InstallRoster verifies a roster, refuses an older one, writes it down and puts it in force. The
// one that is in force already changes nothing. Who is revoked by it is signed out at once.
// [border.Stale]: older; [border.Forbidden]: for another station; [border.TooLarge];
// [border.Invalid]: not this hub's, altered, or sealed to somebody else.
func (s *Service) InstallRoster(ctx context.Context, sealed []byte) error {
	s.mu.Lock()
	version, ended, err := s.install(ctx, sealed)
	loud := err != nil && s.loud("roster")
	s.mu.Unlock()
	act := border.Act{Action: string(access.TakeRoster)}
	switch {
	case err == nil && version == 0:
		return nil
	case err == nil:
		act.Object = "version " + strconv.FormatUint(version, 10)
		return s.audit(ctx, append([]border.Act{act}, ended...)...)
	case loud:
		act.Reason = string(border.CodeOf(err))
		return s.refused(ctx, act, err)
	}
	return err
}

// install returns the version that came into force, 0 if it was there. mu is held.
func (s *Service) install(ctx context.Context, sealed []byte) (uint64, []border.Act, error) {
	const op = "take a roster"
	if s.hub() {
		return 0, nil, &border.Error{Code: border.Unavailable, Op: op, Err: errors.New("the hub makes rosters")}
	}
	if len(sealed) > border.MaxRoster {
		return 0, nil, &border.Error{Code: border.TooLarge, Op: op, Err: roster.ErrTooLarge}
	}
	signed, err := s.cfg.Opener.Open(rosterName, sealed)
	if err != nil {
		return 0, nil, &border.Error{Code: border.Invalid, Op: op, Err: roster.ErrStation, Message: "The roster is not sealed to this station."}
	}
	r, err := roster.Verify(signed, s.cfg.RosterSigner, s.want())
	if err != nil {
		return 0, nil, err
	}
	if r.Version == s.known.roster.Version {
		return 0, nil, nil
	}
	k := newKnown(*r)
	k.since = s.now()
	kept, err := s.cfg.Root.Seal(rosterName, signed)
	if err != nil {
		return 0, nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	m, err := s.vault.seal("roster", rosterKey, mark{Version: r.Version, Since: k.since})
	if err != nil {
		return 0, nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	err = s.write(ctx, op, func(t *sql.Tx) error {
		_, err := t.ExecContext(ctx, "INSERT INTO roster (one, sealed, mark) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET sealed = excluded.sealed, mark = excluded.mark", kept, m)
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	s.known, s.high = k, r.Version
	ended, err := s.sweep(ctx)
	return r.Version, ended, err
}

func (s *Service) want() roster.Want {
	return roster.Want{Station: s.cfg.Station, Post: s.cfg.Post, AtLeast: s.high}
}

// loadRoster puts the kept roster in force. One that does not open, is another hub's or was put
// back is left out, and said: nobody is known until the hub sends another.
func (s *Service) loadRoster(ctx context.Context) error {
	if s.hub() {
		return nil
	}
	var kept, sealed []byte
	err := s.store.Do(ctx, "read the roster", func(t *sql.Tx) error {
		return t.QueryRowContext(ctx, "SELECT sealed, mark FROM roster").Scan(&kept, &sealed)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var m mark
	if !s.vault.open("roster", rosterKey, sealed, &m) {
		return s.noRoster(ctx, "mark", errors.New("the row was edited"))
	}
	s.high = m.Version
	signed, err := s.cfg.Root.Open(rosterName, kept)
	if err != nil {
		return s.noRoster(ctx, "sealed", err)
	}
	r, err := roster.Verify(signed, s.cfg.RosterSigner, s.want())
	if err != nil {
		return s.noRoster(ctx, string(border.CodeOf(err)), err)
	}
	s.known = newKnown(*r)
	s.known.since = m.Since
	return nil
}

func (s *Service) noRoster(ctx context.Context, reason string, err error) error {
	s.cfg.Log.Error("the roster kept here is refused: nobody can sign in until the hub sends another", "error", err)
	return s.audit(ctx, border.Act{Action: string(access.TakeRoster), Result: border.ActRefused, Reason: reason})
}
