// Package framed drives readers that send a document's machine readable zone by themselves
// as plain text in a simple frame: between STX and ETX, as lines ended by CR, or raw.
package framed

import (
	"context"
	"time"

	"garita/devices"
	"garita/devices/drivers/exchange"
	"garita/devices/profile"
)

// Driver reads one such reader.
type Driver struct {
	p       *profile.Profile
	line    *exchange.Line
	decoder *Decoder
}

var _ devices.Driver = (*Driver)(nil)

// New returns a driver for an open line.
func New(p *profile.Profile, conn devices.Stream) *Driver {
	return &Driver{p: p, line: exchange.NewLine(conn), decoder: NewDecoder(p.Framing)}
}

// Start makes the profile's init exchanges and asks for the firmware if the profile says
// how.
func (d *Driver) Start(ctx context.Context) (devices.About, error) {
	if err := d.line.Run(ctx, d.p.Init, d.reply()); err != nil {
		return devices.About{}, err
	}
	about, err := d.line.Identify(ctx, d.p.Identify, d.reply())
	d.line.Forget()
	return about, err
}

// Serve reads documents until ctx ends or the line fails, and re-arms the reader after
// each if the profile says so.
func (d *Driver) Serve(ctx context.Context, emit func(devices.Reading)) error {
	return exchange.Serve(ctx, exchange.Service{Line: d.line, Feed: d.decoder.Feed,
		Rearm: d.p.Rearm, Delay: time.Duration(d.p.Timing.RearmDelayMS) * time.Millisecond, Reply: d.reply()}, emit)
}

// SelfTest makes a step: "identify" asks for the firmware; "echo" makes the init exchanges
// again, which proves the line in both directions if one of them waits for an answer.
func (d *Driver) SelfTest(ctx context.Context, step string) error {
	return exchange.SelfTest(ctx, d.line, d.p, step)
}

// Indicate sends the bytes of a signal.
func (d *Driver) Indicate(ctx context.Context, s devices.Signal) error {
	return exchange.Indicate(ctx, d.line, d.p, s)
}

func (d *Driver) reply() time.Duration { return exchange.Reply(d.p) }
