package usbdevice

import (
	"fmt"
	"sync"
	"time"

	"garita/devices"
)

// Bus is a hub in this process with sockets for emulated devices. It announces what is
// plugged in as devices/hotplug does.
type Bus struct {
	changes chan struct{}
	sockets []Socket

	mu     sync.Mutex      // guards the rest
	found  []devices.Found // by place; zero where nothing is plugged in
	number int             // of the last plugging
}

// NewBus makes a hub with n sockets.
func NewBus(n int) *Bus {
	b := &Bus{changes: make(chan struct{}, 1), sockets: make([]Socket, n), found: make([]devices.Found, n)}
	b.changed()
	return b
}

// Plug plugs a device in at a place; one that was there is pulled out.
func (b *Bus) Plug(place int, d Device) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sockets[place].Plug(d)
	b.number++
	f := d.Descriptors().Found()
	f.Port, f.BusNumber, f.DeviceNumber = b.Port(place), 1, b.number
	b.found[place] = f
	b.changed()
}

// Port is the kernel's name of a place.
func (b *Bus) Port(place int) string { return fmt.Sprintf("1-%d", place+1) }

// Unplug pulls the device at a place out.
func (b *Bus) Unplug(place int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sockets[place].Unplug()
	b.found[place] = devices.Found{}
	b.changed()
}

// Plugged says whether there is a device at a place.
func (b *Bus) Plugged(place int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.found[place].Bus != ""
}

// Open opens the device that was found, with a time limit for each call.
func (b *Bus) Open(f devices.Found, reply time.Duration) (*Link, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, g := range b.found {
		if g.Bus != "" && g.DeviceNumber == f.DeviceNumber {
			return b.sockets[i].Open(reply)
		}
	}
	return nil, fmt.Errorf("open emulated device: %w", devices.ErrNotFound)
}

// Found lists what is plugged in.
func (b *Bus) Found() []devices.Found {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []devices.Found
	for _, f := range b.found {
		if f.Bus != "" {
			list = append(list, f)
		}
	}
	return list
}

// Changes carries one signal after one or more changes, and one at the beginning.
func (b *Bus) Changes() <-chan struct{} { return b.changes }

func (b *Bus) changed() {
	select {
	case b.changes <- struct{}{}:
	default:
	}
}
