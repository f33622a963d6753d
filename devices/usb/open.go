package usb

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"garita/border"
	"garita/devices"

	"github.com/google/gousb"
)

// Open claims an interface of the device that was found. It must still be at its address,
// and be what it was.
//
// Errors wrap devices.ErrNotFound, ErrPermission, ErrBusy, ErrWrongKind (no such
// interface) or ErrUnplugged where one of these is the case, or are ctx's.
func Open(ctx context.Context, f devices.Found, o Options) (*Conn, error) {
	name := fmt.Sprintf("%04x:%04x on %s", f.VendorID, f.ProductID, f.Port)
	if o.Reply < 20*time.Millisecond || o.Reply > 10*time.Second {
		return nil, &border.Error{Code: border.Invalid, Op: "open USB device " + name, Message: "The reply time must be 20 to 10,000 ms."}
	}
	type opened struct {
		conn *Conn
		err  error
	}
	// Opening talks to the kernel, and for the configuration to the device; a hanging one
	// must not hold the caller.
	done, left := make(chan opened), make(chan struct{})
	go func() {
		conn, err := open(f, o, name)
		select {
		case done <- opened{conn, err}:
		case <-left:
			if conn != nil {
				_ = conn.Close()
			}
		}
	}()
	select {
	case r := <-done:
		return r.conn, r.err
	case <-ctx.Done():
		close(left)
		return nil, openError(name, ctx.Err())
	}
}

// open is Open without a limit of time.
func open(f devices.Found, o Options, name string) (*Conn, error) {
	lib, err := newLibrary()
	if err != nil {
		return nil, openError(name, err)
	}
	c := &Conn{name: name, reply: o.Reply, lib: lib, freed: make(chan struct{}), turns: map[uint8]chan struct{}{}}
	c.ctx, c.stop = context.WithCancel(context.Background())
	if err := c.claim(f, o); err != nil {
		_ = c.Close()
		return nil, openError(name, err)
	}
	return c, nil
}

// newLibrary starts libusb. gousb panics where it cannot, as on a machine without usbfs.
func newLibrary() (lib *gousb.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("start libusb: %v", r)
		}
	}()
	return gousb.NewContext(), nil
}

func (c *Conn) claim(f devices.Found, o Options) error {
	other := false
	list, err := c.lib.OpenDevices(func(d *gousb.DeviceDesc) bool {
		if d.Bus != f.BusNumber || d.Address != f.DeviceNumber {
			return false
		}
		same := d.Vendor == gousb.ID(f.VendorID) && d.Product == gousb.ID(f.ProductID) && d.Device == gousb.BCD(f.BCDDevice) && inSocket(d.Bus, d.Path, f.Port)
		other = !same
		return same
	})
	// An error beside a device is about another one that could not be asked.
	switch {
	case len(list) > 0:
		c.device = list[0]
	case other:
		return fmt.Errorf("%w: %w", devices.ErrNotFound, errGone)
	case err != nil:
		return kind(err)
	default:
		return devices.ErrNotFound
	}
	c.device.ControlTimeout = c.reply
	if o.AutoDetach {
		if err := c.device.SetAutoDetach(true); err != nil {
			return kind(err)
		}
	}
	number, err := c.device.ActiveConfigNum()
	if err != nil {
		return kind(err)
	}
	if c.config, err = c.device.Config(number); err != nil {
		return kindOfText(err)
	}
	if !hasInterface(c.config.Desc, o.Interface) {
		return fmt.Errorf("%w: no interface %d", devices.ErrWrongKind, o.Interface)
	}
	if c.intf, err = c.config.Interface(o.Interface, 0); err != nil {
		return kindOfText(err)
	}
	return nil
}

// inSocket reports whether a device hangs on the socket where it was found: addresses are
// given out again, also to an identical device. A library that does not know the path of
// hub ports is believed.
func inSocket(bus int, path []int, port string) bool {
	if len(path) == 0 || port == "" {
		return true
	}
	at := strconv.Itoa(bus)
	for i, n := range path {
		at += string("-."[min(i, 1)]) + strconv.Itoa(n)
	}
	return at == port
}

// hasInterface also keeps the library from an index out of range: it takes an interface's
// number for its place in the list.
func hasInterface(d gousb.ConfigDesc, number int) bool {
	return number >= 0 && number < len(d.Interfaces) && d.Interfaces[number].Number == number
}
