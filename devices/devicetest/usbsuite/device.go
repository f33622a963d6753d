package usbsuite

import (
	"context"
	"sync"

	"garita/devices"
	"garita/devices/devicetest/usbdevice"
)

// The suite's device: endpoints, and its own requests.
const (
	outEcho   = 0x01 // bulk: what is written comes back …
	inEcho    = 0x82 // … here, one message for each
	inEvents  = 0x83 // interrupt: an event for each reqEvent
	inStalled = 0x84 // bulk: always stalls

	reqStore = 0x10 // keep the data
	reqLoad  = 0x11 // give it back
	reqStall = 0x12 // refuse
	reqHang  = 0x13 // never answer
	reqEvent = 0x14 // make an event of the value

	vendorOut = 0x40
	vendorIn  = 0xC0
)

// device answers what the suite asks.
type device struct {
	mu       sync.Mutex
	stored   []byte
	messages usbdevice.Queue
	events   usbdevice.Queue
}

// Descriptors implements [usbdevice.Device].
func (d *device) Descriptors() usbdevice.Descriptors {
	return usbdevice.Descriptors{
		VendorID: 0xF055, ProductID: 0x0001, BCDDevice: 0x0123, BCDUSB: 0x0200, HighSpeed: true,
		Manufacturer: "Utopia", Product: "Suite device", Serial: "S-1", Class: 0xFF, MaxControlPacketSize: 64,
		Endpoints: []usbdevice.Endpoint{
			{Address: outEcho, MaxPacketSize: 512},
			{Address: inEcho, MaxPacketSize: 512},
			{Address: inEvents, Interrupt: true, MaxPacketSize: 64, Interval: 4},
			{Address: inStalled, MaxPacketSize: 512},
		},
	}
}

// Control implements [usbdevice.Device].
func (d *device) Control(ctx context.Context, s devices.Setup, data []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch s.Request {
	case reqStore:
		d.stored = append(d.stored[:0], data...)
		return len(data), nil
	case reqLoad:
		return copy(data, d.stored), nil
	case reqEvent:
		d.events.Put([]byte{uint8(s.Value >> 8), uint8(s.Value)})
		return 0, nil
	case reqHang:
		<-ctx.Done()
		return 0, ctx.Err()
	default:
		return 0, devices.ErrStalled
	}
}

// In implements [usbdevice.Device].
func (d *device) In(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	switch endpoint {
	case inEcho:
		return d.messages.Take(ctx, b)
	case inEvents:
		return d.events.Take(ctx, b)
	default:
		return 0, devices.ErrStalled
	}
}

// Out implements [usbdevice.Device].
func (d *device) Out(_ context.Context, endpoint uint8, b []byte) (int, error) {
	if endpoint != outEcho {
		return 0, devices.ErrStalled
	}
	d.messages.Put(b)
	return len(b), nil
}
