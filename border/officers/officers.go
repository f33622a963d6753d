// Package officers keeps the country's accounts at the hub: who they are, what they are entrusted
// with, where they work, and what verifies their PINs and passkeys. Every change is a row that
// stays; the roster of each station is made from the latest ones.
package officers

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/access/pin"
	"garita/border/access/roster"
	"garita/border/sqlite"
)

// ErrDamaged is the cause when an account is refused because its row was edited.
var ErrDamaged = errors.New("the row was edited")

// Sealer seals what rests under the root key of the data folder. Implemented by border/keystore.
type Sealer interface {
	Seal(name string, plain []byte) ([]byte, error)
	Open(name string, sealed []byte) ([]byte, error)
}

// Expiry is for how long a roster is in force if the configuration does not say. After a third
// of it a new one is made.
const Expiry = 72 * time.Hour

// Config is what a keeper needs.
type Config struct {
	Dir   string // of officers.db
	Clock border.Clock
	Root  Sealer
	Log   *slog.Logger // nil: none
	// Audit is told every change, also those that another program made; nil: somebody else tells it.
	Audit border.Auditor
	// Alarm is raised for what must not be: a row that was edited, a history that has lost its end.
	// kind is officer_damaged or officers_rolled_back. It may be nil, and does not call the keeper.
	Alarm func(ctx context.Context, kind, text string)
	// Demo allows accounts of the demonstration; without it they are as if they were not there.
	Demo   bool
	Expiry time.Duration // 0: Expiry
	PINs   *pin.Keeper   // makes verifiers; nil: one of its own

	// Station finds a station's post and the key that what is for it is sealed with, and Seal seals.
	// nil: no rosters are made.
	Station func(ctx context.Context, station border.StationID) (post border.PostID, sealKey []byte, err error)
	Seal    func(sealKey []byte, purpose string, plain []byte) ([]byte, error)
}

// Purpose is what rosters are sealed for.
const Purpose = "roster"

// Keeper keeps the accounts. Safe for concurrent use, also by several programs at once.
type Keeper struct {
	cfg   Config
	store *sqlite.DB
	keys  *keys

	changed chan struct{}
	state   atomic.Pointer[state]

	mu      sync.Mutex // held while the state is read anew or changed
	alarmed map[uint64]bool
}

// state is all accounts at one version; it is never changed.
type state struct {
	version  uint64
	issuedAt time.Time // of the newest row
	mac      []byte    // of the newest row
	accounts map[string]account
	roster   access.Roster // everybody whose account is whole
}

type account struct {
	officer access.Officer
	version uint64
	damaged bool
}

