// Package replica is a station's copy of the hub's lists: sealed files, and lists.db, which says
// what is in force. It trusts nothing that it is given: a release counts only if the hub signed
// it, if it follows what is in force, and if its files are what the manifest says. Whatever
// goes wrong, the last good list stays in force, and the station says what it refused.
//
// It also keeps the hub's notices of cases until they are closed, and officers'
// acknowledgements until the hub has them.
package replica

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"garita/border"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/document"
	"garita/border/watch/release"
)

// Names in a station's data folder.
const (
	FileName = "lists.db"
	FilesDir = "lists" // sealed files, each named by the SHA-256 of its bytes
)

// MaxLists bounds the lists of one station.
const MaxLists = 16

// Config is what a replica needs.
type Config struct {
	Dir     string // the station's data folder
	Station border.StationID
	Clock   border.Clock
	// Prov holds the list key and the hub's signer. In the file of an older hub they are
	// missing: then no release is taken.
	Prov *seal.Provisioning
	Log  *slog.Logger

	// step is called between the steps of Receive and Apply: tests cut there.
	step func(name string) error
}

// Held is a list in force, for checks. It never changes; the next release brings another one.
type Held struct {
	List *watch.List
	// Documents is the filter of lost, stolen and revoked documents; nil if the hub has none,
	// or if DocumentsDamaged.
	Documents        *document.Set
	DocumentsDamaged bool // its files do not open: documents cannot be checked until the next release

	Position   border.ListPosition
	Issued     time.Time // by the hub's clock
	ValidUntil time.Time // past it the hub should have been heard: the asker decides what that means
	Since      time.Time // in force since, by the station's clock
}

// Replica is a station's copy of the lists. Safe for concurrent use.
type Replica struct {
	cfg    Config
	keys   *release.Keys // nil: none were provisioned
	signer ed25519.PublicKey
	store  *store
	dir    string // of the files

	// work is a token: one Offer, Receive or Apply at a time. It guards parts and bad, and
	// whoever writes lists holds it; readers of lists need mu alone.
	work  chan struct{}
	parts map[border.Digest]*part
	bad   map[border.Digest]bool // files that are there and are not what their name says

	mu    sync.Mutex // guards lists and what they hold; a leaf, never held during I/O
	lists map[string]*held

	current atomic.Pointer[[]*Held]

	noticing sync.Mutex // held while notices change and are read anew
	open     atomic.Pointer[[]OpenNotice]

	ending  sync.Once
	closed  chan struct{}
	acks    chan struct{}
	noticed chan struct{}
}

// held is what the replica knows of one list.
type held struct {
	name    string
	inForce *Held               // nil: nothing
	chain   []*release.Manifest // from the one with the snapshot to the one in force
	filter  *document.Filter    // of the one in force
	newest  border.ListPosition // committed last; above what is in force if that does not open
	refused refusalRow          // reason "": none was
	problem string              // what is damaged, in plain words
}

// The reasons for which a release is refused, as a station's hello gives them.
const (
	Signature = "signature" // not signed by the hub of this station
	Key       = "key"       // sealed with a list key that the station does not hold
	Fork      = "fork"      // contradicts what is or was in force
	Rollback  = "rollback"  // of an epoch that is over
	Replayed  = "replayed"  // older than what is in force
	Corrupt   = "corrupt"   // a file is not what the manifest says, or does not hold a list
	Truncated = "truncated" // the end of a file is missing
	TooLarge  = "too_large" // beyond a limit
	Damaged   = "damaged"   // not refused: what was in force does not open any more
)

// Open opens (or makes) a station's copy and puts in force what is there and opens. What is
// damaged does not keep it from opening: it is said in [Replica.State] and fetched anew.
func Open(ctx context.Context, cfg Config) (*Replica, error) {
	const op = "open the lists"
	r := &Replica{cfg: cfg, dir: filepath.Join(cfg.Dir, FilesDir), work: make(chan struct{}, 1), closed: make(chan struct{}),
		parts: map[border.Digest]*part{}, bad: map[border.Digest]bool{}, lists: map[string]*held{},
		acks: make(chan struct{}, 1), noticed: make(chan struct{}, 1)}
	r.current.Store(&[]*Held{})
	r.open.Store(&[]OpenNotice{})
	if r.cfg.step == nil {
		r.cfg.step = func(string) error { return nil }
	}
	if len(cfg.Prov.ListSigner) == ed25519.PublicKeySize && len(cfg.Prov.ListKey) > 0 {
		keys, err := release.NewKeys(cfg.Prov.ListKey)
		if err != nil {
			return nil, err
		}
		r.keys, r.signer = keys, cfg.Prov.ListSigner
	}
	if err := os.Mkdir(r.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, notKept(op, err)
	}
	if err := r.openStore(ctx); err != nil {
		return nil, notKept(op, err)
	}
	err := r.load(ctx)
	if err == nil {
		err = r.reread(ctx)
	}
	if err != nil {
		return nil, notKept(op, errors.Join(err, r.store.close()))
	}
	return r, nil
}

