package uareu

import (
	"context"
	"encoding/binary"
	"fmt"

	"garita/devices"
)

// Registers are read and written, one or several in a row, by one vendor request with the
// first register as its value.
const (
	request = 0x04
	reading = 0xC0 // request type: vendor, device, in
	writing = 0x40
)

const (
	regStatus       = 0x07 // power and health
	regScrambleSeed = 0x33 // write: number of a key, and our seed (little-endian, 4 bytes)
	regScrambleKey  = 0x34 // read: the key, exclusive-or the seed
	regMode         = 0x4E
	regInfo         = 0xF0 // 16 bytes: versions
)

// Bits of regStatus. What is written to the upper half does not read back as such.
const (
	statusLowPower = 0x80
	statusTrouble  = 0x04
	statusAwake    = 0x01
	statusSettable = 0x0F
)

// Values of regMode.
const (
	modeAwaitFinger = 0x10
	modeCapture     = 0x20
	modeOff         = 0x70
)

// event is what the interrupt endpoint tells: the first two bytes of 64, big-endian.
type event uint16

const (
	eventPower     event = 0x56AA // the sensor has power now
	eventFingerOn  event = 0x0101
	eventFingerOff event = 0x0200
	eventDeath     event = 0x0800 // the next image will be empty
)

const eventBytes = 64

// read reads consecutive registers.
func (d *Driver) read(ctx context.Context, register uint16, b []byte) error {
	n, err := d.usb.Control(ctx, devices.Setup{RequestType: reading, Request: request, Value: register}, b)
	if err == nil && n != len(b) {
		err = fault("The scanner gave half an answer.", fmt.Sprintf("register 0x%02X: %d of %d bytes", register, n, len(b)))
	}
	return err
}

// write writes consecutive registers.
func (d *Driver) write(ctx context.Context, register uint16, values ...byte) error {
	n, err := d.usb.Control(ctx, devices.Setup{RequestType: writing, Request: request, Value: register}, values)
	if err == nil && n != len(values) {
		err = fault("The scanner took half an order.", fmt.Sprintf("register 0x%02X: %d of %d bytes", register, n, len(values)))
	}
	return err
}

func (d *Driver) status(ctx context.Context) (byte, error) {
	var b [1]byte
	err := d.read(ctx, regStatus, b[:])
	return b[0], err
}

// event waits for the next event. ErrNoReply says that none came within the reply time.
func (d *Driver) event(ctx context.Context) (event, error) {
	var b [eventBytes]byte
	n, err := d.usb.Read(ctx, uint8(d.p.Transport.Events), b[:])
	if err != nil {
		return 0, err
	}
	if n != eventBytes {
		return 0, fault("The scanner sent something that is no event.", fmt.Sprintf("event of %d bytes", n))
	}
	return event(binary.BigEndian.Uint16(b[:])), nil
}
