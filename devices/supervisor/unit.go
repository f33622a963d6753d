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

	// learned says that conf did not stand in the configuration, see Add. It is not changed.
	learned bool

	end    func() // ends run; guarded by Supervisor.mu, as is ending
	ending bool   // forgotten, and not yet done with its device

	mu       sync.Mutex // guards the rest; held for no call that waits
	profile  *profile.Profile
	why      string         // why this profile
	found    *devices.Found // where it is now; nil while absent
	gone     func()         // ends the session because the device has gone; nil without one
	session  *session       // that can take requests; nil without one
	last     devices.Found  // where it was seen last
	plugged  int            // how often it was plugged in
	arrived  time.Duration  // when, on the monotonic clock
	moved    chan struct{}  // closed when the counter changes; nil: nobody waits for that
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
	u.keepAlive(ctx)
}

// keepAlive opens the scanner whenever it is there, and after each failure again.
func (u *unit) keepAlive(ctx context.Context) {
	failures, plugged := 0, 0
	for ctx.Err() == nil {
		at, p, wait := u.present()
		if now := u.pluggings(); now != plugged {
			failures, plugged = 0, now // what went wrong before was another plugging's
		}
		if wait != "" {
			failures = 0
			state := devices.Matched
			if at == nil {
				state = devices.Absent
			}
			u.enter(state, wait)
			u.pause(ctx, u.lookEvery())
			if u.conf != nil && u.isThere() {
				u.appeared()
			}
			continue
		}
		if failures == 0 && at.Bus != devices.BusBridge { // whether a bridge is there is known when it has answered
			u.enter(devices.Matched, "")
		}
		began := devices.Monotonic()
		served, err := u.live(ctx, p, *at, failures == 0)
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
			u.enter(devices.Absent, notPluggedIn)
			u.pause(ctx, pollEvery/2) // the bus may not know it yet
			if now, _, wait := u.present(); now == nil || wait != "" || u.pluggings() != plugged {
				continue
			}
			// It is announced all the same: it breaks off by itself, or nobody listens.
		}
		failures++
		u.trouble(failures, *at, p, err)
		u.rest(ctx, plugged, p.Timing.Retry(failures))
	}
}

func (u *unit) pluggings() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.plugged
}

func (u *unit) isThere() bool {
	at, _, _ := u.present()
	return at != nil
}

// appeared notes that the node of a configured scanner has come: what was found on USB
// under that node is the configuration's now.
func (u *unit) appeared() {
	u.mu.Lock()
	u.plugged++
	u.arrived = devices.Monotonic()
	u.mu.Unlock()
	u.sup.lookAgain()
}

// settling is how long after a plugging a device may still be closed to us: udev gives
// the rights a moment after the kernel has made the node.
const settling = time.Second

// trouble notes that an attempt went wrong.
func (u *unit) trouble(failures int, at devices.Found, p *profile.Profile, err error) {
	reason := border.MessageOf(plain(err))
	state := devices.Degraded
	u.mu.Lock()
	fresh := u.plugged > 0 && devices.Monotonic()-u.arrived < settling
	u.mu.Unlock()
	switch {
	case errors.Is(err, devices.ErrPermission) && fresh:
		return
	case errors.Is(err, devices.ErrBusy):
		u.sup.lookAgain() // it may be one of ours
	case at.Bus == devices.BusBridge && errors.Is(err, devices.ErrNotFound):
		state = devices.Absent // its program is not running, or not yet
	}
	if failures >= p.Timing.Attempts && state == devices.Degraded {
		state = devices.Failed
	}
	if u.enter(state, reason) {
		u.sup.cfg.Log.Warn("scanner in trouble", "scanner", u.id, "state", string(state), "attempt", failures, "err", err)
	}
}

// rest waits between attempts, but not on after the device was unplugged, or plugged in
// again.
func (u *unit) rest(ctx context.Context, plugged int, total time.Duration) {
	until := devices.Monotonic() + total
	for ctx.Err() == nil {
		left := until - devices.Monotonic()
		if at, _, wait := u.present(); left <= 0 || at == nil || wait != "" || u.pluggings() != plugged {
			return
		}
		u.pause(ctx, min(left, pollEvery))
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

// node is the first node of a found device's interfaces.
func node(f *devices.Found, of func(devices.Interface) string) string {
	for _, i := range f.Interfaces {
		if n := of(i); n != "" {
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
