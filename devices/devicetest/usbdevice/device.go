// Package usbdevice describes emulated USB devices: an interface that an emulator
// implements once, and whose device is then reached in the same process ([Socket]) or
// through the kernel of a virtual machine (devicetest/vhci). The drivers cannot tell
// either from a real one.
package usbdevice

import (
	"context"
	"encoding/binary"
	"unicode/utf16"

	"garita/devices"
)

// Device is an emulated device. Its methods are called from several goroutines, for each
// endpoint one at a time. Requests of the standard (descriptors, configuration) never
// reach it: the link answers them from Descriptors.
//
// Each method may wait, as a real device does that answers "not now", until ctx ends;
// then nothing was taken from the device or given to it. Errors that a link understands
// are [devices.ErrStalled] (a stall), [devices.ErrUnplugged] (the device is gone for
// good), and ctx's; any other error counts as a stall.
type Device interface {
	// Descriptors says what the device is. It always returns the same.
	Descriptors() Descriptors
	// Control carries out a class or vendor request: data is what the host sends, or
	// what is to be filled, as bit 7 of the request type says. It returns the number of
	// bytes moved.
	Control(ctx context.Context, s devices.Setup, data []byte) (int, error)
	// In gives at most len(b) bytes of what the device has for a bulk or interrupt
	// endpoint (bit 7 set). Fewer than len(b) end the host's transfer.
	In(ctx context.Context, endpoint uint8, b []byte) (int, error)
	// Out takes b on a bulk or interrupt endpoint.
	Out(ctx context.Context, endpoint uint8, b []byte) (int, error)
}

// Descriptors is what a device says of itself when it is plugged in.
type Descriptors struct {
	VendorID, ProductID  uint16
	BCDDevice            uint16
	BCDUSB               uint16 // 0x0110 or 0x0200
	Manufacturer         string // "" for none, as with the two below
	Product              string
	Serial               string
	Class                uint8 // of the one interface; 0xFF: vendor's own
	Subclass, Protocol   uint8
	Endpoints            []Endpoint
	HighSpeed            bool
	MaxControlPacketSize uint8 // 8, 16, 32 or 64
}

// Endpoint is one endpoint of the interface.
type Endpoint struct {
	Address       uint8 // bit 7: IN
	Interrupt     bool  // otherwise bulk
	MaxPacketSize uint16
	Interval      uint8 // of an interrupt endpoint, in frames
}

// Types of descriptors (USB 2.0, table 9-5).
const (
	typeDevice        = 1
	typeConfiguration = 2
	typeString        = 3
	typeInterface     = 4
	typeEndpoint      = 5
)

// Device is the device descriptor (USB 2.0, 9.6.1).
func (d Descriptors) Device() []byte {
	b := []byte{18, typeDevice}
	b = binary.LittleEndian.AppendUint16(b, d.BCDUSB)
	b = append(b, 0, 0, 0, d.MaxControlPacketSize)
	b = binary.LittleEndian.AppendUint16(b, d.VendorID)
	b = binary.LittleEndian.AppendUint16(b, d.ProductID)
	b = binary.LittleEndian.AppendUint16(b, d.BCDDevice)
	for i, s := range []string{d.Manufacturer, d.Product, d.Serial} {
		if s == "" {
			b = append(b, 0)
		} else {
			b = append(b, uint8(i)+1)
		}
	}
	return append(b, 1)
}

// Configuration is the one configuration with its interface and endpoints (9.6.3 to
// 9.6.6).
func (d Descriptors) Configuration() []byte {
	b := []byte{9, typeConfiguration, 0, 0, 1, 1, 0, 0x80, 50} // powered by the bus, 100 mA
	b = append(b, 9, typeInterface, 0, 0, uint8(len(d.Endpoints)), d.Class, d.Subclass, d.Protocol, 0)
	for _, e := range d.Endpoints {
		kind := uint8(2)
		if e.Interrupt {
			kind = 3
		}
		b = append(b, 7, typeEndpoint, e.Address, kind)
		b = binary.LittleEndian.AppendUint16(b, e.MaxPacketSize)
		b = append(b, e.Interval)
	}
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// Text is the string descriptor of an index; nil if there is none. 0 is the list of
// languages: US English alone.
func (d Descriptors) Text(index uint8) []byte {
	if index == 0 {
		return []byte{4, typeString, 0x09, 0x04}
	}
	texts := []string{d.Manufacturer, d.Product, d.Serial}
	if int(index) > len(texts) || texts[index-1] == "" {
		return nil
	}
	b := []byte{0, typeString}
	for _, u := range utf16.Encode([]rune(texts[index-1])) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	b[0] = uint8(len(b))
	return b
}

// Descriptor answers GET_DESCRIPTOR for wValue; nil if the device has no such.
func (d Descriptors) Descriptor(value uint16) []byte {
	switch value >> 8 {
	case typeDevice:
		return d.Device()
	case typeConfiguration:
		if value&0xFF == 0 {
			return d.Configuration()
		}
	case typeString:
		return d.Text(uint8(value))
	}
	return nil
}

// Found is the device as the kernel would show it.
func (d Descriptors) Found() devices.Found {
	return devices.Found{
		Bus: devices.BusUSB, VendorID: d.VendorID, ProductID: d.ProductID, BCDDevice: d.BCDDevice,
		Serial: d.Serial, Manufacturer: d.Manufacturer, Product: d.Product,
		Interfaces:  []devices.Interface{{Class: d.Class, Subclass: d.Subclass, Protocol: d.Protocol}},
		Descriptors: append(d.Device(), d.Configuration()...),
	}
}
