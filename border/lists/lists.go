// Package lists is the hub's keeper of watchlists: the entries of all sources and their
// history, sealed on the disk; imports that show what they would do before anything changes;
// single entries changed by two people; and the releases by which posts come to hold the
// same list. It implements [border.ListSource].
//
// # One list, bit for bit
//
// A post holds the base snapshot of version b and the changes of b+1 to n, all of them as
// [watch.ForPosts] leaves them. The hub keeps that very list, made from the same bytes and
// the same changes in the same order ([Held].Posts), and lays over it only what posts do not
// hold: entries for the hub alone, and what is remembered of them. The base, and with it all
// that scores need beyond an entry itself (how rare a name is), is the same one, and nothing
// that a post holds is put a second time. So every hit that a post finds the hub finds with
// the same score, to the last bit; the hub's further hits are of entries for the hub alone.
// (A check gives at most [watch.MaxHits]: where further hits push some of the posts' last ones
// out, the hub's others are still the posts' best ones.)
//
// That is why the payload of silent entries is not put over theirs: an entry that is put again
// is found by another way than one in the base, and a difference in what is found is a
// difference in answers. It stands beside them instead ([watch.List.InFull]), where no search
// looks.
//
// # What happens in which order
//
// A change set writes its files (named by what they hold, synced, then renamed), then
// commits entries, history, manifest and all else in one transaction, then swaps the list in
// memory, then tells the downlink. A crash leaves the old version or the new one; files that
// no release names are removed at the next opening. The entries are the truth: if a file of
// the newest release is damaged, the next opening makes a new snapshot from them.
package lists

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

// Config says where the lists are kept and by which rules.
type Config struct {
	Dir   string // the hub's folder: lists.db, lists/ and documents/ are made in it
	Name  string // of the list; "": national
	Clock border.Clock
	Log   *slog.Logger

	ListKey, ListSeed []byte // of seal.HubPrivate

	Rules Rules
}

// Rules are figures that a country sets. The zero value of each stands for the figure named.
type Rules struct {
	Validity time.Duration // of a release: 48 h
	Renew    time.Duration // age at which a release without changes follows: a quarter of Validity

	AskShare float64       // of a source's entries that an import may add, remove or change without asking: 0.1
	Preview  time.Duration // how long an import waits to be confirmed: 24 h

	BaseShare float64 // of the entries that may have changed before a new snapshot is made: 0.05
	BaseFloor int     // changes that never need a new snapshot: 500
	BaseCount int     // changes that always need one: 20,000

	DocumentShare float64 // of the documents that may have come or gone before a new filter is built: 0.05
	DocumentFloor int     // changes that never need a new filter: 10,000

	Keep    int           // releases kept: 200
	KeepFor time.Duration // and how long: 30 days; never less than the newest snapshot and what follows

	Urgent time.Duration // after which a post that lacks an urgent entry is overdue: 1 h
}

func (r Rules) complete() Rules {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&r.Validity, 48*time.Hour)
	def(&r.Renew, r.Validity/4)
	def(&r.Preview, 24*time.Hour)
	def(&r.KeepFor, 30*24*time.Hour)
	def(&r.Urgent, time.Hour)
	if r.AskShare == 0 {
		r.AskShare = 0.1
	}
	if r.BaseShare == 0 {
		r.BaseShare = 0.05
	}
	if r.BaseFloor == 0 {
		r.BaseFloor = 500
	}
	if r.BaseCount == 0 {
		r.BaseCount = 20_000
	}
	if r.DocumentShare == 0 {
		r.DocumentShare = 0.05
	}
	if r.DocumentFloor == 0 {
		r.DocumentFloor = 10_000
	}
	if r.Keep == 0 {
		r.Keep = 200
	}
	return r
}

// Held is the list in force at the hub.
type Held struct {
	List     *watch.List // what the hub checks with: all that posts hold, in full, and entries for the hub alone
	Posts    *watch.List // what a post of this version holds
	Position border.ListPosition
	Issued   time.Time
	// ValidUntil is when posts will call the list old, unless a newer release reaches them.
	ValidUntil time.Time
}

// state is what is held, with what the next version needs. It is never changed.
type state struct {
	Held
	manifest *release.Manifest
	serial   int64
	base     int64 // serial of the snapshot it stands on
	changes  int   // since that snapshot
	hubOnly  map[watch.Key]*watch.Entry
	silent   map[watch.Key]*watch.Entry // that posts hold, in full
	counts   map[string]int             // entries at posts, by source
}

// Keeper keeps one list. Its methods may be called from several goroutines.
type Keeper struct {
	name  string
	rules Rules
	clock border.Clock
	log   *slog.Logger
	ids   *border.IDs
	dir   string // of the releases' files
	// documentDir holds the documents of each source, and what is being written.
	documentDir string
	documents   documents
	listKey     []byte
	vault       *vault
	keys        *release.Keys
	sign        ed25519.PrivateKey
	store       *store

	// change: one change set at a time; held while files are written and rows committed. No
	// other lock is taken by who waits for it.
	change  sync.Mutex
	current atomic.Pointer[state] // nil: no release yet

	published chan struct{}

	fault func(at string) // tests look at the disk between the steps of a change
}

