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
	service *exchange.Service
}

var _ devices.Driver = (*Driver)(nil)

// New returns a driver for an open line.
func New(p *profile.Profile, conn devices.Stream) *Driver {
	line := exchange.NewLine(conn)
	return &Driver{p: p, line: line, service: &exchange.Service{
		Line: line, Feed: NewDecoder(p.Framing).Feed, Rearm: p.Rearm,
		Delay: time.Duration(p.Timing.RearmDelayMS) * time.Millisecond, Reply: exchange.Reply(p)}}
}

// Start makes the profile's init exchanges and asks for the firmware if the profile says
// how.
func (d *Driver) Start(ctx context.Context) (devices.About, error) {
	if err := d.line.Run(ctx, d.p.Init, d.service.Reply); err != nil {
		return devices.About{}, err
	}
	about, err := d.line.Identify(ctx, d.p.Identify, d.service.Reply)
	d.line.Forget()
	return about, err
}

// Serve reads documents until ctx ends or the line fails, and re-arms the reader after
// each if the profile says so.
func (d *Driver) Serve(ctx context.Context, emit func(devices.Reading)) error {
	return d.service.Serve(ctx, emit)
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
