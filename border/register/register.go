// Package register is the national register at the hub. It keeps every message of every
// station byte for byte before it interprets it (the record), and folds those raw events
// into projections: crossings, stays by document, flows, the openings of each journal.
// A projection depends on the set of raw events only, never on the order in which they
// arrived, and can be rebuilt from them at any time.
//
// It implements [border.EventSink] for sync/intake and [border.HubAsker] for the
// stations' checks. Nothing it stores, logs or shows identifies a person: documents are
// known by their blind index, the rest stays sealed.
//
// Locks: writing is serial (the channel writing, held for one transaction); the
// subscribers' mutex is never held together with it.
package register

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
)

// Keys holds what opens sealed parts; [garita/border/seal.HubKeys] is the real one.
type Keys interface {
	// Add keeps wraps durably before it returns nil.
	Add(ctx context.Context, wraps []border.KeyWrap) error
	// IDs lists the key ids held for a station.
	IDs(ctx context.Context, station border.StationID) ([]string, error)
	// Open returns the plaintext of a part; seal.ErrNoKey if its key is not held.
	Open(e *border.Event, part string) ([]byte, error)
}

// Blinder makes blind indexes; [garita/border/seal.Blinder] is the real one.
type Blinder interface {
	Document(issuer, number string) border.BlindIndex
	Person(surname, given, birthDate string) (border.BlindIndex, bool)
	Born(birthDate string) (border.BlindIndex, bool)
	Officer(badge string) string
	Name(token string) border.BlindIndex
}

// Config says what a register works with. All fields but Log are required.
type Config struct {
	Dir     string // folder of hub.db; made if it is not there
	Clock   border.Clock
	Keys    Keys
	Blinder Blinder
	Log     *slog.Logger // nil: no log

	// Signers gives the keys of enrolled stations: what none of them vouches for is put aside. nil:
	// stations are not told apart, in tests only.
	Signers Signers
	// Cosign signs the checkpoints of stations whose log agrees with what is held; nil: none are.
	Cosign note.Signer
	// Witness gives the newest checkpoint of the hub's own journal, for the stations to keep; may
	// be nil.
	Witness func() []byte

	quarantineMessages, quarantineBytes int64 // bounds per station; 0: the defaults
	busyTimeout                         time.Duration
}

// The bounds of quarantine per station; beyond them messages are counted only.
const (
	defaultQuarantineMessages = 10_000
	defaultQuarantineBytes    = 64 << 20
)

// Register is the national register. Safe for concurrent use.
type Register struct {
	clock   border.Clock
	keys    Keys
	blinder Blinder
	log     *slog.Logger
	store   store

	signers  Signers
	cosigner note.Signer
	witness  func() []byte

	quarantineMessages, quarantineBytes int64

	writing    chan struct{} // one token: held while writing
	generation atomic.Uint64
	behind     atomic.Bool // the projections lack raw events
	failing    atomic.Bool // the last projection failed; logged when that changes
	rebuilding atomic.Bool
	closed     atomic.Bool

	rights rights
	doubts doubtCount

	speller *speller
	grids   gridMemo

	mu          sync.Mutex // guards subscribers
	subscribers map[chan struct{}]struct{}
}

var (
	_ border.EventSink = (*Register)(nil)
	_ border.HubAsker  = (*Register)(nil)
)

// Open opens the register in a folder: it takes the folder's lock (one active hub per
// folder, else [border.Conflict]), brings the log into the database, checks and upgrades
// it, and brings the projections up to date.
func Open(ctx context.Context, c Config) (*Register, error) {
	const op = "open the national register"
	if c.Dir == "" || c.Clock == nil || c.Keys == nil || c.Blinder == nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: errors.New("incomplete configuration")}
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Message: "The hub's data folder cannot be made.", Err: err}
	}
	s, err := openSQLite(ctx, c.Dir, c.busyTimeout)
	if err != nil {
		return nil, opened(op, err)
	}
	r := &Register{
		clock: c.Clock, keys: c.Keys, blinder: c.Blinder, log: c.Log, store: s,
		signers: c.Signers, cosigner: c.Cosign, witness: c.Witness,
		quarantineMessages: c.quarantineMessages, quarantineBytes: c.quarantineBytes,
		writing: make(chan struct{}, 1), subscribers: map[chan struct{}]struct{}{},
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.quarantineMessages == 0 {
		r.quarantineMessages = defaultQuarantineMessages
	}
	if r.quarantineBytes == 0 {
		r.quarantineBytes = defaultQuarantineBytes
	}
	if r.speller, err = newSpeller(c.Blinder); err != nil {
		return nil, opened(op, errors.Join(err, s.close()))
	}
	if err := r.start(ctx); err != nil {
		return nil, opened(op, errors.Join(err, s.close()))
	}
	return r, nil
}

