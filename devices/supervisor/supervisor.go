// Package supervisor keeps a station's scanners alive: it finds those that are plugged in
// and those named in the configuration, chooses each one's profile, opens it, sets it up,
// asks its firmware, tests it, serves it, notices that it was unplugged or misbehaves,
// tries again with growing pauses, and hands each document to the one counter that the
// scanner belongs to.
//
// Each scanner has a goroutine of its own that does all of this, so a scanner that
// misbehaves, or a counter that is slow, delays no other. Those goroutines belong to
// [Supervisor.Run], which returns only when all have ended.
//
// Lock order: Supervisor.adding, Supervisor.mu, then unit.mu. The last two are held for no call that waits.
package supervisor

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers"
	"garita/devices/profile"
)

// DeliverTimeout is how long a counter may take to accept a document.
const DeliverTimeout = 2 * time.Second

// pollEvery is how often a node that is named in the configuration and is not there is
// looked for. Replugging is noticed within this time; USB devices are announced.
const pollEvery = 100 * time.Millisecond

// maxUnits bounds the scanners of a station: more than any has sockets for.
const maxUnits = 64

// Deliver hands a document to its counter. It is called from the scanner's own goroutine
// with a deadline of [DeliverTimeout], and must keep to it.
type Deliver = func(context.Context, border.Scan) error

// Bus tells which USB devices are plugged in. Implemented by devices/hotplug.
type Bus interface {
	// Found lists them; the list is the caller's.
	Found() []devices.Found
	// Changes carries one signal after one or more changes, and one at the beginning. It
	// has one reader.
	Changes() <-chan struct{}
}

// Config is what a supervisor needs. Clock, Deliver and Log are required.
type Config struct {
	Scanners []Scanner          // named in the configuration
	Counters []border.CounterID // of the station; with just one, assignment may be automatic
	Profiles profile.Set
	Bus      Bus    // nil: nothing is found by itself
	Store    string // file of the assignments; "" keeps them in memory
	Opener   drivers.Opener
	Clock    border.Clock
	Deliver  Deliver
	Log      *slog.Logger
}

// Supervisor owns the scanners of one station.
type Supervisor struct {
	cfg   Config
	store *store
	again chan struct{} // asks follow to compare the bus's list with the units once more

	adding sync.Mutex // one Add at a time; taken before mu, and held while the file system is asked

	mu      sync.Mutex // guards the rest
	units   []*unit    // configured ones in the configuration's order, then found ones as they came
	unknown []devices.Found
	subs    map[chan struct{}]struct{}
	start   func(*unit) // starts a unit's goroutine; nil while not running
}

// New checks a configuration. Errors have code [border.Invalid]: an unknown profile, a
// bad name, two scanners on one port, or one scanner twice. An empty configuration is a
// station whose scanners are found, or that has none. A store that cannot be read is an
// error: scans must not go to another counter than the technician said.
func New(cfg Config) (*Supervisor, error) {
	if cfg.Clock == nil || cfg.Deliver == nil || cfg.Log == nil {
		return nil, &border.Error{Code: border.Internal, Op: "configure scanners", Message: "A supervisor needs a clock, a receiver and a log."}
	}
	if err := check(cfg.Scanners, cfg.Profiles, cfg.Counters); err != nil {
		return nil, err
	}
	st, err := openStore(cfg.Store)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{cfg: cfg, store: st, subs: make(map[chan struct{}]struct{}), again: make(chan struct{}, 1)}
	for _, c := range cfg.Scanners {
		p, _ := cfg.Profiles.Get(c.Profile)
		s.units = append(s.units, newConfigured(s, c, p))
	}
	s.expect()
	s.mu.Lock()
	s.settleCounters()
	s.mu.Unlock()
	return s, nil
}

// Run drives the scanners until ctx ends, and returns when all its goroutines have
// ended: within what a driver takes to obey its context (at most 100 ms, a serial port's
// last read a second) plus what a Deliver under way takes. It returns nil then, and an
// error if it is running already.
func (s *Supervisor) Run(ctx context.Context) error {
	var all sync.WaitGroup
	s.mu.Lock()
	if s.start != nil {
		s.mu.Unlock()
		return &border.Error{Code: border.Conflict, Op: "run scanners", Message: "The scanners are being run already."}
	}
	s.start = func(u *unit) {
		life, end := context.WithCancel(ctx)
		u.end = end
		all.Go(func() {
			defer end()
			u.run(life)
			s.ended(u)
		})
	}
	for _, u := range s.units {
		s.start(u)
	}
	s.mu.Unlock()

	if s.cfg.Bus == nil {
		<-ctx.Done()
	} else {
		s.follow(ctx)
	}
	s.mu.Lock()
	s.start = nil
	s.mu.Unlock()
	all.Wait()
	return nil
}

// follow keeps the units in step with what is plugged in.
func (s *Supervisor) follow(ctx context.Context) {
	s.rescan(s.cfg.Bus.Found())
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.cfg.Bus.Changes():
			s.rescan(s.cfg.Bus.Found())
		case <-s.again:
			s.rescan(s.cfg.Bus.Found())
		}
	}
}

// Subscribe gives a channel that carries one signal after one or more changes of
// [Supervisor.Status]. stop gives it back.
func (s *Supervisor) Subscribe() (changes <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	s.subs[ch] = struct{}{}
	s.mu.Unlock()
	return ch, func() {
		s.mu.Lock()
		delete(s.subs, ch)
		s.mu.Unlock()
	}
}

// Notify tells whoever subscribed that something beside the scanners has changed, which is
// shown with them.
func (s *Supervisor) Notify() { s.changed() }

func (s *Supervisor) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changedLocked()
}

func (s *Supervisor) changedLocked() {
	for ch := range s.subs {
		select {
		case ch <- struct{}{}:
		default: // a signal is waiting already
		}
	}
}

func (s *Supervisor) list() []*unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.units), func(u *unit) bool { return u.ending })
}

func (s *Supervisor) find(id string) (*unit, error) {
	for _, u := range s.list() {
		if u.id == id {
			return u, nil
		}
	}
	return nil, &border.Error{Code: border.NotFound, Op: "find scanner", Message: "This station has no such scanner."}
}
