package bridgecheck

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/bridge"
	"garita/devices/profile"
)

// The checks of frames, hello, limits and silence. None of them needs the device.

func welcome(b *bench) error {
	g, h, err := b.greet(bridge.TypeWelcome, func(g *guest) uint64 { return g.ask(g.hello()) })
	if err != nil {
		return b.outside(err)
	}
	if h.Version != bridge.Version {
		return fmt.Errorf("the welcome has version %d, not %d", h.Version, bridge.Version)
	}
	g.leave()
	// The station's own client looks at all of the rest.
	for end := devices.Monotonic() + b.patience; ; pause(b.ctx, 20*time.Millisecond) {
		c, err := bridge.Dial(b.ctx, b.address, b.o)
		if err == nil {
			return c.Close()
		}
		if !errors.Is(err, devices.ErrBusy) || devices.Monotonic() > end {
			return err
		}
	}
}

// outside asks the station's own client whether this end is let in at all. A refusal with
// TLS 1.3 shows only when the other end is read.
func (b *bench) outside(err error) error {
	c, dial := bridge.Dial(b.ctx, b.address, b.o)
	if dial == nil {
		return errors.Join(err, c.Close())
	}
	if errors.Is(dial, devices.ErrPermission) || errors.Is(dial, devices.ErrNotFound) {
		return fmt.Errorf("%w: %s", errOutside, border.MessageOf(dial))
	}
	return err
}

// errOutside: no check can be made.
var errOutside = errors.New("the bridge cannot be reached")

func versionTooNew(b *bench) error {
	g, _, err := b.greet("error:version", func(g *guest) uint64 {
		h := g.hello()
		h.Versions = []int{99, 100}
		return g.ask(h)
	})
	if err != nil {
		return err
	}
	return g.closed(b.patience)
}

func versionOffered(b *bench) error {
	_, h, err := b.greet(bridge.TypeWelcome, func(g *guest) uint64 {
		h := g.hello()
		h.Versions = []int{99, bridge.Version}
		return g.ask(h)
	})
	if err == nil && h.Version != bridge.Version {
		err = fmt.Errorf("versions 99 and %d were offered, and %d was chosen", bridge.Version, h.Version)
	}
	return err
}

// frame encodes a header that our own type cannot express.
func frame(header string, body []byte) []byte {
	f := append([]byte("GBR1"), binary.BigEndian.AppendUint32(nil, uint32(len(header)))...)
	f = binary.BigEndian.AppendUint32(f, uint32(len(body)))
	return append(append(f, header...), body...)
}

func unknownField(b *bench) error {
	_, _, err := b.greet(bridge.TypeWelcome, func(g *guest) uint64 {
		g.raw(frame(fmt.Sprintf(`{"future":{"a":[1,null,"x"]},"type":"hello","id":1,"versions":[1],"heartbeat_ms":%d,"zz":true}`,
			b.o.Heartbeat.Milliseconds()), nil))
		return 1
	})
	return err
}

func noHello(b *bench) error {
	g, _, err := b.greet("error:bad_request", func(g *guest) uint64 {
		return g.ask(bridge.Header{Type: bridge.TypeStart, DeadlineMS: 1000})
	})
	if err != nil {
		return err
	}
	return g.closed(b.patience)
}

func secondHello(b *bench) error {
	g, err := b.seated()
	if err != nil {
		return err
	}
	_, err = g.expect(g.ask(g.hello()), b.patience, "error:bad_request")
	return err
}

func unknownType(b *bench) error {
	g, err := b.seated()
	if err != nil {
		return err
	}
	for range 3 {
		if err := g.alive(); err != nil {
			return err
		}
	}
	return nil
}

func unknownBytes(b *bench) error {
	g, err := b.seated()
	if err != nil {
		return err
	}
	g.raw(frame(`{"type":"x-future","id":77}`, bytes.Repeat([]byte("GBR1"), 1<<10)))
	if _, err := g.expect(77, b.patience, "error:unknown_type"); err != nil {
		return err
	}
	return g.alive()
}