// Open opens or makes the lists of a folder, and the list in force. If a file of the newest
// release is damaged, it makes a new release with a snapshot of the entries.
func Open(ctx context.Context, c Config) (*Keeper, error) {
	const op = "open the lists"
	if c.Name == "" {
		c.Name = "national"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if len(c.ListKey) != 32 || len(c.ListSeed) != ed25519.SeedSize || !release.ValidList(c.Name) {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The hub's key file lacks the keys of lists, or the list's name is not one."}
	}
	k := &Keeper{name: c.Name, rules: c.Rules.complete(), clock: c.Clock, log: c.Log, ids: border.NewIDs(c.Clock, nil),
		dir: filepath.Join(c.Dir, "lists"), documentDir: filepath.Join(c.Dir, "documents"), listKey: c.ListKey, sign: ed25519.NewKeyFromSeed(c.ListSeed),
		published: make(chan struct{}, 1), fault: func(string) {}}
	var err error
	if k.keys, err = release.NewKeys(c.ListKey); err != nil {
		return nil, err
	}
	if k.vault, err = newVault(c.ListKey, c.ListSeed); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	for _, dir := range []string{k.dir, k.documentDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
		}
	}
	if k.store, err = openStore(ctx, c.Dir); err != nil {
		return nil, err
	}
	if err := k.start(ctx); err != nil {
		return nil, errors.Join(err, k.closeDocuments(), k.store.close())
	}
	return k, nil
}

// start tidies up after a crash and puts the newest release in force.
func (k *Keeper) start(ctx context.Context) error {
	if err := k.store.write(ctx, "tidy the lists", func(tx *sql.Tx) error { return dropPreviews(ctx, tx, "state = 'reading'") }); err != nil {
		return err
	}
	if err := errors.Join(k.removeOrphans(ctx), k.sweepDocuments(ctx, true), k.loadDocuments(ctx)); err != nil {
		return err
	}
	err := k.load(ctx)
	if border.CodeOf(err) == border.Invalid || border.CodeOf(err) == border.NotFound {
		k.log.Error("a file of the newest list release is damaged; a new snapshot is made from the entries", "error", err)
		err = k.repair(ctx)
	}
	if err == nil && k.current.Load() != nil {
		k.publish()
	}
	return err
}

// Close closes the lists. Nobody may use the keeper any more, but for lists it has given out.
func (k *Keeper) Close() error {
	k.change.Lock()
	defer k.change.Unlock()
	return errors.Join(k.closeDocuments(), k.store.close())
}

// Current is the list that the hub checks with, nil before the first release: all entries, in
// full. It stays as it is; ask again for the next version.
func (k *Keeper) Current() *watch.List {
	if s := k.current.Load(); s != nil {
		return s.List
	}
	return nil
}

// Held is the list in force with its version, false before the first release.
func (k *Keeper) Held() (Held, bool) {
	if s := k.current.Load(); s != nil {
		return s.Held, true
	}
	return Held{}, false
}

// List is what [Keeper.Current] gives, with its position; nil before the first release.
func (k *Keeper) List() (*watch.List, border.ListPosition) {
	if s := k.current.Load(); s != nil {
		return s.List, s.Position
	}
	return nil, border.ListPosition{}
}

// Explain says why a traveller is or is not an entry, field by field. False if there is no
// such entry in force.
func (k *Keeper) Explain(q *watch.Query, key watch.Key) (watch.Explanation, bool) {
	if l := k.Current(); l != nil {
		return l.Explain(q, key)
	}
	return watch.Explanation{}, false
}

// Run keeps the lists in order until ctx ends: a fresh release before the last one runs out,
// old previews and releases taken away.
func (k *Keeper) Run(ctx context.Context) error {
	every := time.NewTicker(time.Minute)
	defer every.Stop()
	for {
		if err := k.Tick(ctx); err != nil && ctx.Err() == nil {
			k.log.Error("the lists could not be kept in order; tried again in a minute", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// Tick does once what [Keeper.Run] does.
func (k *Keeper) Tick(ctx context.Context) error {
	return errors.Join(k.renew(ctx), k.expirePreviews(ctx), k.prune(ctx), k.mendDocuments(ctx), k.sweepDocuments(ctx, false))
}

// renew makes a release without changes when the last one has become old, so that posts can
// tell a quiet list from an old one.
func (k *Keeper) renew(ctx context.Context) error {
	k.change.Lock()
	defer k.change.Unlock()
	s := k.current.Load()
	if s == nil || k.clock.Now().Before(s.Issued.Add(k.rules.Renew)) {
		return nil
	}
	_, err := k.decide(ctx, &changeSet{kind: kindRefresh})
	return err
}

func (k *Keeper) publish() {
	select {
	case k.published <- struct{}{}:
	default: // one signal stands for several releases
	}
}
