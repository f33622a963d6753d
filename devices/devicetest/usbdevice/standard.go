package usbdevice

import (
	"context"

	"garita/devices"
)

// Standard requests (USB 2.0, table 9-4).
const (
	getStatus        = 0x00
	clearFeature     = 0x01
	setFeature       = 0x03
	getDescriptor    = 0x06
	getConfiguration = 0x08
	setConfiguration = 0x09
	getInterface     = 0x0A
	setInterface     = 0x0B
)

// typeMask are the bits of a request type that say whose request it is; 0 is the
// standard's.
const typeMask = 0x60

// Control makes a control transfer to a device: requests of the standard are answered
// from its descriptors, all others by the device.
func Control(ctx context.Context, d Device, s devices.Setup, data []byte) (int, error) {
	if s.RequestType&typeMask != 0 {
		return d.Control(ctx, s, data)
	}
	switch s.Request {
	case getDescriptor:
		b := d.Descriptors().Descriptor(s.Value)
		if b == nil {
			return 0, devices.ErrStalled
		}
		return copy(data, b), nil
	case getConfiguration:
		return copy(data, []byte{1}), nil
	case getInterface:
		return copy(data, []byte{0}), nil
	case getStatus:
		return copy(data, []byte{0, 0}), nil
	case setConfiguration, setInterface, clearFeature, setFeature:
		return 0, nil
	default:
		return 0, devices.ErrStalled
	}
}
