package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"os/user"
	"slices"
	"strconv"
	"sync"

	"garita/border"
	"garita/cmd/internal/program"
	"garita/cmd/internal/version"
	"garita/devices"
	"garita/devices/bridge"
	"garita/devices/drivers"
	"garita/devices/hotplug"
	"garita/devices/profile"
)

// deviceServeCmd is `garita device serve`.
type deviceServeCmd struct {
	localProfiles
	Profile string   `required:"" help:"Id of the scanner's profile."`
	Path    string   `xor:"at" placeholder:"NODE" help:"Serial or input node of the scanner, under /dev/serial/by-id."`
	Port    string   `xor:"at" placeholder:"PORT" help:"USB socket of the scanner, as 1-1.2; not needed if only one fits the profile."`
	Listen  string   `required:"" placeholder:"ADDRESS" help:"Where stations come: unix:/path or tls:host:port."`
	Group   string   `help:"Group that may use a local socket, beside this user and root."`
	Station []string `placeholder:"NAME" help:"DNS name in the certificate of a station that may come; every one that the authority signed for, if none is named."`
	credentials
}

// credentials are the files of mutual TLS.
type credentials struct {
	Cert string `type:"path" placeholder:"FILE" help:"Certificate of this end (PEM), for tls: addresses."`
	Key  string `type:"path" placeholder:"FILE" help:"Its private key (PEM)."`
	CA   string `name:"ca" type:"path" placeholder:"FILE" help:"Certificate of the authority that signs for the other end (PEM)."`
}

func (c credentials) given() bool { return c.Cert != "" || c.Key != "" || c.CA != "" }

// Help is the long help text.
func (deviceServeCmd) Help() string {
	return `One station is served at a time; it opens the scanner when it comes and closes it
when it goes. The log (standard error) says who came and went, never what was read.
docs/BRIDGE.md is the contract that is spoken.

  garita device serve --profile generic-framed-mrz --path /dev/serial/by-id/… \
    --listen tls:0.0.0.0:7443 --cert lane4.pem --key lane4.key --ca post.pem`
}

// Run lends the scanner until the program is told to stop.
func (c deviceServeCmd) Run(ctx context.Context, w *world) error {
	p, err := c.get(w, c.Profile)
	if err != nil {
		return err
	}
	if c.Path == "" && c.Port == "" && len(p.Match) == 0 {
		return &border.Error{Code: border.Invalid, Op: "find scanner",
			Message: "The profile has no rule to find its scanner by. Say where it is with --path or --port."}
	}
	var cfg *tls.Config
	if c.given() {
		if cfg, err = bridge.ServerTLS(c.Cert, c.Key, c.CA, c.Station); err != nil {
			return err
		}
	}
	group, err := groupID(c.Group)
	if err != nil {
		return err
	}
	l, err := bridge.Listen(ctx, c.Listen, cfg, group)
	if err != nil {
		return err
	}
	fmt.Fprintln(w.err, "A scanner of profile", p.ID, "is lent at", c.Listen)

	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	log := program.Log(w.err)
	find := func() (devices.Found, error) { return devices.Found{Bus: nodeBus(p), Path: c.Path}, nil }
	if c.Path == "" {
		watcher := hotplug.New(hotplug.Config{Log: log})
		watching.Go(func() { watcher.Run(ctx) })
		find = func() (devices.Found, error) { return plugged(p, c.Port, watcher.Found()) }
	}
	return bridge.Serve(ctx, l, lent(p, find), log)
}

// groupID finds the number of a group, 0 for none.
func groupID(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	if g, err := user.LookupGroup(name); err == nil {
		name = g.Gid
	}
	id, err := strconv.Atoi(name)
	if err != nil || id < 1 {
		return 0, &border.Error{Code: border.Invalid, Op: "find group", Message: "There is no group " + strconv.Quote(name) + " on this machine.", Err: err}
	}
	return id, nil
}

func nodeBus(p *profile.Profile) devices.Bus {
	if p.Transport.Kind == "wedge" {
		return devices.BusInput
	}
	return devices.BusSerial
}

// plugged finds the USB device to lend: that in a socket, or the only one that fits the profile.
func plugged(p *profile.Profile, port string, found []devices.Found) (devices.Found, error) {
	set, err := profile.NewSet(p)
	if err != nil {
		return devices.Found{}, err
	}
	fits := slices.DeleteFunc(found, func(f devices.Found) bool {
		return port != "" && f.Port != port || port == "" && len(set.Match(f)) == 0
	})
	switch len(fits) {
	case 0:
		return devices.Found{}, &border.Error{Code: border.Unavailable, Op: "find scanner", Message: "The scanner is not plugged in, or has no power.", Err: devices.ErrNotFound}
	case 1:
		return fits[0], nil
	default:
		return devices.Found{}, &border.Error{Code: border.Conflict, Op: "find scanner",
			Message: "More than one scanner fits the profile. Say which with --port.", Err: devices.ErrBusy}
	}
}

// lent is a scanner of this machine as a bridge lends it.
func lent(p *profile.Profile, find func() (devices.Found, error)) bridge.Device {
	info := bridge.Info{Kind: p.Kind, Model: p.Name}
	if p.Kind == profile.Fingerprint {
		info.Width, info.Height, info.DPI = p.Image.Width, p.Image.Height, p.Image.DPI
		if p.Image.Rotate == 90 || p.Image.Rotate == 270 {
			info.Width, info.Height = info.Height, info.Width
		}
	}
	return bridge.Device{Info: info, Software: "garita " + version.Version,
		Open: func(ctx context.Context) (devices.Driver, io.Closer, error) {
			at, err := find()
			if err != nil {
				return nil, nil, err
			}
			o, err := drivers.Opener{}.Open(ctx, p, at, drivers.Taps{})
			if err != nil {
				return nil, nil, err
			}
			d := &lentDriver{Driver: o.Driver, opened: o, profile: p, at: at}
			if c, ok := o.Driver.(devices.Capturer); ok {
				d.Driver = c
				return lentCapturer{d}, o, nil
			}
			return d, o, nil
		}}
}

// lentDriver minds the firmware's quirks, which the station cannot: its profile is that
// of the bridge.
type lentDriver struct {
	devices.Driver
	opened  *drivers.Opened
	profile *profile.Profile
	at      devices.Found
}

// Start starts the driver, and again if the firmware asks for another profile.
func (d *lentDriver) Start(ctx context.Context) (devices.About, error) {
	about, err := d.Driver.Start(ctx)
	if err != nil {
		return about, err
	}
	if about.Firmware == "" && d.at.Bus == devices.BusUSB {
		about.Firmware = string(profile.Release(d.at.BCDDevice))
	}
	quirky := func(q profile.Quirk) bool { return q.Firmware.Contains(profile.Version(about.Firmware)) }
	if slices.ContainsFunc(d.profile.Quirks, quirky) {
		d.Driver = d.opened.With(d.profile.For(about.Firmware))
		if _, err := d.Driver.Start(ctx); err != nil {
			return about, err
		}
	}
	return about, nil
}

// lentCapturer is a lentDriver of a fingerprint scanner.
type lentCapturer struct{ *lentDriver }

// Capture takes a finger.
func (d lentCapturer) Capture(ctx context.Context, want border.FingerRequest) (border.FingerImage, error) {
	c, ok := d.Driver.(devices.Capturer)
	if !ok {
		return border.FingerImage{}, devices.ErrUnsupported
	}
	return c.Capture(ctx, want)
}
