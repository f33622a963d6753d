// Package cases keeps the hub's hits in the hands of people. Every crossing that arrives is
// looked at again with the whole list, past crossings are when the list grows, and what comes
// of it, or was found at a post, becomes a case: somebody takes it, asks whoever listed the
// person, and judges. "Not this person" is remembered by the list; a hit that a station could
// not have known is told to the stations that can still act on it, and followed until one of
// them acknowledges it. Silent hits stay here.
//
// Cases are the record of people's work, in a database of their own. They follow the register
// and survive whatever becomes of its projections and of the numbers of its arrivals: what is
// known already is known by crossing, entry and event.
//
// Nothing it stores or logs identifies a person: travellers and entries are known by keyed
// hashes, the rest is sealed.
package cases

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"garita/border"
	"garita/border/register"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/release"
)

// Config says what cases work with. The fields without a remark are required.
type Config struct {
	Dir      string // folder of cases.db; it must be there
	Clock    border.Clock
	IDs      *border.IDs // nil: made from Clock
	Private  *seal.HubPrivate
	Blinder  *seal.Blinder
	Register *register.Register
	Log      *slog.Logger // nil: no log

	// List gives the whole list in force and which release it is; nil while there is none.
	List func() (*watch.List, border.ListPosition)
	// Entry gives an entry in full, as the hub alone holds it: the list in force may hold less of
	// silent ones. NotFound if it is not on the list.
	Entry func(context.Context, watch.Key) (*watch.Entry, error)
	// Grown gives the entries that were added or changed after a release of the list, as they
	// are now, and the release that they lead to: one that List gives, or will soon. The zero
	// position: all entries.
	Grown func(ctx context.Context, after border.ListPosition) ([]*watch.Entry, border.ListPosition, error)
	// Remember and Forget hand a non-match to the list. Twice is once, and so is forgetting
	// what is not remembered. They are called again until they return nil.
	Remember, Forget func(context.Context, watch.NonMatch) error
	// Notices seals what stations are told.
	Notices *release.Keys

	// MinScore is the probability from which a name is a hit, as at the counters; 0:
	// [watch.OperatingPoint].
	MinScore float64
	// Window is how far back crossings are looked at again when the list grows; 0: 90 days.
	Window time.Duration
	// ExitPosts are where a traveller is expected who has not said where he leaves; none: all
	// posts that the register knows.
	ExitPosts []border.PostID
	Limits    Limits
}

// Limits are the times after which a case or an alert is overdue; 0: the default.
type Limits struct {
	Possible    time.Duration // until somebody takes a case; 1 h, a quarter of it if the entry is urgent
	Review      time.Duration // of a review; 24 h
	Owner       time.Duration // for the owner's answer; 7 days
	Expire      time.Duration // without an answer, then the case expires by itself; 90 days
	Acknowledge time.Duration // of an alert by a station, then it is chased, again and again; 15 min
}

func (l Limits) complete() Limits {
	or := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	or(&l.Possible, time.Hour)
	or(&l.Review, 24*time.Hour)
	or(&l.Owner, 7*24*time.Hour)
	or(&l.Expire, 90*24*time.Hour)
	or(&l.Acknowledge, 15*time.Minute)
	return l
}

const defaultWindow = 90 * 24 * time.Hour

// Service is the hub's cases. Safe for concurrent use. It implements [border.NoticeSource].
type Service struct {
	cfg     Config
	log     *slog.Logger
	store   *store
	vault   *vault
	noticed chan struct{}
	failing atomic.Bool

	working  chan struct{} // one token: held by whoever follows the register; guards what follows
	cursor   int64         // arrival of the last event that was looked at
	last     border.Digest // what lay there
	kept     int64         // as far as the database says so
	screen   *screening
	passages int // looked at in one go
}

var _ border.NoticeSource = (*Service)(nil)

// Open opens the cases of a folder, one service at a time ([border.Conflict]). The register
// must be open; cases are closed before it.
func Open(ctx context.Context, c Config) (*Service, error) {
	if c.Dir == "" || c.Clock == nil || c.Private == nil || c.Blinder == nil || c.Register == nil || c.List == nil || c.Entry == nil || c.Grown == nil ||
		c.Remember == nil || c.Forget == nil || c.Notices == nil {
		return nil, &border.Error{Code: border.Internal, Op: "open the cases", Err: errors.New("incomplete configuration")}
	}
	if c.IDs == nil {
		c.IDs = border.NewIDs(c.Clock, nil)
	}
	if c.MinScore == 0 {
		c.MinScore = watch.OperatingPoint
	}
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	c.Limits = c.Limits.complete()
	s := &Service{cfg: c, log: c.Log, passages: passagesAtOnce, noticed: make(chan struct{}, 1), working: make(chan struct{}, 1)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.vault, err = newVault(c.Private); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "open the cases", Err: err}
	}
	if s.store, err = openStore(ctx, c.Dir); err != nil {
		return nil, err
	}
	if err := s.resume(ctx); err != nil {
		return nil, errors.Join(err, s.store.close())
	}
	return s, nil
}

