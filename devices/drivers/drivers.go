// Package drivers opens a scanner: the transport that its profile names, and on it the
// driver of its wire protocol. Each protocol has a folder below this one.
package drivers

import (
	"context"
	"io"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers/elyctis"
	"garita/devices/drivers/framed"
	"garita/devices/drivers/honeywell"
	"garita/devices/drivers/r30x"
	"garita/devices/profile"
	"garita/devices/serial"
)

// Taps stand between transport and driver. A nil one is left out.
type Taps struct {
	Stream func(devices.Stream) devices.Stream
	USB    func(devices.USB) devices.USB
	// Note takes what a transport without frames of its own has to tell; no personal data.
	Note func(string)
}

// Opener opens scanners. The zero Opener uses the real transports; a test or a replay
// puts its own in their place.
type Opener struct {
	Stream func(ctx context.Context, p *profile.Profile, at devices.Found) (devices.Stream, error)
	USB    func(ctx context.Context, p *profile.Profile, at devices.Found) (devices.USB, error)
}

// Opened is an open scanner.
type Opened struct {
	Driver devices.Driver
	with   func(*profile.Profile) devices.Driver
	conn   io.Closer
}

// With makes the driver anew on the same connection, for the profile that the firmware's
// quirks led to. The driver before is of no more use.
func (o *Opened) With(p *profile.Profile) devices.Driver { return o.with(p) }

// Close closes the connection.
func (o *Opened) Close() error { return o.conn.Close() }

// streams are the families that speak over a line of bytes.
var streams = map[string]func(*profile.Profile, devices.Stream) devices.Driver{
	"elyctis":   func(p *profile.Profile, s devices.Stream) devices.Driver { return elyctis.New(p, s) },
	"framed":    func(p *profile.Profile, s devices.Stream) devices.Driver { return framed.New(p, s) },
	"honeywell": func(p *profile.Profile, s devices.Stream) devices.Driver { return honeywell.New(p, s) },
	"r30x":      func(p *profile.Profile, s devices.Stream) devices.Driver { return r30x.New(p, s) },
}

// usbs are the families that speak USB transfers.
var usbs = map[string]func(*profile.Profile, devices.USB) devices.Driver{}

// Open opens the device that was found, as its profile says. Errors wrap what the
// transport gives.
func (o Opener) Open(ctx context.Context, p *profile.Profile, at devices.Found, taps Taps) (*Opened, error) {
	switch p.Transport.Kind {
	case "serial", "wedge":
		family, ok := streams[p.Driver]
		if !ok {
			return nil, unknown(p)
		}
		open := o.Stream
		if open == nil {
			open = openStream
		}
		line, err := open(ctx, p, at)
		if err != nil {
			return nil, err
		}
		tapped := line
		if taps.Stream != nil {
			tapped = taps.Stream(line)
		}
		with := func(p *profile.Profile) devices.Driver { return family(p, tapped) }
		return &Opened{Driver: with(p), with: with, conn: line}, nil
	case "usb":
		family, ok := usbs[p.Driver]
		if !ok {
			return nil, unknown(p)
		}
		conn, err := o.USB(ctx, p, at)
		if err != nil {
			return nil, err
		}
		tapped := conn
		if taps.USB != nil {
			tapped = taps.USB(conn)
		}
		with := func(p *profile.Profile) devices.Driver { return family(p, tapped) }
		return &Opened{Driver: with(p), with: with, conn: conn}, nil
	default:
		return nil, unknown(p)
	}
}

func unknown(p *profile.Profile) error {
	return &border.Error{Code: border.Invalid, Op: "open scanner", Err: devices.ErrUnsupported,
		Message: "Profile " + p.ID + " asks for driver " + p.Driver + " over " + p.Transport.Kind + ", which do not go together. Correct the profile."}
}

func openStream(ctx context.Context, p *profile.Profile, at devices.Found) (devices.Stream, error) {
	path := at.Path
	if path == "" {
		for _, i := range at.Interfaces {
			if i.TTY != "" {
				path = i.TTY
			}
		}
	}
	t := p.Transport
	return serial.Open(serial.Config{Path: path, Baud: t.Baud, DataBits: t.DataBits,
		Parity: t.Parity, StopBits: t.StopBits, ReadTimeout: p.Timing.ReadTimeout()})
}
