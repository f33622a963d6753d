// Package stations is the hub's keeper of who belongs: stations, the keys they have and had, the
// one-time codes by which they are enrolled, and who was shown the door.
//
// The running hub and the command line may keep the same folder at the same time: each sees what
// the other did within [Poll].
package stations

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/seal"
	"garita/border/sqlite"
)

// Poll is how often [Keeper.Run] looks for what another program did. Every so many times it reads and
// verifies all rows.
const (
	Poll        = time.Second
	verifyEvery = 30
)

// Config says where the keeper keeps and what it hands out.
type Config struct {
	Dir   string // data folder of the hub
	Clock border.Clock
	Root  Sealer
	// Audit takes what was done. nil: it waits in the database for a keeper that has one.
	Audit border.Auditor
	Log   *slog.Logger // nil: silent

	// What follows is needed to enrol; without it a keeper can only be asked and told.

	// Grant gives what every station is given alike: Hub, NATS, CA, RosterSigner, Cosigner, RPID.
	Grant func() (enrolment.Grant, error)
	// Provisioning is what a station seals and indexes with.
	Provisioning func() (*seal.Provisioning, error)
	// Certificate certifies a station's public key for TLS (border/pki).
	Certificate func(key []byte, station border.StationID, post border.PostID) (pem []byte, expires time.Time, err error)
	// UserJWT makes the station's credentials for the broker (sync/credentials).
	UserJWT func(station border.StationID, user string, expires time.Time) (string, error)
}

// Keeper keeps who belongs. Safe for concurrent use.
type Keeper struct {
	cfg     Config
	log     *slog.Logger
	store   *sqlite.DB
	vault   *vault
	state   atomic.Pointer[state]
	changed chan struct{}

	handing sync.Mutex // held by who hands on acts

	mu        sync.Mutex // guards what follows
	problem   string
	refusedAt time.Time
	refused   int
}

// Open opens (or makes) stations.db in the data folder. A database that the hub did not write is
// refused.
func Open(ctx context.Context, cfg Config) (*Keeper, error) {
	k := &Keeper{cfg: cfg, log: cfg.Log, changed: make(chan struct{}, 1)}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if k.store, err = openStore(ctx, cfg.Dir); err != nil {
		return nil, err
	}
	if err := k.begin(ctx); err != nil {
		_ = k.store.Close() // nothing was written that was not committed
		return nil, err
	}
	return k, nil
}

// begin opens the database's key, or makes it, and reads everything.
func (k *Keeper) begin(ctx context.Context) error {
	return k.store.Do(ctx, "open the stations", func(t *sql.Tx) error {
		sealed, err := meta(ctx, t, "key")
		if err != nil {
			return err
		}
		if sealed == nil {
			if sealed, err = newKey(k.cfg.Root); err != nil {
				return err
			}
			if err := putMeta(ctx, t, "key", sealed); err != nil {
				return err
			}
		}
		if k.vault, err = openVault(k.cfg.Root, sealed); err != nil {
			return err
		}
		s, err := k.vault.load(ctx, t)
		if err != nil {
			return err
		}
		k.state.Store(s)
		return nil
	})
}

// Close closes the database.
func (k *Keeper) Close() error { return k.store.Close() }

// Changed carries one signal after one or more changes, also those of another program. It has one reader.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Problem says what is wrong with the database, in words for people; "" if nothing is.
func (k *Keeper) Problem() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.problem
}

