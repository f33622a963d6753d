// Package honeywell drives Honeywell imagers that read machine readable zones by OCR. They
// are set up by menu commands (SYN M CR, the command, '!' or '.'), and give the lines as
// plain text.
//
// The imager is used in one of two ways. Without a re-arm sequence in the profile it stands
// in presentation mode and reads what is held before it. With one, its trigger is pulled by
// command: by the init sequence, after each reading, and again before the imager's own
// read time-out of 30 s ends it.
package honeywell

import (
	"context"
	"regexp"
	"time"

	"garita/devices"
	"garita/devices/drivers/exchange"
	"garita/devices/profile"
)

// The bounds of a document where the profile has no framing table.
const (
	maxBytes  = 512
	idleGapMS = 400
)

// pullEvery is how long the trigger stays pulled: less than the imager's time-out.
const pullEvery = 20 * time.Second

// askRevision is the menu command that asks for the software revision.
const askRevision = "\x16M\rREVINF."

// refusal is an answer that says no: ENQ or NAK before a punctuation mark.
var refusal = regexp.MustCompile(`[\x05\x15][!.,;]`)

// Driver reads one imager.
type Driver struct {
	p       *profile.Profile
	line    *exchange.Line
	service *exchange.Service
}

var _ devices.Driver = (*Driver)(nil)

// New returns a driver for an open line.
func New(p *profile.Profile, conn devices.Stream) *Driver {
	f := p.Framing
	if f.MaxBytes <= 0 {
		f.MaxBytes = maxBytes
	}
	if f.IdleGapMS <= 0 {
		f.IdleGapMS = idleGapMS
	}
	line := exchange.NewLine(conn)
	line.Refusal = refusal
	return &Driver{p: p, line: line, service: &exchange.Service{
		Line: line, Feed: NewDecoder(f).Feed, Rearm: p.Rearm, RearmEvery: pullEvery,
		Delay: time.Duration(p.Timing.RearmDelayMS) * time.Millisecond, Reply: exchange.Reply(p)}}
}

// Start makes the profile's init exchanges and asks for the revision: as the profile says,
// or with the imager's own command if the profile has no question but a pattern.
func (d *Driver) Start(ctx context.Context) (devices.About, error) {
	defer d.line.Forget()
	if err := d.line.Run(ctx, d.p.Init, d.service.Reply); err != nil {
		return devices.About{}, err
	}
	return d.line.Identify(ctx, d.question(), d.service.Reply)
}

func (d *Driver) question() profile.Identify {
	id := d.p.Identify
	if len(id.Send) == 0 && id.Pattern != "" {
		id.Send = []byte(askRevision)
	}
	return id
}

// Serve reads documents until ctx ends or the line fails.
func (d *Driver) Serve(ctx context.Context, emit func(devices.Reading)) error {
	return d.service.Serve(ctx, emit)
}

// SelfTest makes a step: "identify" asks for the revision, "echo" makes the init exchanges
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
