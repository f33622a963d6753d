// Package elyctis drives the document readers of Elyctis (ID BOX) by their Scanner Command
// Set: frames of a command byte, a length and data.
//
// The reader is used in one of two ways. If the profile has a re-arm sequence, it reads
// continuously: it was armed by the init sequence, gives one document by itself, and is
// armed again. Otherwise it is asked again and again what lies on it.
package elyctis

import (
	"context"
	"regexp"
	"time"

	"garita/devices"
	"garita/devices/drivers/exchange"
	"garita/devices/profile"
)

// The bounds of a frame where the profile has no framing table of its own.
const (
	maxData = 512
	idleGap = 400 * time.Millisecond
)

// askEvery is the time between two questions where the profile has no rearm_delay_ms.
const askEvery = 200 * time.Millisecond

// refusal is an answer by which the reader says that it will not read continuously.
var refusal = regexp.MustCompile(`C\x00\x01\x00`)

// Driver reads one reader.
type Driver struct {
	p       *profile.Profile
	line    *exchange.Line
	decoder *Decoder
	service *exchange.Service
}

var _ devices.Driver = (*Driver)(nil)

// New returns a driver for an open line.
func New(p *profile.Profile, conn devices.Stream) *Driver {
	largest, gap := p.Framing.MaxBytes, p.Framing.IdleGap()
	if largest <= 0 {
		largest = maxData
	}
	if gap <= 0 {
		gap = idleGap
	}
	d := &Driver{p: p, line: exchange.NewLine(conn), decoder: NewDecoder(largest, gap, len(p.Rearm) == 0)}
	d.line.Refusal = refusal
	d.service = &exchange.Service{Line: d.line, Feed: d.decoder.Feed, Rearm: p.Rearm,
		Delay: time.Duration(p.Timing.RearmDelayMS) * time.Millisecond, Reply: exchange.Reply(p)}
	if len(p.Rearm) == 0 {
		d.service.Rearm = []profile.Exchange{{Send: []byte{inquire, 0, 0}}}
		d.service.Delay, d.service.RearmEvery = 0, max(d.service.Delay, askEvery)
	}
	return d
}

// Start makes the profile's init exchanges and asks for the firmware: as the profile says,
// or with the protocol's own question if it has none but a pattern.
func (d *Driver) Start(ctx context.Context) (devices.About, error) {
	defer d.line.Forget()
	if err := d.line.Run(ctx, d.p.Init, d.service.Reply); err != nil {
		return devices.About{}, err
	}
	return d.line.Identify(ctx, d.question(), d.service.Reply)
}

// question is what asks for the firmware.
func (d *Driver) question() profile.Identify {
	id := d.p.Identify
	if len(id.Send) == 0 && id.Pattern != "" {
		id.Send = []byte{version, 0, 0}
	}
	return id
}

// Serve reads documents until ctx ends or the line fails.
func (d *Driver) Serve(ctx context.Context, emit func(devices.Reading)) error {
	return d.service.Serve(ctx, emit)
}

// SelfTest makes a step: "identify" asks for the firmware, "echo" makes the init exchanges
// again.
func (d *Driver) SelfTest(ctx context.Context, step string) error {
	p := *d.p
	p.Identify = d.question()
	return exchange.SelfTest(ctx, d.line, &p, step)
}

// Indicate sends the bytes of a signal.
func (d *Driver) Indicate(ctx context.Context, s devices.Signal) error {
	return exchange.Indicate(ctx, d.line, d.p, s)
}
