// Package usbsuite holds the tests that every kind of [devices.USB] passes: the link to an
// emulated device in the same process, and the real library over a real kernel.
package usbsuite

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/usbdevice"
)

// Plugged is a device as it hangs on the machine.
type Plugged struct {
	// Open opens it with a time limit for each call.
	Open func(reply time.Duration) (devices.USB, error)
	// Unplug pulls it out for good.
	Unplug func()
}

// patience ends a test that has failed; it is no performance figure.
const patience = 20 * time.Second

// idle is how long the suite waits to see that nothing comes.
const idle = 50 * time.Millisecond

// Run runs the suite; plug plugs a device in.
func Run(t *testing.T, plug func(*testing.T, usbdevice.Device) Plugged) {
	cases := []struct {
		name  string
		reply time.Duration
		run   func(*bench)
	}{
		{"control out and in", patience, control},
		{"bulk of all sizes", patience, bulk},
		{"interrupt", patience, interrupt},
		{"time limit of a control transfer", 100 * time.Millisecond, controlLimit},
		{"time limit of an idle read", 100 * time.Millisecond, readLimit},
		{"cancelled read, and the endpoint is of use", patience, cancelRead},
		{"cancelled control", time.Second, cancelControl},
		{"context that has ended", patience, ended},
		{"stall", patience, stall},
		{"no such endpoint", patience, noEndpoint},
		{"two endpoints at once", patience, twoAtOnce},
		{"unplugged while reading", patience, unplugReading},
		{"unplugged before", patience, unplugBefore},
		{"close ends calls", patience, closeEnds},
		{"closed", patience, closed},
		{"opened twice", patience, openTwice},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := plug(t, &device{})
			t.Cleanup(p.Unplug)
			conn, err := p.Open(c.reply)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			c.run(&bench{T: t, USB: conn, plugged: p, ctx: ctx})
		})
	}
}

// bench is one case at work.
type bench struct {
	*testing.T
	devices.USB
	plugged Plugged
	ctx     context.Context
}

func (b *bench) is(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("the error is %v, want %v", err, want)
	}
}

func (b *bench) must(n int, err error) int {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// soon runs a call that should end at once after something, and returns its error.
func (b *bench) soon(call func() error, after func()) error {
	b.Helper()
	ended := make(chan error, 1)
	go func() { ended <- call() }()
	time.Sleep(idle)
	select {
	case err := <-ended:
		b.Fatalf("the call ended by itself: %v", err)
	default:
	}
	after()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience / 2):
		b.Fatal("the call did not end")
		return nil
	}
}

func (b *bench) request(request uint8, data []byte) (int, error) {
	kind := uint8(vendorOut)
	if request == reqLoad {
		kind = vendorIn
	}
	return b.Control(b.ctx, devices.Setup{RequestType: kind, Request: request}, data)
}

func (b *bench) event(value uint16) {
	b.Helper()
	b.must(b.Control(b.ctx, devices.Setup{RequestType: vendorOut, Request: reqEvent, Value: value}, nil))
}

func (b *bench) readEvent() error {
	_, err := b.Read(b.ctx, inEvents, make([]byte, 64))
	return err
}

func control(b *bench) {
	want := []byte("sixteen characte")
	if n := b.must(b.request(reqStore, want)); n != len(want) {
		b.Errorf("%d bytes were sent", n)
	}
	got := make([]byte, 64)
	n := b.must(b.request(reqLoad, got))
	if !bytes.Equal(got[:n], want) {
		b.Errorf("got %q", got[:n])
	}
	product := make([]byte, 64)
	n = b.must(b.Control(b.ctx, devices.Setup{RequestType: 0x80, Request: 6, Value: 0x0302, Index: 0x0409}, product))
	if n != 2+2*len("Suite device") {
		b.Errorf("the product's name has %d bytes", n)
	}
}

func bulk(b *bench) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, 63, 64, 511, 513, 16_385, 111_424} {
		want := make([]byte, size)
		for i := range want {
			want[i] = uint8(r.Uint32())
		}
		if n := b.must(b.Write(b.ctx, outEcho, want)); n != size {
			b.Errorf("%d of %d bytes were written", n, size)
		}
		var got []byte
		for len(got) < size { // the kernel may cut what is written
			part := make([]byte, size-len(got)+1)
			n := b.must(b.Read(b.ctx, inEcho, part))
			got = append(got, part[:n]...)
		}
		if !bytes.Equal(got, want) {
			b.Errorf("%d bytes came back as %d others", size, len(got))
		}
	}
}

