package uareu

import (
	"context"
	"errors"
	"fmt"
	"time"

	"garita/border"
	"garita/devices"
)

// The device is known to need several orders before it powers up, and now and then to
// forget the event that it did.
const (
	powerOrders   = 100
	powerPause    = 10 * time.Millisecond
	powerAttempts = 3
	powerEvent    = 300 * time.Millisecond
)

var errStuck = errors.New("the sensor does not power up")

// powerUp takes the sensor from whatever state it is in to powered, through low power: a
// sensor that is on already would not tell.
func (d *Driver) powerUp(ctx context.Context) error {
	var err error
	for range powerAttempts {
		if err = d.powerCycle(ctx); !errors.Is(err, devices.ErrNoReply) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (d *Driver) powerCycle(ctx context.Context) error {
	s, err := d.status(ctx)
	if err != nil {
		return err
	}
	if s&statusLowPower != 0 && s&statusTrouble != 0 {
		// It was left in a state from which it does not power up.
		if err := d.write(ctx, regStatus, s&statusSettable); err != nil {
			return err
		}
		if s, err = d.until(ctx, func(s byte) bool { return s&statusAwake != 0 }, nil); err != nil {
			return err
		}
	}
	if s&statusLowPower == 0 {
		if err := d.write(ctx, regStatus, s|statusLowPower); err != nil {
			return err
		}
	}
	on := s & statusSettable
	_, err = d.until(ctx, func(s byte) bool { return s&statusLowPower == 0 },
		func() error { return d.write(ctx, regStatus, on) })
	if err != nil {
		return err
	}
	return d.awaitPower(ctx)
}

// until reads the status until it is right, giving an order before each look.
func (d *Driver) until(ctx context.Context, right func(byte) bool, order func() error) (byte, error) {
	for range powerOrders {
		if order != nil {
			if err := order(); err != nil {
				return 0, err
			}
		}
		s, err := d.status(ctx)
		if err != nil || right(s) {
			return s, err
		}
		if err := pause(ctx, powerPause); err != nil {
			return 0, err
		}
	}
	return 0, fault("The scanner does not power up.", errStuck.Error())
}

// awaitPower waits for the event that the sensor has power; events of before are dropped.
func (d *Driver) awaitPower(ctx context.Context) error {
	timed, cancel := context.WithTimeout(ctx, powerEvent)
	defer cancel()
	for range maxEvents {
		switch e, err := d.event(timed); {
		case ctx.Err() == nil && (timed.Err() != nil || errors.Is(err, devices.ErrNoReply)):
			return &border.Error{Code: border.Unavailable, Op: "power up fingerprint scanner",
				Message: "The scanner does not power up. Unplug it and plug it in again.", Err: fmt.Errorf("%w: %w", devices.ErrNoReply, errStuck)}
		case err != nil:
			return err
		case e == eventPower:
			return nil
		}
	}
	return fault("The scanner sends events without end.", "flood of events")
}

// settle makes sure that nothing of a capture before is left: an image that was ordered
// for one traveller must never be taken for the next one's.
func (d *Driver) settle(ctx context.Context) error {
	if !d.stale && d.owed == 0 {
		return nil
	}
	if d.stale || d.ordered {
		if err := d.write(ctx, regMode, modeOff); err != nil {
			return err
		}
	}
	// It may be under way, or lie in the device: wait until it is too late for it.
	if err := d.drain(ctx, uint8(d.p.Transport.In), d.owed-devices.Monotonic()); err != nil {
		return err
	}
	if d.ordered {
		// If it has not come by now: without power the sensor has none to give.
		if err := d.powerUp(ctx); err != nil {
			return err
		}
		if err := d.drain(ctx, uint8(d.p.Transport.In), quiet); err != nil {
			return err
		}
	}
	if d.stale || d.ordered {
		if err := d.drain(ctx, uint8(d.p.Transport.Events), quiet); err != nil {
			return err
		}
	}
	d.stale, d.owed, d.ordered = false, 0, false
	return nil
}

// quiet is how long an endpoint must have nothing to count as empty.
const quiet = 30 * time.Millisecond

// drain throws away what an endpoint has: what comes within a time, and then until it is
// quiet.
func (d *Driver) drain(ctx context.Context, endpoint uint8, first time.Duration) error {
	b := d.buffer()
	defer clear(b)
	silence := max(first, quiet)
	for range maxEvents {
		timed, cancel := context.WithTimeout(ctx, silence)
		_, err := d.usb.Read(timed, endpoint, b)
		over := timed.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil, errors.Is(err, devices.ErrProtocol): // more than the buffer holds is thrown away too
			silence = quiet
		case over, errors.Is(err, devices.ErrNoReply):
			return nil
		default:
			return err
		}
	}
	return fault("The scanner sends without end.", "flood")
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
