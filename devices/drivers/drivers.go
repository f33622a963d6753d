// Package drivers opens a scanner: the transport that its profile names, and on it the
// driver of its wire protocol. Each protocol has a folder below this one.
package drivers

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/bridge"
	"garita/devices/drivers/egis0570"
	"garita/devices/drivers/elyctis"
	"garita/devices/drivers/framed"
	"garita/devices/drivers/honeywell"
	"garita/devices/drivers/r30x"
	"garita/devices/drivers/uareu"
	"garita/devices/profile"
	"garita/devices/serial"
	"garita/devices/usb"
	"garita/devices/wedge"
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
	// Bridge is how bridges are called.
	Bridge bridge.Options
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
var usbs = map[string]func(*profile.Profile, devices.USB) devices.Driver{
	"egis0570": func(p *profile.Profile, c devices.USB) devices.Driver { return egis0570.New(p, c) },
	"uareu":    func(p *profile.Profile, c devices.USB) devices.Driver { return uareu.New(p, c) },
}

// Open opens the device that was found, as its profile says. Errors wrap what the
// transport gives.
func (o Opener) Open(ctx context.Context, p *profile.Profile, at devices.Found, taps Taps) (*Opened, error) {
	switch p.Transport.Kind {
	case "serial", "wedge":
		return o.openStream(ctx, p, at, taps)
	case "usb":
		return o.openUSB(ctx, p, at, taps)
	case "bridge":
		how := o.Bridge
		how.MaxPixels = p.Image.Width * p.Image.Height // 0, without an image: the bridge's own bound
		client, err := bridge.Dial(ctx, at.Path, how)
		if err != nil {
			return nil, err
		}
		if kind := client.Info().Kind; kind != p.Kind {
			return nil, errors.Join(&border.Error{Code: border.Invalid, Op: "open bridge", Err: devices.ErrWrongKind,
				Message: "The bridge offers a device of kind {0}, and its profile says {1}. Correct the scanner's profile.", Args: []any{strconv.Quote(string(kind)), string(p.Kind)}}, client.Close())
		}
		var driver devices.Driver = documents{client}
		if p.Kind == profile.Fingerprint {
			driver = client
		}
		return &Opened{Driver: driver, with: func(*profile.Profile) devices.Driver { return driver }, conn: client}, nil
	default:
		return nil, unknown(p)
	}
}

// documents hides from a document reader's driver that bridges can capture fingers.
type documents struct{ devices.Driver }

func (o Opener) openStream(ctx context.Context, p *profile.Profile, at devices.Found, taps Taps) (*Opened, error) {
	family, ok := streams[p.Driver]
	if !ok {
		return nil, unknown(p)
	}
	open := o.Stream
	if open == nil {
		open = realStream
	}
	line, err := open(ctx, p, at)
	if err != nil {
		return nil, err
	}
	if o.Stream == nil {
		if err := whose("/sys", nodeOf(p, at), at); err != nil {
			return nil, errors.Join(err, line.Close())
		}
	}
	tapped := line
	if taps.Stream != nil {
		tapped = taps.Stream(line)
	}
	with := func(p *profile.Profile) devices.Driver { return family(p, tapped) }
	return &Opened{Driver: with(p), with: with, conn: line}, nil
}

func (o Opener) openUSB(ctx context.Context, p *profile.Profile, at devices.Found, taps Taps) (*Opened, error) {
	family, ok := usbs[p.Driver]
	if !ok {
		return nil, unknown(p)
	}
	open := o.USB
	if open == nil {
		open = realUSB
	}
	conn, err := open(ctx, p, at)
	if err != nil {
		return nil, err
	}
	tapped := conn
	if taps.USB != nil {
		tapped = taps.USB(conn)
	}
	with := func(p *profile.Profile) devices.Driver { return family(p, tapped) }
	return &Opened{Driver: with(p), with: with, conn: conn}, nil
}

func unknown(p *profile.Profile) error {
	return &border.Error{Code: border.Invalid, Op: "open scanner", Err: devices.ErrUnsupported,
		Message: "Profile {0} asks for driver {1} over {2}, which do not go together. Correct the profile.", Args: []any{p.ID, p.Driver, p.Transport.Kind}}
}

// realStream opens a serial port, or a reader that types.
func realStream(_ context.Context, p *profile.Profile, at devices.Found) (devices.Stream, error) {
	t := p.Transport
	if t.Kind == "wedge" {
		return wedge.Open(wedge.Config{Path: nodeOf(p, at), Layout: t.Layout, ReadTimeout: p.Timing.ReadTimeout()})
	}
	return serial.Open(serial.Config{Path: nodeOf(p, at), Baud: t.Baud, DataBits: t.DataBits,
		Parity: t.Parity, StopBits: t.StopBits, ReadTimeout: p.Timing.ReadTimeout()})
}

// nodeOf is the node of a device: the one that the configuration names, or the first of
// its interfaces that has one.
func nodeOf(p *profile.Profile, at devices.Found) string {
	if at.Path != "" {
		return at.Path
	}
	for _, i := range at.Interfaces {
		n := i.TTY
		if p.Transport.Kind == "wedge" {
			n = i.Input
		}
		if n != "" {
			return n
		}
	}
	return ""
}

func realUSB(ctx context.Context, p *profile.Profile, at devices.Found) (devices.USB, error) {
	return usb.Open(ctx, at, usb.Options{Interface: p.Transport.Interface, AutoDetach: p.Transport.AutoDetach,
		Reply: time.Duration(p.Timing.ReplyMS) * time.Millisecond})
}
