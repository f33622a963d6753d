// Package supervisor keeps a station's scanners alive: it waits for each to be plugged
// in, opens it, reads it, notices that it was unplugged or misbehaves, tries again with
// growing pauses, and hands each document to the one counter that the scanner belongs to.
//
// Each scanner has a goroutine of its own that does all of this, so a scanner that
// misbehaves, or a counter that is slow, delays no other. Those goroutines belong to
// [Supervisor.Run] and end with it.
package supervisor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"garita/border"
	"garita/devices/profile"
)

// DeliverTimeout is how long a counter may take to accept a document.
const DeliverTimeout = 2 * time.Second

// pollEvery is how often the node of an absent scanner is looked for. Replugging is
// noticed within this time.
const pollEvery = 100 * time.Millisecond

// Deliver hands a document to its counter. It is called from the scanner's own goroutine
// with a deadline of [DeliverTimeout], and must keep to it.
type Deliver = func(context.Context, border.Scan) error

// Supervisor owns the scanners of one station.
type Supervisor struct {
	clock   border.Clock
	deliver Deliver
	log     *slog.Logger
	devices []*device // in the order of the configuration; fixed
	changes chan struct{}

	mu      sync.Mutex // guards running
	running bool
}

// New checks a configuration. Errors have code [border.Invalid]: an unknown profile, a
// bad name, two scanners on one port, or one scanner twice. An empty configuration is a
// station without scanners.
func New(cfg []Scanner, profiles profile.Set, clock border.Clock, deliver Deliver, log *slog.Logger) (*Supervisor, error) {
	if clock == nil || deliver == nil || log == nil {
		return nil, &border.Error{Code: border.Internal, Op: "configure scanners", Message: "A supervisor needs a clock, a receiver and a log."}
	}
	if err := check(cfg, profiles); err != nil {
		return nil, err
	}
	s := &Supervisor{clock: clock, deliver: deliver, log: log, changes: make(chan struct{}, 1)}
	for _, c := range cfg {
		p, _ := profiles.Get(c.Profile)
		s.devices = append(s.devices, newDevice(s, c, p))
	}
	return s, nil
}

// Run drives the scanners until ctx ends, and returns when all its goroutines have
// ended: within one read timeout (at most 1 s) plus what a Deliver under way takes to
// obey its context. It returns nil then, and an error if it is running already.
func (s *Supervisor) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.running {
		s.mu.Unlock()
		return &border.Error{Code: border.Conflict, Op: "run scanners", Message: "The scanners are being run already."}
	}
	s.running = true
	s.mu.Unlock()

	var all sync.WaitGroup
	for _, d := range s.devices {
		all.Go(func() { d.run(ctx) })
	}
	all.Wait()

	s.mu.Lock()
	s.running = false
	s.mu.Unlock()
	return nil
}

// Status says how each scanner is, in the order of the configuration.
func (s *Supervisor) Status() []border.ScannerStatus {
	list := make([]border.ScannerStatus, len(s.devices))
	for i, d := range s.devices {
		list[i] = d.statusNow()
	}
	return list
}

// Changes carries one signal after one or more changes of [Supervisor.Status]. It has
// one reader and is never closed.
func (s *Supervisor) Changes() <-chan struct{} { return s.changes }

func (s *Supervisor) changed() {
	select {
	case s.changes <- struct{}{}:
	default: // a signal is waiting already
	}
}

// Assign gives a scanner to a counter, and takes it from the one it had; "" leaves it
// unassigned. It holds for documents read from now on, until the process ends: keeping
// it is the caller's matter.
func (s *Supervisor) Assign(scannerID string, counter border.CounterID) error {
	if counter != "" {
		if err := counter.Validate(); err != nil {
			return err
		}
	}
	d, err := s.find(scannerID)
	if err != nil {
		return err
	}
	d.assign(counter)
	return nil
}

// Counts returns what a scanner has done since the process began.
func (s *Supervisor) Counts(scannerID string) (Counts, error) {
	d, err := s.find(scannerID)
	if err != nil {
		return Counts{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts, nil
}

func (s *Supervisor) find(id string) (*device, error) {
	for _, d := range s.devices {
		if d.cfg.ID == id {
			return d, nil
		}
	}
	return nil, &border.Error{Code: border.NotFound, Op: "find scanner", Message: "This station has no scanner " + id + "."}
}

// Counts is what a scanner has done since the process began. It holds no personal data.
type Counts struct {
	Delivered  uint64 // documents that their counter accepted
	Refused    uint64 // documents that their counter did not accept, or not in time
	Unassigned uint64 // documents that belonged to no counter and opened nothing
	Incomplete uint64 // documents that did not end
	Oversize   uint64 // documents beyond the profile's limit
	Garbage    uint64 // bursts of bytes that were no document
	Floods     uint64 // seconds in which more bytes came than the profile allows
	Opened     uint64 // times the port was opened
	Unplugged  uint64 // times the device went away while it was open
	Bytes      uint64 // bytes read
}