func interrupt(b *bench) {
	for v := range uint16(5) {
		b.event(0x0100 + v)
	}
	for v := range uint8(5) {
		got := make([]byte, 64)
		if n := b.must(b.Read(b.ctx, inEvents, got)); n != 2 || got[0] != 1 || got[1] != v {
			b.Errorf("event %d is % x", v, got[:n])
		}
	}
}

func controlLimit(b *bench) {
	_, err := b.request(reqHang, nil)
	b.is(err, devices.ErrNoReply)
	b.must(b.request(reqStore, []byte("again")))
}

func readLimit(b *bench) {
	b.is(b.readEvent(), devices.ErrNoReply)
	b.event(7)
	if err := b.readEvent(); err != nil {
		b.Error(err)
	}
}

func cancelRead(b *bench) {
	for range 5 {
		ctx, cancel := context.WithCancel(b.ctx)
		err := b.soon(func() error { _, err := b.Read(ctx, inEvents, make([]byte, 64)); return err }, cancel)
		b.is(err, context.Canceled)
	}
	b.event(0x0123)
	got := make([]byte, 64)
	if n := b.must(b.Read(b.ctx, inEvents, got)); n != 2 || got[1] != 0x23 {
		b.Errorf("after the cancelled reads came % x", got[:n])
	}
}

func cancelControl(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	err := b.soon(func() error {
		_, err := b.Control(ctx, devices.Setup{RequestType: vendorOut, Request: reqHang}, nil)
		return err
	}, cancel)
	b.is(err, context.Canceled)
}

func ended(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	b.event(0x0042)
	_, err := b.Read(ctx, inEvents, make([]byte, 64))
	if err == nil {
		return // it was there already
	}
	b.is(err, context.Canceled)
	if err := b.readEvent(); err != nil {
		b.Error("the event was lost:", err)
	}
}

func stall(b *bench) {
	_, err := b.request(reqStall, nil)
	b.is(err, devices.ErrStalled)
	_, err = b.Read(b.ctx, inStalled, make([]byte, 64))
	b.is(err, devices.ErrStalled)
	b.must(b.request(reqStore, []byte("again")))
}

func noEndpoint(b *bench) {
	if _, err := b.Read(b.ctx, 0x8E, make([]byte, 1)); err == nil {
		b.Error("an endpoint that is not there was read")
	}
	if _, err := b.Write(b.ctx, 0x0E, []byte{1}); err == nil {
		b.Error("an endpoint that is not there was written")
	}
}

func twoAtOnce(b *bench) {
	var group sync.WaitGroup
	group.Add(2)
	go func() {
		defer group.Done()
		for range 20 {
			if err := b.readEvent(); err != nil {
				b.Error(err)
				return
			}
		}
	}()
	go func() {
		defer group.Done()
		got := make([]byte, 2000)
		for i := range 20 {
			if n, err := b.Read(b.ctx, inEcho, got); err != nil || n != 1000+i {
				b.Errorf("message %d has %d bytes: %v", i, n, err)
				return
			}
		}
	}()
	for i := range 20 {
		b.event(uint16(i))
		b.must(b.Write(b.ctx, outEcho, make([]byte, 1000+i)))
	}
	group.Wait()
}

func unplugReading(b *bench) {
	b.is(b.soon(b.readEvent, b.plugged.Unplug), devices.ErrUnplugged)
	_, err := b.request(reqStore, []byte("gone"))
	b.is(err, devices.ErrUnplugged)
	_, err = b.Write(b.ctx, outEcho, []byte("gone"))
	b.is(err, devices.ErrUnplugged)
}

func unplugBefore(b *bench) {
	b.plugged.Unplug()
	time.Sleep(idle)
	_, err := b.request(reqLoad, make([]byte, 8))
	b.is(err, devices.ErrUnplugged)
}

func closeEnds(b *bench) {
	b.is(b.soon(b.readEvent, func() { b.must(0, b.Close()) }), devices.ErrClosed)
}

func closed(b *bench) {
	b.must(0, b.Close())
	b.must(0, b.Close())
	b.is(b.readEvent(), devices.ErrClosed)
	_, err := b.request(reqStore, []byte("x"))
	b.is(err, devices.ErrClosed)
	again, err := b.plugged.Open(patience)
	if err != nil {
		b.Fatal("a closed device cannot be opened again:", err)
	}
	b.must(0, again.Close())
}

func openTwice(b *bench) {
	second, err := b.plugged.Open(patience)
	if err == nil {
		b.must(0, second.Close())
	}
	b.is(err, devices.ErrBusy)
}