func together(b *bench) error {
	g, err := b.seated()
	if err != nil {
		return err
	}
	both := append(frame(`{"type":"x-one","id":78}`, nil), frame(`{"type":"x-two","id":79}`, nil)...)
	g.raw(both)
	for id := uint64(78); id <= 79; id++ {
		if _, err := g.expect(id, b.patience, "error:unknown_type"); err != nil {
			return err
		}
	}
	return nil
}

func slowBytes(b *bench) error {
	_, _, err := b.greet(bridge.TypeWelcome, func(g *guest) uint64 {
		h := g.hello()
		h.ID = 1
		f, err := bridge.AppendFrame(nil, bridge.Frame{Header: h})
		for i := range f {
			g.raw(f[i : i+1])
			pause(b.ctx, 2*time.Millisecond)
		}
		if err != nil {
			return 0
		}
		return 1
	})
	return err
}

func badJSON(b *bench) error {
	for _, text := range []string{`{"type":`, `[1,2]`, `{"type":7}`} {
		g, err := b.seated()
		if err != nil {
			return err
		}
		g.raw(frame(text, nil))
		if _, err := g.expect(0, b.patience, "error:bad_request"); err != nil {
			return fmt.Errorf("the header %s: %w", text, err)
		}
		if err := g.closed(b.patience); err != nil {
			return fmt.Errorf("the header %s: %w", text, err)
		}
		g.leave()
	}
	return nil
}

func garbage(b *bench) error {
	for _, text := range []string{"GET / HTTP/1.1\r\nHost: bridge\r\n\r\n", string(bytes.Repeat([]byte{0xff}, 4096)),
		"GBR9\x00\x00\x00\x3e\x00\x00\x00\x00" + `{"type":"hello","id":1,"versions":[1], "heartbeat_ms" : 2000 }`} {
		g, err := b.connect()
		if err != nil {
			return err
		}
		g.raw([]byte(text))
		if err := g.closed(b.patience); err != nil {
			return err
		}
	}
	_, err := b.seated() // and the next station can come
	return err
}

func oversizeHeader(b *bench) error { return oversize(b, bridge.MaxHeader+1, 0) }

func oversizeBytes(b *bench) error { return oversize(b, 16, bridge.MaxBytes+1) }

func oversize(b *bench, header, size uint32) error {
	g, err := b.seated()
	if err != nil {
		return err
	}
	g.raw(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("GBR1"), header), size))
	if _, err := g.expect(0, g.b.o.Heartbeat, "error:too_large"); err != nil {
		return err
	}
	return g.closed(b.patience)
}

func heartbeat(b *bench) error {
	g, err := b.seated()
	if err != nil {
		return err
	}
	pause(b.ctx, 5*b.o.Heartbeat/2)
	if n := g.heartbeats(); n < 1 || n > 6 {
		return fmt.Errorf("expected two heartbeats in two and a half times their interval of %v, heard %d", b.o.Heartbeat, n)
	}
	return nil
}

func silence(b *bench) error {
	g, err := b.mute()
	if err != nil {
		return err
	}
	if err := g.closed(b.o.Heartbeat); err == nil {
		return errors.New("the station was given up after less than one heartbeat of silence, not three")
	}
	return g.closed(2*b.o.Heartbeat + b.patience)
}

func halfFrame(b *bench) error {
	g, err := b.mute()
	if err != nil {
		return err
	}
	g.raw([]byte("GBR1\x00\x00\x40\x00\x00\x00\x00\x00{"))
	// Bytes that trickle in must not keep it open.
	end := devices.Monotonic() + 3*b.o.Heartbeat + b.patience
	for devices.Monotonic() < end {
		if err := g.closed(b.o.Heartbeat / 2); err == nil || b.ctx.Err() != nil {
			return err
		}
		g.raw([]byte{' '})
	}
	return errors.New("a frame that never ends was waited for")
}

func secondStation(b *bench) error {
	first, err := b.seated()
	if err != nil {
		return err
	}
	second, err := b.connect()
	if err != nil {
		return err
	}
	if _, err := second.expect(second.ask(second.hello()), b.patience, "error:busy"); err != nil {
		return err
	}
	if err := second.closed(b.patience); err != nil {
		return err
	}
	return first.alive()
}

func isFingerprint(g *guest) bool { return g.info.Kind == profile.Fingerprint }
