// Package uareu drives DigitalPersona's U.are.U 4000, 4000B and 4500 and readers built
// from them. The device is a set of registers that are read and written by a vendor
// request, an interrupt endpoint that tells of power and finger, and a bulk endpoint that
// gives the image, scrambled by a key that the device hands out.
//
// The protocol is not published; what is here follows public descriptions of it by those
// who found it out, and was tested against our own emulation of them.
package uareu

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
)

// Driver speaks to one reader. It is for one goroutine.
type Driver struct {
	p   *profile.Profile
	usb devices.USB

	// What may be left of a capture that did not come to its end, here or with the driver
	// before. No image is believed before settle has cleared it up.
	stale   bool          // the mode, and perhaps events
	owed    time.Duration // until then (devices.Monotonic) an image may come; 0: none will
	ordered bool          // and it was this driver that ordered it

	images []byte // buffer of one transfer; personal data, cleared after use
}

var _ devices.Capturer = (*Driver)(nil)

// New returns a driver for an open connection, which stays the caller's to close.
func New(p *profile.Profile, conn devices.USB) *Driver {
	return &Driver{p: p, usb: conn}
}

// reply is how long the device may take for anything, an image too.
func (d *Driver) reply() time.Duration { return time.Duration(d.p.Timing.ReplyMS) * time.Millisecond }

// Start powers the sensor up and asks for its versions.
func (d *Driver) Start(ctx context.Context) (devices.About, error) {
	s, err := d.status(ctx)
	if err != nil {
		return devices.About{}, err
	}
	if s&statusLowPower == 0 {
		// It was not plugged in just now: the driver before may have ordered an image.
		d.owed = devices.Monotonic() + d.reply()
	}
	if err := d.powerUp(ctx); err != nil {
		return devices.About{}, err
	}
	if err := d.drain(ctx, uint8(d.p.Transport.In), quiet); err != nil {
		return devices.About{}, err
	}
	return d.about(ctx)
}

// about reads the device's information. Two of its numbers are known to be versions, of
// hardware and firmware; which is which is not, so the profile's pattern says what counts
// as the firmware: it sees all 16 bytes as hexadecimal digits.
func (d *Driver) about(ctx context.Context) (devices.About, error) {
	var info [16]byte
	if err := d.read(ctx, regInfo, info[:]); err != nil {
		return devices.About{}, err
	}
	a := devices.About{Text: hex.EncodeToString(info[:])}
	if d.p.Identify.Pattern == "" {
		a.Firmware = fmt.Sprintf("%d.%d", info[4], info[5])
	} else {
		a.Firmware = d.p.Identify.Firmware([]byte(a.Text))
	}
	return a, nil
}

// Serve watches that the reader is there and answers.
func (d *Driver) Serve(ctx context.Context, _ func(devices.Reading)) error {
	for {
		err := d.settle(ctx)
		if err == nil {
			err = d.watch(ctx)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end was asked for
		}
		if err != nil {
			return err
		}
	}
}

// watch waits for one event, or makes sure that a reader with nothing to tell answers.
func (d *Driver) watch(ctx context.Context) error {
	switch e, err := d.event(ctx); {
	case errors.Is(err, devices.ErrNoReply):
		_, err = d.status(ctx)
		return err
	case err != nil:
		return err
	case e == eventDeath:
		return fault("The scanner reports a failure.", "death event")
	case e == eventPower:
		return fault("The scanner has restarted by itself.", "power event")
	default:
		return nil
	}
}

// SelfTest makes one step: "identify" or "blank-capture".
func (d *Driver) SelfTest(ctx context.Context, step string) error {
	switch step {
	case "identify":
		_, err := d.about(ctx)
		return err
	case "blank-capture":
		return d.capturing(ctx, func() error {
			img, err := d.image(ctx)
			clear(img.Pixels)
			return err
		})
	default:
		return devices.ErrUnsupported
	}
}

// Indicate is not possible: how to switch the lamp is not known.
func (d *Driver) Indicate(context.Context, devices.Signal) error { return devices.ErrUnsupported }

// Capture waits for a finger and takes its image.
func (d *Driver) Capture(ctx context.Context, _ border.FingerRequest) (border.FingerImage, error) {
	var img border.FingerImage
	err := d.capturing(ctx, func() error {
		if err := d.awaitFinger(ctx); err != nil {
			return err
		}
		var err error
		img, err = d.image(ctx)
		return err
	})
	return img, err
}

// hurry bounds what is done for the device after a caller's context has ended.
const hurry = 25 * time.Millisecond

// capturing does work between a settled device and one that is off again.
func (d *Driver) capturing(ctx context.Context, work func() error) error {
	if err := d.settle(ctx); err != nil {
		return err
	}
	d.stale = true
	err := work()
	if ctx.Err() != nil {
		// The finger's light goes out now if it can; settle makes sure later.
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), hurry)
		defer cancel()
		_ = d.write(short, regMode, modeOff)
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := d.write(ctx, regMode, modeOff); err != nil {
		return err
	}
	d.stale = false
	return nil
}

// fault is an answer outside the protocol.
func fault(message, what string) error {
	return &border.Error{Code: border.Unavailable, Op: "use fingerprint scanner", Message: "{0} It is being restarted; if this goes on, unplug it and plug it in again.", Args: []any{border.Sentence{Text: message}},
		Err: fmt.Errorf("%w: %s", devices.ErrProtocol, what)}
}
