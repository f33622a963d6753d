package conformance

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/drivers"
	"garita/devices/profile"
)

// Emulated makes emulated USB scanners for the suite.
type Emulated[D usbdevice.Device] struct {
	// New makes one that has just been plugged in.
	New func() D
	// Show presents finger number i.
	Show func(d D, i int)
	// Break makes a fault happen, Mend ends all of them. Slow bytes are not asked for:
	// they are the cable's.
	Break func(d D, f Fault) error
	Mend  func(d D)
}

// OnUSB makes the rig of scanners on a hub in this process.
func OnUSB[D usbdevice.Device](e Emulated[D]) func(*testing.T, int) Rig {
	return func(_ *testing.T, n int) Rig {
		bus := usbdevice.NewBus(n)
		r := Rig{Bus: bus, Opener: drivers.Opener{USB: func(_ context.Context, p *profile.Profile, at devices.Found) (devices.USB, error) {
			l, err := bus.Open(at, time.Duration(p.Timing.ReplyMS)*time.Millisecond)
			if err != nil {
				return nil, err
			}
			return l, nil
		}}}
		for place := range n {
			r.IDs = append(r.IDs, "usb-"+bus.Port(place))
		}
		r.Plug = func(place int) (Device, error) {
			d := &onUSB[D]{Emulated: e, bus: bus, place: place}
			return d, d.Replug()
		}
		return r
	}
}

// onUSB is one scanner of a rig.
type onUSB[D usbdevice.Device] struct {
	Emulated[D]
	bus   *usbdevice.Bus
	place int

	mu                sync.Mutex // guards the rest
	device            D
	meter             *usbdevice.Meter
	sentCut, takenCut int // for the next plugging
}

func (o *onUSB[D]) Replug() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.device = o.New()
	o.meter = &usbdevice.Meter{Device: o.device, Cut: func() { o.bus.Unplug(o.place) }}
	o.meter.CutAfter(o.sentCut, o.takenCut)
	o.sentCut, o.takenCut = 0, 0
	o.bus.Plug(o.place, o.meter)
	return nil
}

func (o *onUSB[D]) Unplug() error {
	o.bus.Unplug(o.place)
	return nil
}

func (o *onUSB[D]) Close() error { return o.Unplug() }

func (o *onUSB[D]) Plugged() bool { return o.bus.Plugged(o.place) }

// now is the device that is plugged in, or was last.
func (o *onUSB[D]) now() (D, *usbdevice.Meter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.device, o.meter
}

func (o *onUSB[D]) Show(i int) error {
	if !o.Plugged() {
		return fmt.Errorf("show finger %d: %w", i, devices.ErrUnplugged)
	}
	d, _ := o.now()
	o.Emulated.Show(d, i)
	return nil
}

func (o *onUSB[D]) Break(f Fault) error {
	d, m := o.now()
	if f == Slow {
		m.Slowly(2 * time.Millisecond)
		return nil
	}
	return o.Emulated.Break(d, f)
}

func (o *onUSB[D]) Mend() {
	d, m := o.now()
	m.Slowly(0)
	o.Emulated.Mend(d)
}

func (o *onUSB[D]) Moved() (sent, received int) {
	_, m := o.now()
	return m.Moved()
}

func (o *onUSB[D]) UnplugAfter(sent, received int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bus.Plugged(o.place) {
		o.meter.CutAfter(sent, received)
		return
	}
	o.sentCut, o.takenCut = sent, received
}
