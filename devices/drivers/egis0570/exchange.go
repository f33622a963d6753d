package egis0570

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"garita/devices"
)

// A command is "EGIS", an operation and two bytes; a register's answer is "SIGE", the
// register, its value and 1. The image's answer is the image alone.
const (
	opGet   = 0x00
	opSet   = 0x01
	opImage = 0x06

	answerBytes = 7
	answerGood  = 1
)

var (
	toSensor   = []byte("EGIS")
	fromSensor = []byte("SIGE")
)

// What the recording shows of the registers: one that arms the sensor, and the byte that
// goes with a question, which differs and means nothing to us.
const (
	regControl  = 0x02
	controlIdle = 0x0F
	controlArm  = 0x2F

	getAtFirst = 0x80
	getLater   = 0x0F

	imageArgument = 0xFE // with 0x00 before it
)

// setUp is what the recording writes before the first image. The meaning of the single
// registers is not known.
var setUp = []struct{ register, value byte }{
	{0x20, 0x3F}, {0x58, 0x3F},
	{0x21, 0x09}, {0x57, 0x09}, {0x22, 0x03}, {0x56, 0x03},
	{0x23, 0x01}, {0x55, 0x01}, {0x24, 0x01}, {0x54, 0x01},
	{0x16, 0x3E}, {0x09, 0x0B}, {0x14, 0x03}, {0x15, 0x00}, {regControl, controlIdle},
	{0x10, 0x00}, {0x11, 0x38}, {0x12, 0x00}, {0x13, 0x71}, {0x03, 0x80},
}

// imageBytes is one image: five frames, and 22 bytes that were exposed for the sixth.
const (
	framesInImage = 5
	imageBytes    = 32_512
)

// set writes a register.
func (d *Driver) set(ctx context.Context, register, value byte) error {
	got, err := d.ask(ctx, opSet, register, value)
	if err == nil && got != value {
		err = fault("The sensor did not take an order.", fmt.Sprintf("register 0x%02X is 0x%02X, not 0x%02X", register, got, value))
	}
	return err
}

// get reads a register.
func (d *Driver) get(ctx context.Context, register, argument byte) (byte, error) {
	return d.ask(ctx, opGet, register, argument)
}

// ask makes one exchange about a register and returns its value.
func (d *Driver) ask(ctx context.Context, op, register, value byte) (byte, error) {
	d.stale = true
	if err := d.command(ctx, op, register, value); err != nil {
		return 0, err
	}
	var b [answerBytes]byte
	n, err := d.usb.Read(ctx, uint8(d.p.Transport.In), b[:])
	if err != nil {
		return 0, err
	}
	if n != answerBytes || !bytes.HasPrefix(b[:], fromSensor) || b[4] != register || b[6] != answerGood {
		return 0, fault("The sensor gave an answer to another question.", fmt.Sprintf("% X about register 0x%02X", b[:n], register))
	}
	d.stale = false
	return b[5], nil
}

func (d *Driver) command(ctx context.Context, op, a, b byte) error {
	_, err := d.usb.Write(ctx, uint8(d.p.Transport.Out), append(bytes.Clone(toSensor), op, a, b))
	return err
}

// buffer is where images go; made once.
func (d *Driver) buffer() []byte {
	if d.images == nil {
		d.images = make([]byte, imageBytes)
	}
	return d.images
}

// shoot takes an image and returns its frames, which are valid until the next one.
func (d *Driver) shoot(ctx context.Context) ([][]byte, error) {
	if d.shot {
		if err := d.set(ctx, regControl, controlIdle); err != nil {
			return nil, err
		}
		switch v, err := d.get(ctx, regControl, getLater); {
		case err != nil:
			return nil, err
		case v != controlIdle:
			return nil, fault("The sensor is not ready.", fmt.Sprintf("control is 0x%02X", v))
		}
		d.shot = false
	}
	if err := d.set(ctx, regControl, controlArm); err != nil {
		return nil, err
	}
	d.shot, d.owed = true, devices.Monotonic()+time.Duration(d.p.Timing.ReplyMS)*time.Millisecond
	if err := d.command(ctx, opImage, 0x00, imageArgument); err != nil {
		return nil, err
	}
	b := d.buffer()
	n, err := d.usb.Read(ctx, uint8(d.p.Transport.In), b)
	switch {
	case errors.Is(err, devices.ErrProtocol):
		return nil, fault("The sensor sent too large an image.", "more than one image")
	case err != nil:
		return nil, err
	case n != imageBytes:
		return nil, fault("The sensor sent half an image.", fmt.Sprintf("%d of %d bytes", n, imageBytes))
	}
	d.owed = 0
	size := d.p.Image.Width * d.p.Image.Height
	if size <= 0 || size*framesInImage > imageBytes {
		return nil, fault("The profile's image is larger than the sensor's.", fmt.Sprintf("%d pixels", size))
	}
	frames := make([][]byte, framesInImage)
	for i := range frames {
		frames[i] = b[i*size : (i+1)*size]
	}
	return frames, nil
}
