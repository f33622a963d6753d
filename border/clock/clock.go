// Package clock keeps a station's time and says how far it can be believed
// (docs/ARCHITECTURE.md, rule 10). A clock that is not believed blocks nothing: date
// checks say not_checked(clock), and order is by seq anyway.
package clock

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"garita/border"
)

// The bounds of trust.
const (
	MaxOffset = 5 * time.Minute          // against the hub, and of a jump against the monotonic clock
	MaxQuiet  = 60 * 24 * time.Hour      // after the last event written under a trusted clock
	MaxUnused = 3 * 365 * 24 * time.Hour // after build time, with an empty journal
	FreshFor  = 10 * time.Minute         // how long a measured offset counts as fresh
)

// Keeper is a [border.TrustedClock]. Safe for concurrent use.
type Keeper struct {
	wall  func() time.Time
	mono  func() time.Duration
	built time.Time

	mu        sync.Mutex // guards what follows
	last      time.Time  // last event under a trusted clock; zero: none
	refWall   time.Time  // wall time at refMono: start, or the last good measurement
	refMono   time.Duration
	jumped    bool // a jump was seen since the reference
	measured  bool
	offset    time.Duration
	measureAt time.Duration
	hubTime   time.Time // the hub's time at measureAt
}

// New returns a keeper over a wall clock and a monotonic clock that counts from any
// origin. built is the program's build time.
func New(wall func() time.Time, mono func() time.Duration, built time.Time) *Keeper {
	return &Keeper{wall: wall, mono: mono, built: built, refWall: wall().Round(0), refMono: mono()}
}

// System returns a keeper over the machine's own clocks. It is for cmd only: everything
// else is handed a clock.
func System(built time.Time) *Keeper { return New(time.Now, sinceBoot, built) }

// sinceBoot counts on while the machine sleeps, unlike Go's monotonic clock: a laptop that
// is opened again has not seen its clock jump.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0 // no Linux is without it; a clock that stands still is found to have jumped
	}
	return time.Duration(t.Nano())
}

// Now returns the wall-clock time in UTC, without a monotonic reading.
func (k *Keeper) Now() time.Time { return k.wall().Round(0).UTC() }

// Mono returns the monotonic clock, from any origin. It counts on while the machine sleeps.
func (k *Keeper) Mono() time.Duration { return k.mono() }

// LastTrusted tells the keeper when the last event was written under a trusted clock.
func (k *Keeper) LastTrusted(t time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = t
}

// Measured tells the keeper the offset of the hub's clock: hub time less station time. An
// offset of at most MaxOffset makes the clock trusted whatever else speaks against it.
func (k *Keeper) Measured(offset time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.wall().Round(0)
	k.measured, k.offset, k.measureAt, k.hubTime = true, offset, k.mono(), now.Add(offset)
	if offset.Abs() <= MaxOffset {
		k.refWall, k.refMono, k.jumped = now, k.measureAt, false
	}
}

// Trust says how far the clock can be believed now.
func (k *Keeper) Trust() border.ClockTrust {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, mono := k.wall().Round(0), k.mono()
	var t border.ClockTrust
	if k.measured {
		t.OffsetMS = k.offset.Milliseconds()
	}
	if moved := now.Sub(k.refWall) - (mono - k.refMono); moved.Abs() > MaxOffset {
		k.jumped = true
	}
	if reason := k.against(now); reason != "" {
		t.State, t.Reason = border.ClockUntrusted, reason
		return t
	}
	if k.measured && mono-k.measureAt <= FreshFor {
		t.State = border.ClockSynced
		return t
	}
	t.State = border.ClockHoldover
	if k.measured {
		t.AgeS = int64((mono - k.measureAt).Seconds())
	}
	return t
}

// against returns what speaks against the clock, or "". A measured offset within bounds
// overrides all but a jump since the measurement.
func (k *Keeper) against(now time.Time) string {
	switch {
	case k.jumped:
		return "jumped"
	case k.measured && k.offset.Abs() > MaxOffset:
		return "offset"
	case k.measured:
		return ""
	}
	return k.fits(now)
}

// fits returns what build time and journal speak against a time, or "".
func (k *Keeper) fits(now time.Time) string {
	switch {
	case now.Before(k.built):
		return "before_build"
	case k.last.IsZero() && now.After(k.built.Add(MaxUnused)):
		return "long_after_build"
	case k.last.IsZero():
		return ""
	case now.Before(k.last):
		return "before_last_event"
	case now.After(k.last.Add(MaxQuiet)):
		return "long_after_last_event"
	}
	return ""
}

// Today returns the best guess of the present time for reading two-digit years: the wall
// clock while it is believed; else the hub's time if it was ever measured; else, after a
// jump, what the clock said before and the time since; else the latest moment that has
// surely been.
func (k *Keeper) Today() time.Time {
	if k.Trust().State != border.ClockUntrusted {
		return k.Now()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.measured {
		return k.hubTime.Add(k.mono() - k.measureAt).UTC()
	}
	if before := k.refWall.Add(k.mono() - k.refMono); k.jumped && k.fits(before) == "" {
		return before.UTC()
	}
	if k.last.After(k.built) {
		return k.last.UTC()
	}
	return k.built.UTC()
}

var _ border.TrustedClock = (*Keeper)(nil)
