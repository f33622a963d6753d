package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers/framed"
	"garita/devices/profile"
	"garita/devices/serial"
)

// device is one scanner and its life. run and what it calls belong to one goroutine.
type device struct {
	sup     *Supervisor
	cfg     Scanner
	profile *profile.Profile

	mu      sync.Mutex // guards the rest; held for no call that waits
	counter border.CounterID
	state   devices.State
	reason  string // of the state
	notice  string // of the last document; "" after a good one
	since   time.Time
	counts  Counts
}

func newDevice(s *Supervisor, c Scanner, p *profile.Profile) *device {
	return &device{sup: s, cfg: c, profile: p, counter: c.Counter,
		state: devices.Absent, reason: notPluggedIn, since: s.clock.Now().UTC()}
}

const notPluggedIn = "The scanner is not plugged in, or has no power."

// provenAfter is how long a scanner must have worked before its earlier failures are
// forgotten: one that opens well and breaks at once, again and again, has failed too.
const provenAfter = 5 * time.Second

// run lives the scanner's life until ctx ends.
func (d *device) run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		if !d.present() {
			failures = 0
			d.enter(devices.Absent, notPluggedIn)
			pause(ctx, pollEvery)
			continue
		}
		if failures == 0 {
			d.enter(devices.Matched, "")
		}
		began := devices.Monotonic()
		opened, err := d.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if opened && devices.Monotonic()-began >= provenAfter {
			failures = 0
		}
		if errors.Is(err, devices.ErrUnplugged) || errors.Is(err, devices.ErrNotFound) {
			// Look again soon: a replugged device should not wait for a back-off.
			if opened {
				d.count(func(c *Counts) { c.Unplugged++ })
			}
			failures = 0
			d.enter(devices.Absent, notPluggedIn)
			pause(ctx, pollEvery/2)
			continue
		}
		failures++
		d.trouble(failures, err)
		d.wait(ctx, d.profile.Timing.Retry(failures))
	}
}

// trouble notes that an attempt went wrong.
func (d *device) trouble(failures int, err error) {
	reason := border.MessageOf(err)
	if reason == "" {
		reason = "The scanner does not work. Unplug it and plug it in again."
	}
	state := devices.Degraded
	if failures >= d.profile.Timing.Attempts {
		state = devices.Failed
	}
	if d.enter(state, reason) {
		d.sup.log.Warn("scanner in trouble", "scanner", d.cfg.ID, "state", string(state), "attempt", failures, "err", err)
	}
}

// wait waits between attempts, but not on after the device was unplugged.
func (d *device) wait(ctx context.Context, total time.Duration) {
	for ; total > 0 && ctx.Err() == nil && d.present(); total -= pollEvery {
		pause(ctx, min(total, pollEvery))
	}
}

func (d *device) present() bool {
	_, err := os.Stat(d.cfg.Path)
	return err == nil || !errors.Is(err, os.ErrNotExist)
}

// session opens the port and reads it until it fails or ctx ends. opened says whether
// the scanner got as far as being read.
func (d *device) session(ctx context.Context) (opened bool, err error) {
	if d.snapshot() == devices.Matched {
		d.enter(devices.Initialising, "")
	}
	t := d.profile.Transport
	port, err := serial.Open(serial.Config{Path: d.cfg.Path, Baud: t.Baud, DataBits: t.DataBits,
		Parity: t.Parity, StopBits: t.StopBits, ReadTimeout: d.profile.Timing.ReadTimeout()})
	if err != nil {
		return false, err
	}
	defer func() {
		if e := port.Close(); e != nil {
			d.sup.log.Debug("close scanner", "scanner", d.cfg.ID, "err", e) // it is gone either way
		}
	}()
	d.count(func(c *Counts) { c.Opened++ })
	d.enter(devices.Ready, "")
	d.sup.log.Info("scanner ready", "scanner", d.cfg.ID, "profile", d.profile.ID)
	return true, d.read(ctx, port)
}

// read reads the port until it fails or ctx ends.
func (d *device) read(ctx context.Context, port *serial.Port) error {
	decoder := framed.New(d.profile.Framing)
	health := health{limits: d.profile.Limits}
	buf := make([]byte, 4096)
	for ctx.Err() == nil {
		n, err := port.Read(ctx, buf)
		if err != nil {
			return err
		}
		now := devices.Monotonic()
		at := d.sup.clock.Now().UTC()
		d.count(func(c *Counts) { c.Bytes += uint64(n) })
		for _, r := range decoder.Feed(buf[:n], now) {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the end was asked for
			}
			health.reading(r)
			d.take(ctx, r, at)
		}
		clear(buf[:n]) // personal data
		health.bytes(n, now)
		d.settle(&health)
		if health.flooding {
			pause(ctx, floodPause)
		}
	}
	return nil
}

// settle brings state and counts into line with the scanner's health.
func (d *device) settle(h *health) {
	d.count(func(c *Counts) { c.Floods += h.floods })
	h.floods = 0
	state, reason := h.state()
	if d.enter(state, reason) && state == devices.Degraded {
		d.sup.log.Warn("scanner in trouble", "scanner", d.cfg.ID, "state", string(state), "reason", reason)
	}
}

// take deals with one reading.
func (d *device) take(ctx context.Context, r devices.Reading, at time.Time) {
	if r.Err != nil {
		d.count(func(c *Counts) {
			switch {
			case errors.Is(r.Err, devices.ErrIncomplete):
				c.Incomplete++
			case errors.Is(r.Err, devices.ErrOversize):
				c.Oversize++
			default:
				c.Garbage++
			}
		})
		d.say(border.MessageOf(r.Err))
		return
	}
	d.mu.Lock()
	counter := d.counter
	if counter == "" {
		d.counts.Unassigned++
		n := d.counts.Unassigned
		d.mu.Unlock()
		d.say(fmt.Sprintf("The scanner belongs to no counter; documents ignored so far: %d. Assign it to a counter.", n))
		return
	}
	d.mu.Unlock()

	within, cancel := context.WithTimeout(ctx, DeliverTimeout)
	err := d.sup.deliver(within, border.Scan{Counter: counter, Source: border.SourceReader, Scanner: d.cfg.ID,
		Profile: d.profile.Hash, Lines: r.Lines, ReceivedAt: at})
	cancel()
	if err != nil {
		d.count(func(c *Counts) { c.Refused++ })
		d.say("The last document did not reach the counter. Present it again.")
		d.sup.log.Warn("scan not accepted", "scanner", d.cfg.ID, "counter", string(counter), "err", err)
		return
	}
	d.count(func(c *Counts) { c.Delivered++ })
	d.say("")
}
