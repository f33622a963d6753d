// Package r30x drives serial fingerprint modules that speak the packets beginning EF 01:
// R30x, R503, AS608 and many like them.
//
// The protocol numbers nothing: an answer does not say what it answers, and an image that
// was cancelled goes on coming. So the driver never takes what comes after something
// unanswered at its word. It waits for silence and asks a question whose answer has a
// length of its own; the module answers in order, so what comes before that answer is old.
package r30x

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers/exchange"
	"garita/devices/profile"
)

// pollEvery is the pause between two looks for a finger; a look takes the module about
// 300 ms.
const pollEvery = 50 * time.Millisecond

// askEvery is how often an idle module is asked whether it still works.
const askEvery = 10 * time.Second

// maxNoImage is how many times in a row a finger may give no image before the officer
// should know.
const maxNoImage = 20

// Driver drives one module.
type Driver struct {
	p    *profile.Profile
	link link
}

var _ devices.Capturer = (*Driver)(nil)

// New returns a driver for an open line.
func New(p *profile.Profile, conn devices.Stream) *Driver {
	return &Driver{p: p, link: link{line: conn, reply: exchange.Reply(p), limit: 4 * max(p.Image.MaxBytes, maxPayload), unsure: true}}
}

// Start unlocks the module with the password 0, sends the profile's init instructions (the
// driver adds the frame) and asks who it is: with the profile's instruction if it has one.
func (d *Driver) Start(ctx context.Context) (devices.About, error) {
	if err := d.unlock(ctx); err != nil {
		return devices.About{}, err
	}
	for _, e := range d.p.Init {
		if err := d.link.do(ctx, e.Send); err != nil {
			return devices.About{}, err
		}
		if err := exchange.Pause(ctx, time.Duration(e.PauseMS)*time.Millisecond); err != nil {
			return devices.About{}, err
		}
	}
	return d.identify(ctx)
}

func (d *Driver) unlock(ctx context.Context) error {
	return d.link.do(ctx, []byte{verifyPwd, 0, 0, 0, 0})
}

// identify reads the module's parameters, and its firmware if the profile says how.
func (d *Driver) identify(ctx context.Context) (devices.About, error) {
	a, err := d.link.ask(ctx, []byte{readSysPara}, lengths[readSysPara])
	if err != nil {
		return devices.About{}, err
	}
	about := devices.About{Text: fmt.Sprintf("system 0x%04X, library of %d, packets of %d bytes",
		binary.BigEndian.Uint16(a[3:]), binary.BigEndian.Uint16(a[5:]), 32<<(binary.BigEndian.Uint16(a[13:])&3))}
	if len(d.p.Identify.Send) == 0 {
		return about, nil
	}
	if a, err = d.link.ask(ctx, d.p.Identify.Send, anyLength); err != nil {
		return about, err
	}
	return exchange.About(d.p.Identify, a[1:]), nil
}

// Serve watches that the module is there and answers.
func (d *Driver) Serve(ctx context.Context, _ func(devices.Reading)) error {
	err := d.watch(ctx)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end was asked for
	}
	return err
}

func (d *Driver) watch(ctx context.Context) error {
	asked := devices.Monotonic()
	for {
		if err := d.link.drop(ctx); err != nil {
			return err
		}
		if now := devices.Monotonic(); now-asked >= askEvery {
			if _, err := d.link.ask(ctx, []byte{readSysPara}, lengths[readSysPara]); err != nil {
				return err
			}
			asked = now
		}
	}
}

// SelfTest makes a step: "identify" reads the module's parameters, "echo" unlocks it
// again, "blank-capture" has it look for a finger.
func (d *Driver) SelfTest(ctx context.Context, step string) error {
	switch step {
	case "identify":
		_, err := d.identify(ctx)
		return err
	case "echo":
		return d.unlock(ctx)
	case "blank-capture":
		_, err := d.look(ctx)
		return err
	default:
		return devices.ErrUnsupported
	}
}

// Indicate sends the profile's instruction for a signal; the driver adds the frame.
func (d *Driver) Indicate(ctx context.Context, s devices.Signal) error {
	instruction := exchange.Signal(d.p, s)
	if len(instruction) == 0 {
		return devices.ErrUnsupported
	}
	return d.link.do(ctx, instruction)
}

// Capture waits for a finger and fetches its image.
func (d *Driver) Capture(ctx context.Context, _ border.FingerRequest) (border.FingerImage, error) {
	size, err := imageBytes(d.p.Image)
	if err != nil {
		return border.FingerImage{}, err
	}
	for failed := 0; ; {
		code, err := d.look(ctx)
		if err != nil {
			return border.FingerImage{}, err
		}
		if code == codeOK {
			break
		}
		if code == codeNoImage {
			if failed++; failed == maxNoImage {
				return border.FingerImage{}, refused(code)
			}
		} else {
			failed = 0
		}
		if err := exchange.Pause(ctx, pollEvery); err != nil {
			return border.FingerImage{}, err
		}
	}
	raw, err := d.link.upload(ctx, size)
	if err != nil {
		clear(raw)
		return border.FingerImage{}, err
	}
	image := finger(d.p.Image, raw)
	clear(raw) // personal data
	return image, nil
}

// look has the module look for a finger once: OK, no finger, or no image of it.
func (d *Driver) look(ctx context.Context) (code byte, err error) {
	a, err := d.link.ask(ctx, []byte{genImg}, 1)
	if err != nil {
		return 0, err
	}
	switch a[0] {
	case codeOK, codeNoFinger, codeNoImage:
		return a[0], nil
	default:
		return 0, refused(a[0])
	}
}