// Open opens (or makes) officers.db.
func Open(ctx context.Context, cfg Config) (*Keeper, error) {
	if cfg.Expiry == 0 {
		cfg.Expiry = Expiry
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Alarm == nil {
		cfg.Alarm = func(context.Context, string, string) {}
	}
	if cfg.PINs == nil {
		cfg.PINs = pin.New(pin.AtOnce, pin.Wait)
	}
	s, err := openStore(ctx, cfg.Dir)
	if err != nil {
		return nil, err
	}
	k := &Keeper{cfg: cfg, store: s, changed: make(chan struct{}, 1), alarmed: make(map[uint64]bool)}
	if k.keys, err = openKeys(ctx, s, cfg.Root); err == nil {
		k.state.Store(&state{accounts: map[string]account{}})
		err = k.Refresh(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return k, nil
}

// Close closes officers.db.
func (k *Keeper) Close() error { return k.store.Close() }

// Signer is the public key that rosters are signed with.
func (k *Keeper) Signer() ed25519.PublicKey { return k.keys.sign.Public().(ed25519.PublicKey) }

// Version is that of the accounts: it grows with every change.
func (k *Keeper) Version() uint64 { return k.state.Load().version }

// Changed carries one signal after one or more changes, of whichever program. It has one reader.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Known is the roster of the hub itself: everybody whose account is whole, with verifiers, for
// border/signin. Whoever is given it does not change it.
func (k *Keeper) Known() access.Roster { return k.state.Load().roster }

// Officers lists all accounts, closed ones too, by badge; verifiers of PINs and keys are left out.
// An account whose row was edited has no roles.
func (k *Keeper) Officers(context.Context) ([]access.Officer, error) {
	st := k.state.Load()
	out := make([]access.Officer, 0, len(st.accounts))
	for badge, a := range st.accounts {
		if a.damaged {
			out = append(out, access.Officer{Badge: badge})
			continue
		}
		o := cloned(a.officer)
		o.PIN = ""
		for i := range o.Passkeys {
			o.Passkeys[i].PublicKey = nil
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b access.Officer) int { return strings.Compare(a.Badge, b.Badge) })
	return out, nil
}

func cloned(o access.Officer) access.Officer {
	o.Roles, o.Posts, o.Passkeys = slices.Clone(o.Roles), slices.Clone(o.Posts), slices.Clone(o.Passkeys)
	return o
}

// Refresh reads what another program has changed, renews the roster if it is time, and tells the
// audit what it has not been told.
func (k *Keeper) Refresh(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.store.Do(ctx, "read the officers", func(t *sql.Tx) error { return k.read(ctx, t) }); err != nil {
		return err
	}
	if st := k.state.Load(); st.version > 0 && k.stale(st) {
		if err := k.change(ctx, changeRow{did: "renewed", who: "hub"}, nil); err != nil {
			return err
		}
	}
	return k.tellAudit(ctx)
}

// stale: a third of the roster's life is gone, or it comes from a clock that was ahead.
func (k *Keeper) stale(st *state) bool {
	age := k.cfg.Clock.Now().Sub(st.issuedAt)
	return age >= k.cfg.Expiry/3 || age < -time.Hour
}

// pollEvery is how long a change made at the console stays unnoticed by the running hub.
const pollEvery = time.Second

// Run refreshes every second until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	said := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := k.Refresh(ctx)
		if err != nil && !said && ctx.Err() == nil {
			k.cfg.Log.Error("the officers cannot be read", "error", err)
		}
		said = err != nil
	}
}

// signal says that the version has grown.
func (k *Keeper) signal() {
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// Roster gives a station's roster, signed and sealed to it, if there is a newer one than it has;
// nil if not. A station that has a newer one than there is here shows that officers.db was put
// back from a copy: the versions then go on above it.
func (k *Keeper) Roster(ctx context.Context, station border.StationID, have uint64) ([]byte, error) {
	if k.cfg.Station == nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "make a roster"}
	}
	if err := ctx.Err(); err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "make a roster", Err: err}
	}
	if have > k.Version() {
		if err := k.overtake(ctx, have); err != nil {
			return nil, err
		}
	}
	st := k.state.Load()
	if have >= st.version {
		return nil, nil
	}
	post, sealKey, err := k.cfg.Station(ctx, station)
	if err != nil {
		return nil, err
	}
	r := access.Roster{Version: st.version, Station: station, Post: post, IssuedAt: st.issuedAt, ExpiresAt: st.issuedAt.Add(k.cfg.Expiry)}
	forget := k.cfg.Clock.Now().Add(-2 * k.cfg.Expiry)
	for i := range st.roster.Officers {
		if o, ok := at(st.roster.Officers[i], post, forget); ok {
			r.Officers = append(r.Officers, o)
		}
	}
	signed, err := roster.Sign(&r, k.keys.sign)
	if err != nil {
		return nil, err
	}
	sealed, err := k.cfg.Seal(sealKey, Purpose, signed)
	if err != nil {
		return nil, err
	}
	if len(sealed) > border.MaxRoster {
		return nil, &border.Error{Code: border.TooLarge, Op: "make a roster", Message: "The post has too many officers for one roster. Say of each at which posts they work."}
	}
	return sealed, nil
}

// at gives an officer as a post needs to know them, if it does. Of who was revoked long ago no
// roster without the revocation can be in force any more.
func at(o access.Officer, post border.PostID, forget time.Time) (access.Officer, bool) {
	if !o.WorksAt(post) || !o.Revoked.IsZero() && o.Revoked.Before(forget) {
		return o, false
	}
	o.Roles = slices.DeleteFunc(slices.Clone(o.Roles), func(r access.Role) bool {
		return r != access.Inspector && r != access.Supervisor && r != access.Technician
	})
	o.Posts = nil // where else somebody works is none of the station's business
	if !o.Revoked.IsZero() {
		o.PIN, o.Passkeys, o.Name = "", nil, ""
	}
	return o, len(o.Roles) > 0
}

// maxLead is how far ahead a station's version may be: no count of changes comes near it.
const maxLead = 1 << 20

// overtake raises the version above one that a station remembers.
func (k *Keeper) overtake(ctx context.Context, have uint64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	st := k.state.Load()
	if have <= st.version {
		return nil
	}
	if have > st.version+maxLead {
		return &border.Error{Code: border.Invalid, Op: "make a roster", Message: "The station claims a roster that there cannot be."}
	}
	k.cfg.Alarm(ctx, "officers_rolled_back", "A station has a newer roster than the hub: the officers' database was put back from a copy. Look through the accounts.")
	return k.change(ctx, changeRow{version: have + 1, did: "restored", who: "hub"}, nil)
}

var _ border.RosterSource = (*Keeper)(nil)
