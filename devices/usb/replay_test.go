package usb_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/replay"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/devicetest/usbmon"
	"garita/devices/usb"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var made = usbdevice.Descriptors{
	VendorID: 0xF055, ProductID: 2, BCDDevice: 0x0234, BCDUSB: 0x0110, Class: 0xFF, MaxControlPacketSize: 64,
	Endpoints: []usbdevice.Endpoint{{Address: 0x81, Interrupt: true, MaxPacketSize: 64, Interval: 10}, {Address: 0x82, MaxPacketSize: 64}, {Address: 0x03, MaxPacketSize: 64}},
}

var ask = devices.Setup{RequestType: 0xC0, Request: 1, Value: 2, Index: 3}

const reply = 100 * time.Millisecond

// under runs body with the made device and its traffic, which needs no USB of this
// machine; what only a real kernel does is tested in the virtual machine.
func under(t *testing.T, traffic []usbmon.Transfer, body func(t *testing.T, f devices.Found)) {
	t.Parallel()
	replay.Under(t, replay.Make(t, made, traffic), body)
}

func open(t *testing.T, f devices.Found) *usb.Conn {
	t.Helper()
	c, err := usb.Open(t.Context(), f, usb.Options{Reply: reply})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("the error is %v, want %v", err, want)
	}
}

// Only the device that was found is opened: the same address may be another one's.
func TestOpenChecksWhoIsThere(t *testing.T) {
	under(t, nil, func(t *testing.T, f devices.Found) {
		for name, change := range map[string]func(*devices.Found){
			"address": func(f *devices.Found) { f.DeviceNumber++ }, "bus": func(f *devices.Found) { f.BusNumber++ },
			"vendor": func(f *devices.Found) { f.VendorID++ }, "product": func(f *devices.Found) { f.ProductID++ },
			"release": func(f *devices.Found) { f.BCDDevice++ },
		} {
			other := f
			change(&other)
			c, err := usb.Open(t.Context(), other, usb.Options{Reply: reply})
			if !errors.Is(err, devices.ErrNotFound) || border.CodeOf(err) != border.NotFound || border.MessageOf(err) == "" {
				t.Errorf("another %s: %v", name, err)
			}
			if c != nil {
				_ = c.Close()
			}
		}
		open(t, f)
	})
}

