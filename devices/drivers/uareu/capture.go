package uareu

import (
	"context"
	"encoding/binary"
	"errors"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers/geometry"
)

// maxEvents bounds the events, and drained transfers, that may come in a row without
// being waited for.
const maxEvents = 64

// maxRestarts bounds how often the sensor may lose its power while a finger is awaited.
const maxRestarts = 3

// seed masks the keys on the cable. Whoever listens there sees the seed as well, so it is
// no secret, and always the same.
const seed = 0x6D2B79F5

// awaitFinger waits for a finger on the glass.
func (d *Driver) awaitFinger(ctx context.Context) error {
	if err := d.write(ctx, regMode, modeAwaitFinger); err != nil {
		return err
	}
	for events, restarts := 0, 0; events < maxEvents; {
		e, err := d.event(ctx)
		if errors.Is(err, devices.ErrNoReply) && ctx.Err() == nil {
			if _, err := d.status(ctx); err != nil { // no finger yet; is there a scanner?
				return err
			}
			continue
		}
		events++
		switch {
		case err != nil:
			return err
		case e == eventFingerOn:
			return nil
		case e == eventDeath:
			return fault("The scanner reports a failure.", "death event")
		case e == eventPower:
			if restarts++; restarts > maxRestarts {
				return fault("The scanner keeps restarting.", "power events")
			}
			if err := d.write(ctx, regMode, modeAwaitFinger); err != nil {
				return err
			}
		}
	}
	return fault("The scanner sends events without end.", "flood of events")
}

// image orders an image, whether there is a finger or not, and makes it upright.
func (d *Driver) image(ctx context.Context) (border.FingerImage, error) {
	raw, err := d.transfer(ctx)
	defer clear(d.images)
	if err != nil {
		return border.FingerImage{}, err
	}
	pixels, err := decode(raw, d.p.Image, func(number uint8) (keystream, error) { return d.key(ctx, number) })
	if err != nil {
		return border.FingerImage{}, err
	}
	img := border.FingerImage{DPI: d.p.Image.DPI}
	img.Pixels, img.Width, img.Height = geometry.Upright(d.p.Image, pixels, d.p.Image.Width, d.p.Image.Height)
	return img, nil
}

// buffer is where transfers go: as large as the profile allows, and made once.
func (d *Driver) buffer() []byte {
	if d.images == nil {
		d.images = make([]byte, max(d.p.Image.MaxBytes, eventBytes))
	}
	return d.images
}

// transfer orders an image and fetches what comes of it. The fetching begins first: the sensor
// has no room for an image that nobody takes.
func (d *Driver) transfer(ctx context.Context) ([]byte, error) {
	type result struct {
		n   int
		err error
	}
	b := d.buffer()
	fetching, cancel := context.WithCancel(ctx)
	defer cancel()
	d.owed, d.ordered = devices.Monotonic()+d.reply(), true
	fetched := make(chan result, 1)
	go func() {
		n, err := d.usb.Read(fetching, uint8(d.p.Transport.In), b)
		fetched <- result{n, err}
	}()
	if err := d.write(ctx, regMode, modeCapture); err != nil {
		cancel()
		<-fetched
		return nil, err
	}
	r := <-fetched
	if r.err != nil {
		return nil, r.err
	}
	if whole, err := wireBytes(b[:r.n], d.p.Image); err == nil && r.n >= whole {
		d.owed, d.ordered = 0, false
	} // of another one, more may come
	return b[:r.n], nil
}

// key asks the device for one of its keys.
func (d *Driver) key(ctx context.Context, number uint8) (keystream, error) {
	ask := binary.LittleEndian.AppendUint32([]byte{number}, seed)
	if err := d.write(ctx, regScrambleSeed, ask...); err != nil {
		return 0, err
	}
	var b [4]byte
	if err := d.read(ctx, regScrambleKey, b[:]); err != nil {
		return 0, err
	}
	return keystream(binary.LittleEndian.Uint32(b[:]) ^ seed), nil
}
