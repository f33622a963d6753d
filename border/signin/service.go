// Package signin is who is signed in: PINs and passkeys, tries and locks, sessions, the word of a
// second person, and at a station the roster by which officers are known. It is the same at the
// hub and at a station, and asks nobody elsewhere. What it must not forget is in access.db before
// anybody is answered.
//
// Locks and sessions run on service time, which counts while the machine is known to run and which
// the wall clock does not move: setting a clock forward opens nothing, setting it back keeps
// nobody signed in.
package signin

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"garita/border"
	"garita/border/access"
	"garita/border/access/pin"
)

// Sealer seals what rests under the root key of the data folder. Implemented by border/keystore.
type Sealer interface {
	Seal(name string, plain []byte) ([]byte, error)
	Open(name string, sealed []byte) ([]byte, error)
}

// Opener opens what the hub sealed to this station. Implemented by border/seal.
type Opener interface {
	Open(purpose string, sealed []byte) ([]byte, error)
}

// Accounts takes what officers change of their own account, at the hub. Implemented by
// border/officers.
type Accounts interface {
	ChangePIN(ctx context.Context, badge, chosen string) error
	AddPasskey(ctx context.Context, badge string, key access.Passkey) error
}

// How long sessions last if the configuration does not say.
const (
	Idle     = 15 * time.Minute // without a request; then a session at a counter is locked, another ends
	Absolute = 12 * time.Hour
)

// Config is what a service needs.
type Config struct {
	Dir   string // of access.db
	Clock border.Clock
	Mono  func() time.Duration // a clock that only goes forward, from any origin
	Root  Sealer
	Audit border.Auditor
	Log   *slog.Logger // nil: none
	// Demo lets accounts of the demonstration sign in.
	Demo           bool
	Idle, Absolute time.Duration // 0: as above

	// RPID is the WebAuthn relying party, a domain that hub and stations are under, and Origins are
	// the addresses of this program's pages ("https://hub.example"); "": no passkeys.
	RPID    string
	Origins []string

	// At the hub: who is known, and who takes changes of one's own account.
	Known    func() access.Roster
	Accounts Accounts

	// At a station: whose roster it takes.
	Station      border.StationID
	Post         border.PostID
	RosterSigner ed25519.PublicKey
	Opener       Opener
}

// Service signs people in. Safe for concurrent use.
type Service struct {
	cfg   Config
	store *store
	vault *vault
	pins  *pin.Keeper
	decoy string             // the verifier of who has none
	web   *webauthn.WebAuthn // nil: no passkeys

	// mu guards what follows and is held while access.db is written; never while the audit is told.
	mu         sync.Mutex
	time       serviceTime
	known      *known // never nil
	high       uint64 // highest version of a roster that was ever in force here
	attempts   map[who]*attempt
	clients    map[who]*client
	sessions   map[ticket]*session
	counts     map[who]uint32 // signature counters of passkeys
	languages  map[who]string // that officers chose here
	ceremonies map[string]*ceremony
	approvals  map[ticket]*approval
	told       map[string]time.Duration // what the audit was told lately
}

// In is what somebody signs in with.
type In struct {
	Badge, PIN string
	Counter    border.CounterID // where; "": at none
	// Approval is the token of a supervisor who approves signing in on an expired roster
	// ([Service.Approve] of access.SignIn).
	Approval string
	// Awaiting says in words, at most 500 bytes, why no supervisor can approve it now: the session
	// begins all the same, and is reviewed.
	Awaiting string
	// Replaces is the token that the client held before; its session ends.
	Replaces string
}

// Signed is a session that has begun.
type Signed struct {
	Token     string // 43 characters; only its hash is kept
	Principal *access.Principal
	Expires   time.Time // at the latest
}

// Open opens (or makes) access.db.
func Open(ctx context.Context, cfg Config) (*Service, error) {
	if cfg.Idle == 0 {
		cfg.Idle = Idle
	}
	if cfg.Absolute == 0 {
		cfg.Absolute = Absolute
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	st, err := openStore(ctx, cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, store: st, pins: pin.New(pin.AtOnce, pin.Wait), decoy: pin.Decoy, known: newKnown(access.Roster{}),
		attempts: map[who]*attempt{}, clients: map[who]*client{}, sessions: map[ticket]*session{}, counts: map[who]uint32{}, languages: map[who]string{},
		ceremonies: map[string]*ceremony{}, approvals: map[ticket]*approval{}, told: map[string]time.Duration{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, st.close())
	}
	return s, nil
}

func (s *Service) open(ctx context.Context) (err error) {
	if s.vault, err = openVault(ctx, s.store, s.cfg.Root); err != nil {
		return err
	}
	if s.web, err = relyingParty(s.cfg); err != nil {
		return err
	}
	gap, err := s.openTime(ctx)
	if err != nil {
		return err
	}
	if err := s.loadRoster(ctx); err != nil {
		return err
	}
	if err := s.loadTries(ctx); err != nil {
		return err
	}
	if err := s.loadLanguages(ctx); err != nil {
		return err
	}
	return s.loadSessions(ctx, gap)
}

// Close writes down how long sessions have been idle, and closes access.db.
func (s *Service) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.flush(context.Background()), s.store.close())
}

// sweepEvery is how late an end or a lock that nobody asks about is noticed.
const sweepEvery = 10 * time.Second

// Run ends and locks sessions whose time has come, and writes the service time, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.cfg.Log.Error("sessions cannot be written", "error", err)
			}
		}
	}
}

// write runs fn in one transaction that also notes the service time. mu is held.
func (s *Service) write(ctx context.Context, op string, fn func(t *sql.Tx) error) error {
	return s.store.Do(ctx, op, func(t *sql.Tx) error {
		if err := s.noteTime(ctx, t); err != nil {
			return err
		}
		return fn(t)
	})
}

// audit tells what somebody did or tried.
func (s *Service) audit(ctx context.Context, acts ...border.Act) error {
	var errs []error
	for _, a := range acts {
		errs = append(errs, s.cfg.Audit.Audit(context.WithoutCancel(ctx), a))
	}
	return errors.Join(errs...)
}

// refused tells the audit what was refused and returns why. That the audit fails as well changes
// nothing for who is refused.
func (s *Service) refused(ctx context.Context, a border.Act, err error) error {
	if a.Result == "" {
		a.Result = border.ActRefused
	}
	if told := s.audit(ctx, a); told != nil {
		s.cfg.Log.Error("a refusal is not audited", "error", told)
	}
	return err
}

// loud reports whether the audit is to be told of something again: once a minute is enough of what
// anybody can cause without end. mu is held.
func (s *Service) loud(key string) bool {
	const most, every = 1000, time.Minute
	now := s.now()
	if last, ok := s.told[key]; ok && now-last < every {
		return false
	}
	if len(s.told) >= most {
		for k, last := range s.told {
			if now-last >= every {
				delete(s.told, k)
			}
		}
		if len(s.told) >= most {
			return false
		}
	}
	s.told[key] = now
	return true
}

// unauthenticated is the one answer to whoever cannot be let in: what was wrong is in the audit.
func unauthenticated(op string, cause error, message string) error {
	return &border.Error{Code: border.Unauthenticated, Op: op, Err: cause, Message: message}
}

var (
	_ access.Sessions   = (*Service)(nil)
	_ access.Seconds    = (*Service)(nil)
	_ border.RosterSink = (*Service)(nil)
)
