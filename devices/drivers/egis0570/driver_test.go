package egis0570_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	emulated "garita/devices/devicetest/egis0570"
	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/drivers/egis0570"
	"garita/devices/profile"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that has failed; it is no performance figure.
const patience = 20 * time.Second

// reply is the bench's time limit of one call, so that a test of it is short.
const reply = 800 * time.Millisecond

func load(t testing.TB) *profile.Profile {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := set.Get("egistec-0570")
	if !ok {
		t.Fatal("no profile egistec-0570")
	}
	return p
}

// bench is a sensor and its driver.
type bench struct {
	*testing.T
	*egis0570.Driver
	sensor *emulated.Sensor
	socket usbdevice.Socket
	ctx    context.Context
}

func open(t *testing.T, f emulated.Faults) *bench {
	t.Helper()
	b := &bench{T: t, sensor: emulated.New(f)}
	b.socket.Plug(b.sensor)
	t.Cleanup(b.socket.Unplug)
	conn, err := b.socket.Open(reply)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	p := *load(t)
	p.Timing.ReplyMS = int(reply / time.Millisecond)
	b.Driver = egis0570.New(&p, conn)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	b.ctx = ctx
	return b
}

func started(t *testing.T, f emulated.Faults) *bench {
	t.Helper()
	b := open(t, f)
	if _, err := b.Start(b.ctx); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) is(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("the error is %v, want %v", err, want)
	}
}

func (b *bench) capture() (border.FingerImage, error) {
	return b.Capture(b.ctx, border.FingerRequest{})
}

// swipe moves a finger over the sensor and returns the picture it should give: the
// profile says that skin is bright, and the sensor upside down.
func (b *bench) swipe(number, step int) []byte {
	seen := b.sensor.Swipe(emulated.Skin(fingers.Draw(number, emulated.Width, 300)), step)
	want := make([]byte, len(seen))
	for i, v := range seen {
		want[len(want)-1-i] = 255 - v
	}
	return want
}

func (b *bench) captureRight(number, step int) {
	b.Helper()
	want := b.swipe(number, step)
	img, err := b.capture()
	if err != nil {
		b.Fatal(err)
	}
	if img.Width != emulated.Width || img.Width*img.Height != len(want) || img.DPI != 508 || !bytes.Equal(img.Pixels, want) {
		b.Errorf("a finger swiped by %d lines a frame gives another picture: %d × %d, %d bytes expected", step, img.Width, img.Height, len(want))
	}
}

func TestCapture(t *testing.T) {
	b := started(t, emulated.Faults{})
	for number, step := range []int{4, 7, 12} {
		b.captureRight(number, step)
	}
	if n := b.sensor.Strange(); n != 0 {
		t.Errorf("%d commands that the sensor does not know", n)
	}
}

// A splash of water, two frames long, is no finger.
func TestTooShort(t *testing.T) {
	b := started(t, emulated.Faults{})
	b.sensor.Swipe(emulated.Skin(fingers.Draw(1, emulated.Width, emulated.Height+1)), 1)
	b.captureRight(2, 4)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup // they wait far more than they work
	defer all.Wait()
	for _, c := range []struct {
		name string
		f    emulated.Faults
		want error
	}{
		{"stuck busy", emulated.Faults{Busy: true}, devices.ErrNoReply},
		{"no image", emulated.Faults{NoImage: true}, devices.ErrNoReply},
		{"half an answer", emulated.Faults{Answer: func(b []byte) []byte { return b[:4] }}, devices.ErrProtocol},
		{"garbage for an answer", emulated.Faults{Answer: func([]byte) []byte { return []byte("garbage") }}, devices.ErrProtocol},
		{"too long an answer", emulated.Faults{Answer: func(b []byte) []byte { return append(b, b...) }}, devices.ErrProtocol},
		{"answer about another register", emulated.Faults{Answer: func(b []byte) []byte { b[4]++; return b }}, devices.ErrProtocol},
		{"order not taken", emulated.Faults{Answer: func(b []byte) []byte { b[5] ^= 1; return b }}, devices.ErrProtocol},
		{"refusal", emulated.Faults{Answer: func(b []byte) []byte { b[6] = 0; return b }}, devices.ErrProtocol},
		{"truncated image", emulated.Faults{Damage: func(b []byte) []byte { return b[:20_000] }}, devices.ErrProtocol},
		{"oversize image", emulated.Faults{Damage: func(b []byte) []byte { return append(b, b...) }}, devices.ErrProtocol},
	} {
		all.Go(func() {
			t.Run(c.name, func(t *testing.T) {
				b := open(t, c.f)
				_, err := b.Start(b.ctx)
				if err == nil {
					b.swipe(1, 4)
					_, err = b.capture()
				}
				b.is(err, c.want)
				b.sensor.SetFaults(emulated.Faults{})
				b.sensor.Lift()
				if _, err := b.Start(b.ctx); err != nil { // nothing of it is left
					t.Fatal(err)
				}
				b.captureRight(2, 5)
			})
		})
	}
}

