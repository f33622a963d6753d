package trace

import (
	"context"

	"garita/border"
	"garita/devices"
)

// call is what the supervisor is having the driver do.
type call struct {
	kind Kind
	ctx  context.Context //nolint:containedctx // tells whether a transfer ended because the caller gave up
}

// Driver returns a driver whose calls are remembered: which, and what came of them.
// firmware is that whose quirks it minds; "" for none. A [devices.Capturer] stays one.
func (r *Ring) Driver(d devices.Driver, firmware string) devices.Driver {
	r.add(Event{Kind: Driver, Name: firmware})
	own := driver{d, r}
	if c, ok := d.(devices.Capturer); ok {
		return capturer{own, c}
	}
	return own
}

func (r *Ring) begin(ctx context.Context, kind Kind, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.call = call{}
	r.addLocked(Event{Kind: kind, Name: name})
	r.call = call{kind: kind, ctx: ctx}
}

func (r *Ring) end(ctx context.Context, name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mask.quiet()
	e := Event{Kind: End, Name: name, Err: Fault(err), Text: border.MessageOf(err)}
	if ctx.Err() != nil && (err == nil && r.call.kind == Serve || e.Err == Interrupted) {
		e.Err, e.Text = Interrupted, ""
	}
	r.call = call{}
	r.addLocked(e)
}

type driver struct {
	devices.Driver
	r *Ring
}

func (d driver) Start(ctx context.Context) (devices.About, error) {
	d.r.begin(ctx, Start, "")
	about, err := d.Driver.Start(ctx)
	d.r.end(ctx, about.Firmware, err)
	return about, err
}

func (d driver) Serve(ctx context.Context, emit func(devices.Reading)) error {
	d.r.begin(ctx, Serve, "")
	err := d.Driver.Serve(ctx, func(r devices.Reading) {
		e := Event{Kind: Reading, Chatter: r.Chatter, Err: Fault(r.Err)}
		for _, l := range r.Lines {
			e.Shape = append(e.Shape, len(l))
		}
		d.r.add(e)
		emit(r)
		if ctx.Err() != nil {
			d.r.add(Event{Kind: Cancel})
		}
	})
	d.r.end(ctx, "", err)
	return err
}

func (d driver) SelfTest(ctx context.Context, step string) error {
	d.r.begin(ctx, Test, step)
	err := d.Driver.SelfTest(ctx, step)
	d.r.end(ctx, "", err)
	return err
}

func (d driver) Indicate(ctx context.Context, s devices.Signal) error {
	d.r.begin(ctx, Signal, string(s))
	err := d.Driver.Indicate(ctx, s)
	d.r.end(ctx, "", err)
	return err
}

type capturer struct {
	driver
	c devices.Capturer
}

func (c capturer) Capture(ctx context.Context, want border.FingerRequest) (border.FingerImage, error) {
	c.r.begin(ctx, Capture, "")
	image, err := c.c.Capture(ctx, want)
	if err == nil {
		c.r.add(Event{Kind: Image, Shape: []int{image.Width, image.Height}})
	}
	c.r.end(ctx, "", err)
	return image, err
}