func TestOpenRefuses(t *testing.T) {
	under(t, nil, func(t *testing.T, f devices.Found) {
		for _, number := range []int{-1, 1, 255} {
			_, err := usb.Open(t.Context(), f, usb.Options{Interface: number, Reply: reply})
			is(t, err, devices.ErrWrongKind)
		}
		for _, limit := range []time.Duration{0, time.Millisecond, time.Minute} {
			if _, err := usb.Open(t.Context(), f, usb.Options{Reply: limit}); border.CodeOf(err) != border.Invalid {
				t.Errorf("reply time %v: %v", limit, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if c, err := usb.Open(ctx, f, usb.Options{Reply: reply}); err == nil {
			_ = c.Close() // it was faster
		} else {
			is(t, err, context.Canceled)
		}
	})
}

func TestTransfers(t *testing.T) {
	out := devices.Setup{RequestType: 0x40, Request: 9}
	under(t, []usbmon.Transfer{
		usbmon.ControlIn(ask, 8, []byte{1, 2, 3}),
		usbmon.ControlOut(out, []byte{4, 5}),
		usbmon.In(usbmon.Interrupt, 0x81, 64, []byte{6}),
		usbmon.Out(0x03, []byte("seven")),
		usbmon.In(usbmon.Bulk, 0x82, 100_000, make([]byte, 90_000)),
	}, func(t *testing.T, f devices.Found) {
		c := open(t, f)
		b := make([]byte, 100_000)
		n, err := c.Control(t.Context(), ask, b[:8])
		if n != 3 || err != nil || b[2] != 3 {
			t.Errorf("control in: %d, %v, % X", n, err, b[:8])
		}
		if n, err = c.Control(t.Context(), out, []byte{4, 5}); n != 2 || err != nil {
			t.Errorf("control out: %d, %v", n, err)
		}
		if n, err = c.Read(t.Context(), 0x81, b[:64]); n != 1 || err != nil || b[0] != 6 {
			t.Errorf("interrupt: %d, %v", n, err)
		}
		if n, err = c.Write(t.Context(), 0x03, []byte("seven")); n != 5 || err != nil {
			t.Errorf("bulk out: %d, %v", n, err)
		}
		if n, err = c.Read(t.Context(), 0x82, b); n != 90_000 || err != nil {
			t.Errorf("bulk in: %d, %v", n, err)
		}
	})
}

// What the kernel says of a transfer comes as the error of package devices that it means.
func TestErrors(t *testing.T) {
	failed := func(status int32, x usbmon.Transfer) usbmon.Transfer {
		x.Status = status
		return x
	}
	under(t, []usbmon.Transfer{
		failed(-32, usbmon.ControlIn(ask, 8, nil)),
		failed(-32, usbmon.In(usbmon.Bulk, 0x82, 64, nil)),
		failed(-75, usbmon.In(usbmon.Bulk, 0x82, 64, nil)),
		failed(-108, usbmon.In(usbmon.Interrupt, 0x81, 64, nil)),
	}, func(t *testing.T, f devices.Found) {
		c := open(t, f)
		_, err := c.Control(t.Context(), ask, make([]byte, 8))
		is(t, err, devices.ErrStalled)
		_, err = c.Read(t.Context(), 0x82, make([]byte, 64))
		is(t, err, devices.ErrStalled)
		_, err = c.Read(t.Context(), 0x82, make([]byte, 64))
		is(t, err, devices.ErrProtocol)
		_, err = c.Read(t.Context(), 0x81, make([]byte, 64))
		is(t, err, devices.ErrUnplugged)
		if border.MessageOf(err) == "" {
			t.Error("no message for the officer")
		}
		_, err = c.Read(t.Context(), 0x8E, make([]byte, 64))
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("an endpoint that is not there: %v", err)
		}
		_, err = c.Read(t.Context(), 0x82, make([]byte, usb.MaxTransfer+1))
		if err == nil {
			t.Error("a transfer without bound was made")
		}
	})
}

// A device that does not answer holds nobody: not beyond the time limit, not beyond the
// caller's context, and not the closing.
func TestSilence(t *testing.T) {
	under(t, nil, func(t *testing.T, f devices.Found) {
		c := open(t, f)
		for range 2 {
			_, err := c.Read(t.Context(), 0x81, make([]byte, 64))
			is(t, err, devices.ErrNoReply)
		}
		_, err := c.Control(t.Context(), ask, make([]byte, 8))
		is(t, err, devices.ErrNoReply)

		ctx, cancel := context.WithTimeout(t.Context(), reply/4)
		defer cancel()
		_, err = c.Read(ctx, 0x82, make([]byte, 64))
		is(t, err, context.DeadlineExceeded)
		_, err = c.Control(ctx, ask, make([]byte, 8))
		is(t, err, context.DeadlineExceeded)

		ended := make(chan error, 1)
		go func() { _, err := c.Read(t.Context(), 0x81, make([]byte, 64)); ended <- err }()
		time.Sleep(reply / 4)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		is(t, <-ended, devices.ErrClosed)
		_, err = c.Control(t.Context(), ask, nil)
		is(t, err, devices.ErrClosed)
	})
}

// A control transfer cannot be cancelled, so whoever wants to leave does not wait for it.
func TestHangingControlHoldsNobody(t *testing.T) {
	under(t, nil, func(t *testing.T, f devices.Found) {
		const limit = 3 * time.Second
		c, err := usb.Open(t.Context(), f, usb.Options{Reply: limit})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), reply/4)
		defer cancel()
		_, err = c.Control(ctx, ask, make([]byte, 8))
		is(t, err, context.DeadlineExceeded)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > limit/2 { // the goal is 200 ms for the two
			t.Errorf("leaving took %v", took)
		}
		time.Sleep(limit) // the library's own end, for the leak check
	})
}

// Opening and closing leaves no file behind; goleak looks for goroutines.
func TestClosingGivesFilesBack(t *testing.T) {
	under(t, nil, func(t *testing.T, f devices.Found) {
		files := func() int {
			list, err := os.ReadDir("/proc/self/fd")
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		cycle := func() {
			c, err := usb.Open(t.Context(), f, usb.Options{Reply: reply})
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = c.Control(t.Context(), ask, make([]byte, 8)) }()
			_ = c.Close()
		}
		cycle()
		settled := func() int {
			n := files()
			for range 100 { // a control transfer under way ends with its time limit
				time.Sleep(reply / 10)
				if m := files(); m < n {
					n = m
				}
			}
			return n
		}
		before := settled()
		for range 20 {
			cycle()
		}
		if after := settled(); after > before {
			t.Errorf("%d files more after 20 openings", after-before)
		}
	})
}

// A machine without USB is no reason to panic, which is what the library does.
func TestNoSuchDevice(t *testing.T) {
	_, err := usb.Open(t.Context(), devices.Found{Bus: devices.BusUSB, BusNumber: 250, DeviceNumber: 250}, usb.Options{Reply: reply})
	if err == nil || border.MessageOf(err) == "" {
		t.Errorf("the error is %v", err)
	}
}
