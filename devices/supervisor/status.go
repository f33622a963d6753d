package supervisor

import (
	"context"
	"time"

	"garita/border"
	"garita/devices"
)

// enter moves the scanner to a state and reports whether anything changed.
func (d *device) enter(state devices.State, reason string) bool {
	d.mu.Lock()
	if d.state == state && d.reason == reason {
		d.mu.Unlock()
		return false
	}
	if d.state != state {
		d.since = d.sup.clock.Now().UTC()
		if state != devices.Ready && state != devices.Degraded {
			d.notice = "" // of a document read before; no longer of interest
		}
	}
	d.state, d.reason = state, reason
	d.mu.Unlock()
	d.sup.changed()
	return true
}

// say notes what became of the last document.
func (d *device) say(notice string) {
	d.mu.Lock()
	same := d.notice == notice
	d.notice = notice
	d.mu.Unlock()
	if !same {
		d.sup.changed()
	}
}

func (d *device) assign(c border.CounterID) {
	d.mu.Lock()
	d.counter = c
	d.notice = ""
	d.mu.Unlock()
	d.sup.changed()
}

func (d *device) count(f func(*Counts)) {
	d.mu.Lock()
	f(&d.counts)
	d.mu.Unlock()
}

func (d *device) snapshot() devices.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

func (d *device) statusNow() border.ScannerStatus {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := border.ScannerStatus{ID: d.cfg.ID, Counter: d.counter, Profile: d.profile.ID,
		State: string(d.state), Reason: d.reason, Since: d.since}
	if s.Reason == "" {
		s.Reason = d.notice
	}
	if s.Reason == "" && s.Counter == "" {
		s.Reason = "The scanner belongs to no counter. Assign it to a counter."
	}
	return s
}

// pause waits, or less if ctx ends.
func pause(ctx context.Context, t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