func opened(op string, err error) error {
	var e *border.Error
	if errors.As(err, &e) {
		return err
	}
	return &border.Error{Code: border.Internal, Op: op,
		Message: "The national register could not be opened. Its log says why; restore a copy if the database is damaged.", Err: err}
}

// start reads the generation and catches up with what an earlier run left to do.
func (r *Register) start(ctx context.Context) error {
	version := int64(0)
	err := r.store.write(func(t tx) error {
		g, err := t.meta("generation")
		if err != nil {
			return err
		}
		r.generation.Store(uint64(g))
		if version, err = t.meta("projection_version"); err != nil {
			return err
		}
		return r.knowRights(t)
	})
	if err != nil {
		return err
	}
	if version != projectionVersion {
		return r.Rebuild(ctx)
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	if err := r.write(ctx, "look for lost events", func(t tx) error { return r.newProjection(t).allLineages(true) }); err != nil {
		return err
	}
	return r.retryPending(ctx)
}

// Close ends the register. It waits for a write under way.
func (r *Register) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	r.doubts.stop()
	r.writing <- struct{}{}
	defer func() { <-r.writing }()
	return r.store.close()
}

// Generation returns the hub's generation: 1 for a new register, one more after each
// restore from a copy.
func (r *Register) Generation() uint64 { return r.generation.Load() }

// Subscribe returns a channel that carries one signal after one or more changes, and a
// function that ends the subscription. The channel is never closed.
func (r *Register) Subscribe() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	r.mu.Lock()
	r.subscribers[c] = struct{}{}
	r.mu.Unlock()
	return c, func() {
		r.mu.Lock()
		delete(r.subscribers, c)
		r.mu.Unlock()
	}
}

func (r *Register) changed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.subscribers {
		select {
		case c <- struct{}{}:
		default: // a signal is waiting already
		}
	}
}

// write runs one transaction, alone. ctx bounds the waiting only: a transaction that has
// begun is ended, because an interrupted commit would be ambiguous.
func (r *Register) write(ctx context.Context, op string, fn func(tx) error) error {
	return r.alone(ctx, op, func() error { return r.store.write(fn) })
}

// alone runs fn while nothing else is written.
func (r *Register) alone(ctx context.Context, op string, fn func() error) error {
	select {
	case r.writing <- struct{}{}:
	case <-ctx.Done():
		return &border.Error{Code: border.Unavailable, Op: op, Err: ctx.Err()}
	}
	defer func() { <-r.writing }()
	if err := ctx.Err(); err != nil {
		return &border.Error{Code: border.Unavailable, Op: op, Err: err}
	}
	if r.closed.Load() {
		return errClosed(op)
	}
	if err := fn(); err != nil {
		return writeError(op, err)
	}
	return nil
}

// readTimeout bounds a read whose caller set no deadline: a long reader keeps the log
// from being checkpointed.
const readTimeout = 10 * time.Second

func (r *Register) read(ctx context.Context, op string, fn func(reader) error) error {
	if r.closed.Load() {
		return errClosed(op)
	}
	err := r.store.read(ctx, fn)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &border.Error{Code: border.Unavailable, Op: op, Err: err}
	case border.CodeOf(err) != border.Internal:
		return err
	}
	return &border.Error{Code: border.Internal, Op: op, Err: err}
}

func errClosed(op string) error {
	return &border.Error{Code: border.Unavailable, Op: op, Message: "The register is closed."}
}