// openStore opens lists.db. One that is damaged is set aside: a station without lists works and
// fetches them anew, one that does not start does not.
func (r *Replica) openStore(ctx context.Context) error {
	path := filepath.Join(r.cfg.Dir, FileName)
	s, err := openStore(ctx, path)
	if isDamage(err) {
		aside := path + ".damaged-" + r.cfg.Clock.Now().UTC().Format("20060102T150405")
		r.cfg.Log.Error("lists: the database is damaged; it is set aside, and the lists are fetched anew", "aside", filepath.Base(aside), "error", err)
		if err := os.Rename(path, aside); err != nil {
			return err
		}
		for _, suffix := range []string{"-wal", "-shm"} {
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		s, err = openStore(ctx, path)
	}
	if err != nil {
		return err
	}
	if err := s.do(ctx, func(t tx) error { return claim(t, r.cfg.Station) }); err != nil {
		return errors.Join(err, s.close())
	}
	r.store = s
	return nil
}

// Close waits for what is under way and ends the use of the replica. What is in force can be
// asked on.
func (r *Replica) Close() (err error) {
	r.ending.Do(func() {
		r.work <- struct{}{}
		close(r.closed)
		err = r.store.close()
		for _, p := range r.parts {
			err = errors.Join(err, p.close())
		}
		r.give()
	})
	return err
}

// take waits for the token.
func (r *Replica) take(ctx context.Context) error {
	err := ctx.Err() // a token that is free must not win over a context that has ended
	if err == nil {
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case r.work <- struct{}{}:
		}
	}
	if err != nil {
		return &border.Error{Code: border.Unavailable, Op: "wait for the lists", Err: err}
	}
	select {
	case <-r.closed:
		r.give()
		return errStopping
	default:
		return nil
	}
}

var errStopping = &border.Error{Code: border.Unavailable, Op: "use the lists", Message: "The station is stopping."}

func (r *Replica) give() { <-r.work }

// Current gives the lists in force, by name. It costs nothing and never waits. What it gives
// must not be changed.
func (r *Replica) Current() []*Held { return *r.current.Load() }

// Position implements [border.ListSink].
func (r *Replica) Position(ctx context.Context, list string) (border.ListPosition, error) {
	if err := ctx.Err(); err != nil {
		return border.ListPosition{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.lists[list]; h != nil && h.inForce != nil {
		return h.inForce.Position, nil
	}
	return border.ListPosition{List: list}, nil
}

// State is what a station knows of one of its lists, for screens.
type State struct {
	border.ListReport
	Issued, ValidUntil time.Time // zero: nothing is in force
	Problem            string    // plain words: what is damaged or refused, and what happens next; "" if nothing
}

// State lists the states of all lists, by name.
func (r *Replica) State() []State {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]State, 0, len(r.lists))
	for _, h := range r.lists {
		s := State{ListReport: border.ListReport{Position: border.ListPosition{List: h.name}, Refused: h.refused.reason, RefusedAt: h.refused.at}, Problem: h.problem}
		if f := h.inForce; f != nil {
			s.Position, s.Since, s.Issued, s.ValidUntil = f.Position, f.Since, f.Issued, f.ValidUntil
		}
		if s.Problem == "" && s.Refused != "" {
			s.Problem = refusedWords(s.Refused)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b State) int { return strings.Compare(a.Position.List, b.Position.List) })
	return out
}

// Report is what the station's hello says of its lists.
func (r *Replica) Report() []border.ListReport {
	states := r.State()
	out := make([]border.ListReport, len(states))
	for i, s := range states {
		out[i] = s.ListReport
	}
	return out
}

func refusedWords(reason string) string {
	what := map[string]string{
		Signature: "a release that the hub has not signed",
		Key:       "a release sealed with a key that this station does not hold: it needs a new provisioning file",
		Fork:      "a release that contradicts an earlier one",
		Rollback:  "a release of a list that is over",
		Replayed:  "a release older than the one in force",
		Corrupt:   "a release whose files are not what it says",
		Truncated: "a release with a file that is cut off",
		TooLarge:  "a release beyond the limits",
	}[reason]
	if what == "" {
		what = "a release"
	}
	return fmt.Sprintf("The station has refused %s. The last good list stays in force. Call the hub.", what)
}

// list gives what is known of a list, and begins to if there is room; nil if there is none.
// Called with the token.
func (r *Replica) list(name string) *held {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.lists[name]
	if h == nil && len(r.lists) < MaxLists {
		h = &held{name: name}
		r.lists[name] = h
	}
	return h
}

// publish makes what is in force visible to checks. Called with mu held.
func (r *Replica) publish() {
	out := make([]*Held, 0, len(r.lists))
	for _, h := range r.lists {
		if h.inForce != nil {
			out = append(out, h.inForce)
		}
	}
	slices.SortFunc(out, func(a, b *Held) int { return strings.Compare(a.Position.List, b.Position.List) })
	r.current.Store(&out)
}

func (r *Replica) now() time.Time { return r.cfg.Clock.Now().UTC().Truncate(time.Millisecond) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

var (
	_ border.ListSink   = (*Replica)(nil)
	_ border.NoticeSink = (*Replica)(nil)
)