// Close closes the database. Run must have ended.
func (s *Service) Close() error { return s.store.close() }

// beat is how often Run looks for what nobody signals: a list that has grown, keys that have
// come, times that have run out.
const beat = 2 * time.Second

// Run follows the register, looks through past crossings when the list has grown, and chases
// what is overdue, until ctx ends. Whatever fails is logged once and tried again.
func (s *Service) Run(ctx context.Context) error {
	changed, end := s.cfg.Register.Subscribe()
	defer end()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	due := true
	for {
		more, err := s.step(ctx, due)
		if ctx.Err() != nil {
			return s.settle()
		}
		s.report(err)
		if due = false; more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return s.settle()
		case <-changed:
		case <-tick.C:
			due = true
		}
		if err != nil { // whoever signals must not make a failing disk busy
			select {
			case <-ctx.Done():
				return s.settle()
			case <-tick.C:
				due = true
			}
		}
	}
}

// report logs a failure and its end.
func (s *Service) report(err error) {
	if failed := err != nil; s.failing.Swap(failed) != failed {
		if failed {
			s.log.Error("cases cannot follow the register or the list; they try again", "error", err)
		} else {
			s.log.Info("cases work again")
		}
	}
}

// Step does what is due, once: tests and whoever wants to be sure call it instead of Run. More
// says that there is more to do now.
func (s *Service) Step(ctx context.Context) (more bool, err error) { return s.step(ctx, true) }

func (s *Service) step(ctx context.Context, due bool) (more bool, err error) {
	select {
	case s.working <- struct{}{}:
	case <-ctx.Done():
		return false, &border.Error{Code: border.Unavailable, Op: "follow the register", Err: ctx.Err()}
	}
	defer func() { <-s.working }()
	if err := s.begin(ctx); err != nil {
		return false, err
	}
	more, err = s.follow(ctx)
	if err == nil && due {
		err = s.lookAgain(ctx)
	}
	if err == nil && !more { // past crossings wait until the present ones are through
		more, err = s.rescreen(ctx, due)
	}
	if due {
		err = errors.Join(err, s.teach(ctx), s.chase(ctx), s.expire(ctx))
	}
	return more, err
}

// settle keeps the cursor when Run ends.
func (s *Service) settle() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s.working <- struct{}{}
	defer func() { <-s.working }()
	if s.kept == s.cursor {
		return nil
	}
	return s.write(ctx, "keep the place among arrivals", func(t *tx) error { return t.keepPlace() })
}

func (s *Service) now() time.Time { return s.cfg.Clock.Now().UTC().Truncate(time.Microsecond) }

// write runs one transaction, and tells the downlink if it changed a notice.
func (s *Service) write(ctx context.Context, op string, fn func(*tx) error) error {
	told := false
	err := s.store.write(ctx, op, func(q *sql.Tx) error {
		t := &tx{s: s, q: q, now: s.now()}
		err := fn(t)
		told = t.told
		return err
	})
	if err == nil && told {
		select {
		case s.noticed <- struct{}{}:
		default: // a signal is waiting already
		}
	}
	return err
}

// tx is one writing transaction.
type tx struct {
	s    *Service
	q    *sql.Tx
	now  time.Time
	told bool // a notice has changed
}

// All statements run under the background context: a cancelled one would interrupt the others.

func (t *tx) exec(q string, args ...any) (int64, error) {
	r, err := t.q.ExecContext(context.Background(), q, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// row reads one row; ok is false when there is none.
func (t *tx) row(q string, args []any, dest ...any) (ok bool, err error) {
	err = t.q.QueryRowContext(context.Background(), q, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// rows reads all rows of a query.
func rows(ctx context.Context, t *sql.Tx, q string, args []any, scan func(*sql.Rows) error) error {
	rs, err := t.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		if err := scan(rs); err != nil {
			return err
		}
	}
	return rs.Err()
}

func (t *tx) rows(q string, args []any, scan func(*sql.Rows) error) error {
	return rows(context.Background(), t.q, q, args, scan)
}
