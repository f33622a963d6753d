// Package egis0570 drives EgisTec's 0570 fingerprint sensor, over which a finger is
// swiped. It is no border hardware: it is the reference for USB drivers, for there is a
// recording of a real one, and everything here was read off that recording.
package egis0570

import (
	"context"
	"errors"
	"fmt"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
)

// Driver speaks to one sensor. It is for one goroutine.
type Driver struct {
	p   *profile.Profile
	usb devices.USB

	shot   bool          // an image was taken: the sensor must be armed anew for the next
	stale  bool          // an exchange did not come to its end: its answer may still come
	owed   time.Duration // and it is an image, which may come until then (devices.Monotonic); 0: none
	images []byte        // buffer of one transfer; personal data, cleared after use
}

var _ devices.Capturer = (*Driver)(nil)

// New returns a driver for an open connection, which stays the caller's to close.
func New(p *profile.Profile, conn devices.USB) *Driver {
	return &Driver{p: p, usb: conn, owed: devices.Monotonic() + inherited}
}

// inherited is how long an image may come that the driver before had ordered: one takes
// 70 ms.
const inherited = 150 * time.Millisecond

// Start sets the sensor up. It says nothing of itself.
func (d *Driver) Start(ctx context.Context) (devices.About, error) {
	if err := d.settle(ctx); err != nil {
		return devices.About{}, err
	}
	for _, s := range setUp {
		if err := d.set(ctx, s.register, s.value); err != nil {
			return devices.About{}, err
		}
	}
	_, err := d.get(ctx, regControl, getAtFirst)
	return devices.About{}, err
}

// watch is how often an idle sensor is asked for a sign of life.
const watch = 500 * time.Millisecond

// Serve watches that the sensor is there and answers.
func (d *Driver) Serve(ctx context.Context, _ func(devices.Reading)) error {
	for {
		err := d.settle(ctx)
		if err == nil {
			_, err = d.get(ctx, regControl, getLater)
		}
		if err == nil {
			err = pause(ctx, watch)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end was asked for
		}
		if err != nil {
			return err
		}
	}
}

// SelfTest makes one step: "identify", which reads a register, or "blank-capture".
func (d *Driver) SelfTest(ctx context.Context, step string) error {
	if err := d.settle(ctx); err != nil {
		return err
	}
	switch step {
	case "identify":
		_, err := d.get(ctx, regControl, getLater)
		return err
	case "blank-capture":
		defer clear(d.images)
		_, err := d.shoot(ctx)
		return err
	default:
		return devices.ErrUnsupported
	}
}

// Indicate is not possible: the sensor has no lamp.
func (d *Driver) Indicate(context.Context, devices.Signal) error { return devices.ErrUnsupported }

// Capture waits for a finger to be swiped and returns its image, put together from what
// the sensor saw of it on the way. Its size depends on the swipe.
func (d *Driver) Capture(ctx context.Context, _ border.FingerRequest) (border.FingerImage, error) {
	if err := d.settle(ctx); err != nil {
		return border.FingerImage{}, err
	}
	defer func() { clear(d.images) }()
	s := newSwipe(d.p.Image.Width, d.p.Image.Height)
	defer s.forget()
	for !s.over() {
		frames, err := d.shoot(ctx)
		if err != nil {
			return border.FingerImage{}, err
		}
		for _, f := range frames {
			s.add(f)
		}
	}
	return s.image(d.p.Image)
}

// fault is an answer outside the protocol.
func fault(message, what string) error {
	return &border.Error{Code: border.Unavailable, Op: "use fingerprint sensor", Message: "{0} It is being restarted; if this goes on, unplug it and plug it in again.", Args: []any{border.Sentence{Text: message}},
		Err: fmt.Errorf("%w: %s", devices.ErrProtocol, what)}
}

// settle makes sure that no answer to an exchange of before is left: an image that was
// ordered for one traveller must never be taken for the next one's.
func (d *Driver) settle(ctx context.Context) error {
	if !d.stale && d.owed == 0 {
		return nil
	}
	if err := d.drain(ctx, d.owed-devices.Monotonic()); err != nil {
		return err
	}
	d.owed, d.stale = 0, false
	return nil
}

// quiet is how long the sensor must have nothing to say to count as silent.
const quiet = 50 * time.Millisecond

// maxDrained bounds the transfers that are thrown away in a row.
const maxDrained = 64

// drain throws away what the sensor says: what comes within a time, and then until it is
// quiet.
func (d *Driver) drain(ctx context.Context, first time.Duration) error {
	b := d.buffer()
	defer clear(b)
	silence := max(first, quiet)
	for range maxDrained {
		timed, cancel := context.WithTimeout(ctx, silence)
		_, err := d.usb.Read(timed, uint8(d.p.Transport.In), b)
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
	return fault("The sensor sends without end.", "flood")
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
