package bridgecheck

import (
	"errors"
	"fmt"
	"time"

	"garita/devices"
	"garita/devices/bridge"
)

// The checks of requests. They need the device, and nobody to present anything.

func start(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	// Started once more it opens the device anew.
	_, err = g.expect(g.ask(bridge.Header{Type: bridge.TypeStart, DeadlineMS: startWithin.Milliseconds()}), startWithin+b.patience, bridge.TypeStarted)
	return err
}

func noDeadline(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	if _, err := g.expect(g.ask(bridge.Header{Type: bridge.TypeSelfTest, Step: "identify"}), b.patience, "error:bad_request"); err != nil {
		return err
	}
	return g.alive()
}

func badPosition(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	wanted := []string{"error:bad_request"}
	if !isFingerprint(g) {
		wanted = append(wanted, "error:unsupported")
	}
	if _, err := g.expect(g.ask(bridge.Header{Type: bridge.TypeCapture, Position: 11, DeadlineMS: 1000}), b.patience, wanted...); err != nil {
		return err
	}
	return g.alive()
}

func smallRequests(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	for _, h := range []bridge.Header{
		{Type: bridge.TypeIndicate, Signal: string(devices.SignalHere), DeadlineMS: 2000},
		{Type: bridge.TypeSelfTest, Step: "identify", DeadlineMS: 10000},
	} {
		within := time.Duration(h.DeadlineMS)*time.Millisecond + b.patience
		if _, err := g.expect(g.ask(h), within, bridge.TypeDone, "error:unsupported"); err != nil {
			return err
		}
	}
	if _, err := g.expect(g.ask(bridge.Header{Type: bridge.TypeSelfTest, Step: "x-nothing", DeadlineMS: 10000}),
		10*time.Second+b.patience, "error:unsupported", "error:bad_request"); err != nil {
		return err
	}
	_, err = g.expect(g.ask(bridge.Header{Type: bridge.TypeIndicate, Signal: "x-nothing", DeadlineMS: 2000}),
		b.patience, "error:unsupported", "error:bad_request")
	return err
}

// answers to a cancel: it may come too late, and then the work was done.
func afterCancel(g *guest, id uint64, also ...string) error {
	g.send(bridge.Header{Type: bridge.TypeCancel, ID: id})
	began := devices.Monotonic()
	_, err := g.expect(id, g.b.o.CancelWithin, append(also, "error:cancelled")...)
	if errors.Is(err, errNothing) {
		// How late it is helps whoever looks for the cause.
		if _, late := g.expect(id, g.b.patience, append(also, "error:cancelled")...); late == nil {
			return fmt.Errorf("the answer to a cancel came after %v; the limit is %v",
				(devices.Monotonic() - began).Round(time.Millisecond), g.b.o.CancelWithin)
		}
	}
	return err
}

func serveCancelled(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	id := g.ask(bridge.Header{Type: bridge.TypeServe})
	if h, err := g.expect(id, b.o.Heartbeat, bridge.TypeDone); err == nil || !errors.Is(err, errNothing) {
		return fmt.Errorf("serve ended by itself with %s", got(h))
	}
	if err := afterCancel(g, id); err != nil {
		return err
	}
	return g.alive()
}

// work begins the longest request that the device has.
func work(g *guest) (id uint64, good string) {
	if isFingerprint(g) {
		return g.ask(bridge.Header{Type: bridge.TypeCapture, DeadlineMS: 30000}), bridge.TypeImage
	}
	return g.ask(bridge.Header{Type: bridge.TypeServe}), "error:cancelled"
}

func captureCancelled(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	for range 5 {
		id, good := work(g)
		pause(b.ctx, 50*time.Millisecond)
		if err := afterCancel(g, id, good); err != nil {
			return err
		}
	}
	return nil
}

func nothingAfter(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	id, good := work(g)
	pause(b.ctx, 50*time.Millisecond)
	if err := afterCancel(g, id, good); err != nil {
		return err
	}
	h, err := g.next(2 * b.o.Heartbeat)
	for err == nil && h.Type == bridge.TypeState {
		h, err = g.next(b.o.Heartbeat)
	}
	if err == nil {
		return fmt.Errorf("request %d was answered, and then came %s", id, got(h))
	}
	if !errors.Is(err, errNothing) {
		return err
	}
	return nil
}

func deadline(b *bench) error {
	g, err := b.started()
	if err != nil || !isFingerprint(g) {
		return err // readers of documents have no request that waits for somebody
	}
	const within = 300 * time.Millisecond
	id := g.ask(bridge.Header{Type: bridge.TypeCapture, DeadlineMS: within.Milliseconds()})
	if _, err := g.expect(id, within+b.o.CancelWithin, "error:deadline", bridge.TypeImage); err != nil {
		return err
	}
	return g.alive()
}

func secondRequest(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	first := g.ask(bridge.Header{Type: bridge.TypeServe})
	second := g.ask(bridge.Header{Type: bridge.TypeIndicate, Signal: string(devices.SignalHere), DeadlineMS: 2000})
	if _, err := g.expect(second, b.patience, "error:busy"); err != nil {
		return err
	}
	return afterCancel(g, first)
}

func cancelNothing(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	g.send(bridge.Header{Type: bridge.TypeCancel, ID: 123456})
	return g.alive()
}

func nextStation(b *bench) error {
	g, err := b.started()
	if err != nil {
		return err
	}
	work(g)
	pause(b.ctx, 50*time.Millisecond)
	g.leave() // in the middle of it
	if g, err = b.started(); err != nil {
		return err
	}
	id, good := work(g)
	return afterCancel(g, id, good)
}