// Run looks for what other programs did, and hands acts on to the audit, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(Poll)
	defer tick.Stop()
	for n := 1; ; n++ {
		err := k.look(ctx, n%verifyEvery == 0)
		if ctx.Err() != nil {
			return nil
		}
		k.note(err)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// note keeps what is wrong, and logs it once.
func (k *Keeper) note(err error) {
	said := ""
	if err != nil {
		if said = border.MessageOf(err); said == "" {
			said = "The stations' database cannot be read."
		}
	}
	k.mu.Lock()
	before := k.problem
	k.problem = said
	k.mu.Unlock()
	if said != "" && said != before {
		k.log.Error("trouble with the stations' database", "err", err)
	}
}

// look reads the database if it has changed or all is asked for, and hands acts on. What cannot be verified is not
// believed: who belonged before still does.
func (k *Keeper) look(ctx context.Context, all bool) error {
	raw, acts, err := peek(ctx, k.store)
	if err != nil {
		return err
	}
	if all || !k.state.Load().same(raw) {
		if err := k.store.Do(ctx, "read the stations", func(t *sql.Tx) error {
			s, err := k.load(ctx, t)
			if err == nil {
				k.publish(s)
			}
			return err
		}); err != nil {
			return err
		}
	}
	if acts {
		return k.handOn(ctx)
	}
	return nil
}

// load reads the database as it is now. One that is older than what was read before was put back.
func (k *Keeper) load(ctx context.Context, t *sql.Tx) (*state, error) {
	s, err := k.vault.load(ctx, t)
	if err == nil && s.stamp.Version < k.state.Load().stamp.Version {
		err = tampered("an older copy was put in its place")
	}
	return s, err
}

func (k *Keeper) publish(s *state) {
	if k.state.Load().same(s.raw) {
		return
	}
	for old := k.state.Load(); old == nil || s.stamp.Version >= old.stamp.Version; old = k.state.Load() {
		if k.state.CompareAndSwap(old, s) {
			select {
			case k.changed <- struct{}{}:
			default:
			}
			return
		}
	}
}

// change runs fn on the newest state, in one transaction. It is durable when it returns nil.
func (k *Keeper) change(ctx context.Context, op string, fn func(*change) error) error {
	var after *state
	told := false
	err := k.store.Do(ctx, op, func(t *sql.Tx) error {
		s, err := k.load(ctx, t)
		if err != nil {
			return err
		}
		c := &change{state: s, touched: make(map[border.StationID]bool), codes: make(map[string]bool)}
		if err := fn(c); err != nil {
			return err
		}
		c.prune(k.cfg.Clock.Now())
		after, told = c.state, len(c.acts) > 0
		return k.vault.save(ctx, t, c)
	})
	if err != nil {
		return err
	}
	k.publish(after)
	if !told { // who connects does not wait for the audit
		return nil
	}
	// What was done is done, also while the audit cannot take it: it waits beside it.
	if err := k.handOn(ctx); err != nil {
		k.log.Warn("an act waits for the audit", "err", err)
	}
	return nil
}

func unknown(op string) error {
	return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such station at this hub."}
}

// find returns a station's record; it must not be changed.
func (k *Keeper) find(op string, station border.StationID) (*record, error) {
	if r := k.state.Load().stations[station]; r != nil {
		return r, nil
	}
	return nil, unknown(op)
}

// Post returns the post of a station. [border.NotFound]: it does not belong.
func (k *Keeper) Post(station border.StationID) (border.PostID, error) {
	r, err := k.find("find a station's post", station)
	if err != nil {
		return "", err
	}
	return r.Post, nil
}

// Signer returns the keys that a station's signatures count by, the current one first, previous ones for
// old heads. revoked: nothing new counts from it. [border.NotFound]: it never had any.
func (k *Keeper) Signer(_ context.Context, station border.StationID) (keys []ed25519.PublicKey, revoked bool, err error) {
	const op = "find a station's signing keys"
	r, err := k.find(op, station)
	if err != nil {
		return nil, false, err
	}
	for _, s := range []setState{setCurrent, setNext, setPrevious} {
		for _, set := range r.Sets {
			if set.State == s {
				keys = append(keys, slices.Clone(set.Keys.Sign))
			}
		}
	}
	if r.Revoked != nil || len(keys) == 0 && len(r.Sets) > 0 {
		for _, set := range r.Sets { // what it signed before can still be checked
			if set.State == setRevoked {
				keys = append(keys, slices.Clone(set.Keys.Sign))
			}
		}
		return keys, true, nil
	}
	if len(keys) == 0 {
		return nil, false, unknown(op)
	}
	return keys, false, nil
}

// Speaking returns the keys that a station may sign requests with now, the current one first. None: it
// does not belong.
func (k *Keeper) Speaking(station border.StationID) (keys []ed25519.PublicKey) {
	if r := k.state.Load().stations[station]; r != nil {
		for _, set := range r.live() {
			keys = append(keys, slices.Clone(set.Keys.Sign))
		}
	}
	return keys
}

// SealKey returns the key that the hub seals to for a station (X25519). [border.NotFound]: it has
// none. [border.Forbidden]: it does not belong any more.
func (k *Keeper) SealKey(_ context.Context, station border.StationID) ([]byte, error) {
	const op = "find a station's sealing key"
	r, err := k.find(op, station)
	if err != nil {
		return nil, err
	}
	if live := r.live(); len(live) > 0 {
		return slices.Clone(live[0].Keys.Seal), nil
	}
	if len(r.Sets) > 0 {
		return nil, forbidden(op, revokedMessage)
	}
	return nil, unknown(op)
}

const revokedMessage = "This station does not belong to the hub any more. If that is a mistake, an administrator replaces it: garita-hub station replace."

func forbidden(op, message string) error {
	return &border.Error{Code: border.Forbidden, Op: op, Message: message}
}

// Belongs reports whether a station may connect with the key of its certificate (PKIX DER); an error
// says why not. A new key that is seen for the first time replaces the one before.
func (k *Keeper) Belongs(station border.StationID, key []byte) error {
	op := "admit station " + string(station)
	r, err := k.find(op, station)
	if err != nil {
		return err
	}
	for _, set := range r.live() {
		if !slices.Equal(set.Keys.TLS, key) {
			continue
		}
		if set.State == setNext {
			// If it cannot be noted both keys stay good until it can.
			if err := k.confirm(context.Background(), station, key); err != nil {
				k.log.Warn("a station's new keys are not noted as in use", "station", station, "err", err)
			}
		}
		return nil
	}
	if len(r.live()) == 0 {
		return forbidden(op, revokedMessage)
	}
	return forbidden(op, "This is not a key that the station has now.")
}

func (k *Keeper) confirm(ctx context.Context, station border.StationID, key []byte) error {
	return k.change(ctx, "note a station's keys as in use", func(c *change) error {
		r := c.stations[station]
		if r == nil || r.Revoked != nil {
			return unknown("note keys")
		}
		if next := r.set(setNext); next != nil && slices.Equal(next.Keys.TLS, key) {
			r.confirm()
			c.put(r)
		}
		return nil
	})
}

// cutLate: credentials that ended longer ago need not be cut off; clocks differ.
const cutLate = 24 * time.Hour

// Cut lists the users (nkeys) of the broker that must not be connected although their credentials have
// not ended: of revoked stations, and of keys that were replaced.
func (k *Keeper) Cut() (users []string) {
	now := k.cfg.Clock.Now()
	for _, r := range k.state.Load().stations {
		for _, set := range r.Sets {
			gone := r.Revoked != nil || set.State == setPrevious || set.State == setRevoked
			if gone && now.Sub(set.Expires) < cutLate {
				users = append(users, set.Keys.NATS)
			}
		}
	}
	slices.Sort(users)
	return users
}
