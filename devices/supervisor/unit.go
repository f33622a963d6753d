package supervisor

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/bridge"
	"garita/devices/profile"
	"garita/devices/trace"
)

const notPluggedIn = "The scanner is not plugged in, or has no power."

// provenAfter is how long a scanner must have worked before its earlier failures are
// forgotten: one that opens well and breaks at once, again and again, has failed too.
const provenAfter = 5 * time.Second

// unit is one scanner and its life. run and what it calls belong to one goroutine.
type unit struct {
	sup  *Supervisor
	id   string
	conf *Scanner // nil for one that was found
	wake chan struct{}
	ring *trace.Ring
	end  func() // ends run; set by start, under Supervisor.mu

	mu       sync.Mutex // guards the rest; held for no call that waits
	profile  *profile.Profile
	why      string         // why this profile
	found    *devices.Found // where it is now; nil while absent
	gone     func()         // ends the session because the device has gone; nil without one
	session  *session       // that can take requests; nil without one
	last     devices.Found  // where it was seen last
	counter  border.CounterID
	by       string // who said so: configuration, serial, port, automatic; "" unassigned
	clash    string // why it has no counter, where that is not plain
	state    devices.State
	reason   string // of the state
	notice   string // of the last document; "" after a good one
	since    time.Time
	firmware string
	advice   string
	counts   Counts
}

func newUnit(s *Supervisor, id string, p *profile.Profile) *unit {
	return &unit{sup: s, id: id, profile: p, wake: make(chan struct{}, 1), ring: trace.New(s.cfg.Clock),
		state: devices.Absent, reason: notPluggedIn, since: s.cfg.Clock.Now().UTC()}
}

// newConfigured makes the unit of a scanner that the configuration names.
func newConfigured(s *Supervisor, c Scanner, p *profile.Profile) *unit {
	u := newUnit(s, c.ID, p)
	u.conf = &c
	u.why = "The configuration names this profile."
	u.last = devices.Found{Bus: busOf(p), Path: c.Path}
	return u
}

func busOf(p *profile.Profile) devices.Bus {
	switch p.Transport.Kind {
	case "bridge":
		return devices.BusBridge
	case "wedge":
		return devices.BusInput
	default:
		return devices.BusSerial
	}
}

// run lives the scanner's life, and its bridge program's, until ctx ends.
func (u *unit) run(ctx context.Context) {
	var program sync.WaitGroup
	defer program.Wait()
	if u.conf != nil && len(u.conf.Command) > 0 {
		program.Go(func() {
			if err := (bridge.Program{Command: u.conf.Command, Listen: u.conf.Path}).Run(ctx, u.sup.cfg.Log.With("scanner", u.id)); err != nil {
				u.sup.cfg.Log.Error("bridge program", "scanner", u.id, "err", err)
			}
		})
	}
	failures := 0
	for ctx.Err() == nil {
		at, p, wait := u.present()
		if wait != "" {
			failures = 0
			state := devices.Matched
			if at == nil {
				state = devices.Absent
			}
			u.enter(state, wait)
			u.pause(ctx, u.lookEvery())
			continue
		}
		if failures == 0 {
			u.enter(devices.Matched, "")
		}
		began := devices.Monotonic()
		served, err := u.live(ctx, p, *at)
		if ctx.Err() != nil {
			return
		}
		if served && devices.Monotonic()-began >= provenAfter {
			failures = 0
		}
		if errors.Is(err, devices.ErrUnplugged) || errors.Is(err, devices.ErrNotFound) {
			if served {
				u.count(func(c *Counts) { c.Unplugged++ })
			}
			// Look again soon: a replugged device should not wait for a back-off. One that
			// is still announced broke off by itself, and is not tried again in a spin.
			failures = 0
			u.enter(devices.Absent, notPluggedIn)
			u.pause(ctx, pollEvery/2)
			continue
		}
		failures++
		u.trouble(failures, p, err)
		u.rest(ctx, p.Timing.Retry(failures))
	}
}

// trouble notes that an attempt went wrong.
func (u *unit) trouble(failures int, p *profile.Profile, err error) {
	reason := border.MessageOf(err)
	if reason == "" {
		reason = "The scanner does not work. Unplug it and plug it in again."
	}
	state := devices.Degraded
	if failures >= p.Timing.Attempts {
		state = devices.Failed
	}
	if u.enter(state, reason) {
		u.sup.cfg.Log.Warn("scanner in trouble", "scanner", u.id, "state", string(state), "attempt", failures, "err", err)
	}
}

// rest waits between attempts, but not on after the device was unplugged.
func (u *unit) rest(ctx context.Context, total time.Duration) {
	for ; total > 0 && ctx.Err() == nil; total -= pollEvery {
		if at, _, wait := u.present(); at == nil || wait != "" {
			return
		}
		u.pause(ctx, min(total, pollEvery))
	}
}

// present says where the scanner can be opened now; wait says in plain words why it cannot.
func (u *unit) present() (at *devices.Found, p *profile.Profile, wait string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conf == nil {
		if u.found == nil {
			return nil, u.profile, notPluggedIn
		}
		f := *u.found
		if u.profile.Transport.Kind == "serial" && node(&f, func(i devices.Interface) string { return i.TTY }) == "" {
			return &f, u.profile, "The scanner is plugged in, and the system has not given it a serial port yet. If this goes on, its kernel driver is missing."
		}
		if u.profile.Transport.Kind == "wedge" && node(&f, func(i devices.Interface) string { return i.Input }) == "" {
			return &f, u.profile, "The scanner is plugged in, and the system has not made a keyboard of it yet."
		}
		return &f, u.profile, ""
	}
	f := u.last
	if f.Bus != devices.BusBridge { // whether a program listens is found out by calling it
		if _, err := os.Stat(f.Path); errors.Is(err, os.ErrNotExist) {
			return nil, u.profile, notPluggedIn
		}
	}
	return &f, u.profile, ""
}

// node is the first node of a found device's interfaces; Path takes it for the transport.
func node(f *devices.Found, of func(devices.Interface) string) string {
	for _, i := range f.Interfaces {
		if n := of(i); n != "" {
			f.Path = n
			return n
		}
	}
	return ""
}

// lookEvery is how often an absent scanner is looked for. Found ones are announced; the
// slow look is a net below that.
func (u *unit) lookEvery() time.Duration {
	if u.conf == nil {
		return time.Second
	}
	return pollEvery
}

// pause waits, or less if ctx ends or the bus announces a change.
func (u *unit) pause(ctx context.Context, t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-u.wake:
	case <-timer.C:
	}
}