func TestSlowImage(t *testing.T) {
	t.Parallel()
	b := started(t, emulated.Faults{ImageAfter: 30 * time.Millisecond})
	b.captureRight(1, 9)
}

func TestSelfTest(t *testing.T) {
	b := started(t, emulated.Faults{})
	for _, step := range []string{"identify", "blank-capture", "identify", "blank-capture"} {
		if err := b.SelfTest(b.ctx, step); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	b.is(b.SelfTest(b.ctx, "echo"), devices.ErrUnsupported)
	b.is(b.Indicate(b.ctx, devices.SignalGood), devices.ErrUnsupported)
}

// during runs a call, and something once a condition holds; it returns the call's error.
func (b *bench) during(at func() bool, call func() error, something func()) error {
	b.Helper()
	ended := make(chan error, 1)
	go func() { ended <- call() }()
	for limit := time.Now().Add(patience); !at(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			b.Fatal("the stage was never reached")
		}
	}
	something()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		b.Fatal("the call did not end")
		return nil
	}
}

func TestUnplug(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]emulated.Faults{
		"waiting for a finger": {ImageAfter: 30 * time.Millisecond}, "image ordered": {ImageAfter: reply / 4}, "image that never comes": {NoImage: true},
	} {
		b := started(t, f)
		err := b.during(func() bool { return b.sensor.Images() > 0 }, func() error { _, err := b.capture(); return err }, b.socket.Unplug)
		if !errors.Is(err, devices.ErrUnplugged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := started(t, emulated.Faults{})
	err := b.during(func() bool { return true }, func() error { return b.Serve(b.ctx, nil) }, b.socket.Unplug)
	b.is(err, devices.ErrUnplugged)
}

// The picture that was ordered for one traveller is not the next one's, however late it
// comes.
func TestCancel(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]emulated.Faults{
		"waiting for a finger": {ImageAfter: 30 * time.Millisecond}, "image ordered": {ImageAfter: reply / 4}, "image that never comes": {NoImage: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, served := range []bool{false, true} {
				b := started(t, f)
				ctx, cancel := context.WithCancel(b.ctx)
				b.swipe(1, 4)
				err := b.during(func() bool { return b.sensor.Images() > 0 },
					func() error { _, err := b.Capture(ctx, border.FingerRequest{}); return err }, cancel)
				b.is(err, context.Canceled)
				b.sensor.Lift()
				b.sensor.SetFaults(emulated.Faults{})
				if served {
					short, stop := context.WithTimeout(b.ctx, 100*time.Millisecond)
					if err := b.Serve(short, nil); err != nil {
						t.Error(err)
					}
					stop()
				}
				b.captureRight(2, 6)
			}
		})
	}
}

func TestServeNoticesAHangingSensor(t *testing.T) {
	t.Parallel()
	b := started(t, emulated.Faults{})
	err := b.during(func() bool { return true }, func() error { return b.Serve(b.ctx, nil) },
		func() { b.sensor.SetFaults(emulated.Faults{Busy: true}) })
	b.is(err, devices.ErrNoReply)
}
