package uareu_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/fingers"
	emulated "garita/devices/devicetest/uareu"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/drivers/uareu"
	"garita/devices/profile"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that has failed; it is no performance figure.
const patience = 20 * time.Second

func load(t testing.TB, id string) *profile.Profile {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := set.Get(id)
	if !ok {
		t.Fatal("no profile " + id)
	}
	return p
}

// bench is a reader and its driver.
type bench struct {
	*testing.T
	*uareu.Driver
	model  emulated.Model
	reader *emulated.Reader
	socket usbdevice.Socket
	conn   devices.USB
	ctx    context.Context
}

// reply is the bench's time limit of one call, so that a test of it is short.
const reply = 1500 * time.Millisecond

func open(t *testing.T, m emulated.Model, f emulated.Faults) *bench {
	t.Helper()
	b := &bench{T: t, model: m, reader: emulated.New(m, f)}
	b.socket.Plug(b.reader)
	t.Cleanup(b.socket.Unplug)
	b.connect()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	b.ctx = ctx
	return b
}

// together runs four subtests at a time, however few processors there are: they wait far
// more than they work.
func together(t *testing.T, list map[string]func(*testing.T)) {
	var all sync.WaitGroup
	defer all.Wait()
	places := make(chan struct{}, 4)
	for name, run := range list {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			t.Run(name, run)
		})
	}
}

func (b *bench) profileID() string {
	if b.model.ProductID == emulated.U4000.ProductID {
		return "digitalpersona-uareu-4000"
	}
	return "digitalpersona-uareu-4000b"
}

// connect opens the reader anew, with a new driver.
func (b *bench) connect() {
	b.Helper()
	if b.conn != nil {
		_ = b.conn.Close()
	}
	conn, err := b.socket.Open(reply)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	p := *load(b.T, b.profileID())
	p.Timing.ReplyMS = int(reply / time.Millisecond)
	b.conn, b.Driver = conn, uareu.New(&p, conn)
}

func started(t *testing.T, m emulated.Model, f emulated.Faults) *bench {
	t.Helper()
	b := open(t, m, f)
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
	if errors.Is(want, devices.ErrProtocol) && border.MessageOf(err) == "" { // the driver's own
		b.Errorf("no message for the officer in %v", err)
	}
}

// finger is an upright print, and what it looks like to the sensor.
func (b *bench) finger(number int) (upright, wire []byte) {
	upright = prints[number]()
	return upright, emulated.Wire(upright, b.model)
}

// prints are drawn once: it takes longer than to capture them.
var prints = func() (list [4]func() []byte) {
	for number := range list {
		list[number] = sync.OnceValue(func() []byte { return fingers.Draw(number, emulated.Width, emulated.Height) })
	}
	return list
}()

// want is what the driver can make of a finger: the test's own way back from the wire.
func (b *bench) want(wire []byte) []byte {
	seen := emulated.Seen(wire, b.model.Scrambled)
	want := make([]byte, len(seen))
	for i, v := range seen {
		if b.model.ProductID == emulated.U4000.ProductID {
			want[len(want)-1-i] = 255 - v
		} else {
			want[i] = 255 - v
		}
	}
	return want
}

func (b *bench) capture() (border.FingerImage, error) {
	return b.Capture(b.ctx, border.FingerRequest{})
}

// captureRight lays a finger on and wants its image.
func (b *bench) captureRight(number int) {
	b.Helper()
	_, wire := b.finger(number)
	b.reader.Touch(wire)
	img, err := b.capture()
	b.reader.Lift()
	if err != nil {
		b.Fatal(err)
	}
	if img.Width != emulated.Width || img.Height != emulated.Height || img.DPI != 512 {
		b.Errorf("the image is %d × %d at %d dpi", img.Width, img.Height, img.DPI)
	}
	if !bytes.Equal(img.Pixels, b.want(wire)) {
		b.Error("the image is not that of the finger")
	}
}

var models = []emulated.Model{
	emulated.U4000, emulated.U4000B, emulated.U4500,
	{Name: "U.are.U 4000, scrambled", ProductID: emulated.U4000.ProductID, Scrambled: true},
	{Name: "U.are.U 4000B, plain", ProductID: emulated.U4000B.ProductID},
}

func TestCapture(t *testing.T) {
	t.Parallel()
	for _, m := range models {
		t.Run(m.Name, func(t *testing.T) {
			b := open(t, m, emulated.Faults{})
			b.reader.SetFirmware(3, 17)
			about, err := b.Start(b.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if about.Firmware != "3.17" || len(about.Text) != 32 {
				t.Errorf("about %+v", about)
			}
			for n := range 3 {
				b.captureRight(n)
			}
			if m := b.reader.Mode(); m != 0x70 {
				t.Errorf("after a capture the mode is 0x%02X", m)
			}
		})
	}
}

// An upright finger is upright again after its way through the wire.
func TestUpright(t *testing.T) {
	for _, m := range models {
		b := &bench{T: t, model: m}
		upright, wire := b.finger(1)
		same := 0
		for i, v := range b.want(wire) {
			if v == upright[i] {
				same++
			}
		}
		if missing := len(upright) - same; missing > emulated.Width+4 {
			t.Errorf("%s: %d pixels differ", m.Name, missing)
		}
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	list := map[string]func(*testing.T){}
	for _, c := range []struct {
		name string
		f    emulated.Faults
		want error
	}{
		{"needs several orders", emulated.Faults{PowerOrders: 3}, nil},
		{"left in trouble", emulated.Faults{Trouble: true}, nil},
		{"forgets to tell twice", emulated.Faults{NoPowerEvents: 2}, nil},
		{"never tells", emulated.Faults{NoPowerEvents: 9}, devices.ErrNoReply},
		{"never powers up", emulated.Faults{PowerOrders: -1}, devices.ErrProtocol},
		{"stuck busy", emulated.Faults{Busy: true}, devices.ErrNoReply},
	} {
		list[c.name] = func(t *testing.T) {
			b := open(t, emulated.U4000B, c.f)
			_, err := b.Start(b.ctx)
			if c.want != nil {
				b.is(err, c.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			b.captureRight(1)
		}
	}
	together(t, list)
}

// damages are images that are none.
var damages = map[string]func([]byte) []byte{
	"empty":            func([]byte) []byte { return []byte{0} },
	"header only":      func(b []byte) []byte { return b[:64] },
	"truncated":        func(b []byte) []byte { return b[:len(b)/2] },
	"one byte short":   func(b []byte) []byte { return b[:len(b)-1] },
	"oversize":         func(b []byte) []byte { return append(b, make([]byte, 200_000)...) },
	"too many lines":   func(b []byte) []byte { b[4], b[5] = 0xFF, 0xFF; return b },
	"no lines":         func(b []byte) []byte { b[4], b[5] = 0, 0; return b },
	"blocks too small": func(b []byte) []byte { b[17] = 3; return b },
	"blocks too large": func(b []byte) []byte { b[17] = 255; return b },
	"absent lines":     func(b []byte) []byte { return append(append(b[:16:16], 1, 255, 1, 255, 2, 90), b[22:]...) },
	"no blocks":        func(b []byte) []byte { clear(b[16:46]); return b },
	"another key":      func(b []byte) []byte { b[6] += 7; return b },
	"garbage":          func(b []byte) []byte { return bytes.Repeat([]byte{0xA5, 0x3C, 0x7E}, len(b)/3) },
}

func TestDamagedImages(t *testing.T) {
	t.Parallel()
	list := map[string]func(*testing.T){}
	for name, damage := range damages {
		list[name] = func(t *testing.T) {
			b := started(t, emulated.U4000B, emulated.Faults{Damage: damage})
			_, wire := b.finger(1)
			b.reader.Touch(wire)
			img, err := b.capture()
			b.is(err, devices.ErrProtocol)
			if img.Pixels != nil {
				t.Error("an image came with the error")
			}
			b.reader.SetFaults(emulated.Faults{})
			b.captureRight(2) // nothing of it is left
		}
	}
	together(t, list)
}

func TestWrongKey(t *testing.T) {
	b := started(t, emulated.U4000B, emulated.Faults{WrongKey: true})
	_, wire := b.finger(1)
	b.reader.Touch(wire)
	_, err := b.capture()
	b.is(err, devices.ErrProtocol)
}

func TestDeath(t *testing.T) {
	b := started(t, emulated.U4000B, emulated.Faults{DeathOnFinger: true})
	_, wire := b.finger(1)
	b.reader.Touch(wire)
	_, err := b.capture()
	b.is(err, devices.ErrProtocol)

	b = started(t, emulated.U4000B, emulated.Faults{})
	b.reader.Die()
	b.is(b.Serve(b.ctx, nil), devices.ErrProtocol)
}

func TestFloodOfEvents(t *testing.T) {
	t.Parallel()
	b := started(t, emulated.U4000B, emulated.Faults{})
	for range 1000 {
		b.reader.Tell(0x4242)
	}
	_, err := b.capture()
	b.is(err, devices.ErrProtocol)
}

func TestNoImage(t *testing.T) {
	t.Parallel()
	b := started(t, emulated.U4000B, emulated.Faults{NoImage: true})
	_, wire := b.finger(1)
	b.reader.Touch(wire)
	_, err := b.capture()
	b.is(err, devices.ErrNoReply)
	b.reader.SetFaults(emulated.Faults{})
	b.captureRight(2)
}

func TestSlowImage(t *testing.T) {
	t.Parallel()
	b := started(t, emulated.U4000B, emulated.Faults{ImageAfter: reply / 10})
	b.captureRight(1)
}

func TestSelfTest(t *testing.T) {
	t.Parallel()
	b := started(t, emulated.U4000B, emulated.Faults{})
	for _, step := range []string{"identify", "blank-capture", "identify"} {
		if err := b.SelfTest(b.ctx, step); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	b.is(b.SelfTest(b.ctx, "echo"), devices.ErrUnsupported)
	b.is(b.Indicate(b.ctx, devices.SignalGood), devices.ErrUnsupported)
	b.reader.SetFaults(emulated.Faults{NoImage: true})
	b.is(b.SelfTest(b.ctx, "blank-capture"), devices.ErrNoReply)
}

// stages are the points of a capture at which something may happen to it.
var stages = []struct {
	name   string
	faults emulated.Faults
	finger bool
	at     func(*bench) bool
}{
	{"awaiting a finger", emulated.Faults{}, false, func(b *bench) bool { return b.reader.Mode() == 0x10 }},
	{"image ordered", emulated.Faults{ImageAfter: 80 * time.Millisecond}, true, func(b *bench) bool { o, _ := b.reader.Images(); return o == 1 }},
	{"image that comes all the same", emulated.Faults{ImageAfter: 150 * time.Millisecond, LateImage: true}, true, func(b *bench) bool { o, _ := b.reader.Images(); return o == 1 }},
	{"image that never comes", emulated.Faults{NoImage: true}, true, func(b *bench) bool { o, _ := b.reader.Images(); return o == 1 }},
}

// during runs a call, and something once the reader is at a stage; it returns the call's
// error.
func (b *bench) during(at func(*bench) bool, call func() error, something func()) error {
	b.Helper()
	ended := make(chan error, 1)
	go func() { ended <- call() }()
	for limit := time.Now().Add(patience); !at(b); time.Sleep(time.Millisecond) {
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

func TestUnplugAtEveryStage(t *testing.T) {
	t.Parallel()
	list := map[string]func(*testing.T){}
	for _, s := range stages {
		list[s.name] = func(t *testing.T) {
			b := started(t, emulated.U4000B, s.faults)
			if s.finger {
				_, wire := b.finger(1)
				b.reader.Touch(wire)
			}
			err := b.during(s.at, func() error { _, err := b.capture(); return err }, b.socket.Unplug)
			b.is(err, devices.ErrUnplugged)
		}
	}
	list["idle"] = func(t *testing.T) {
		b := started(t, emulated.U4000B, emulated.Faults{})
		err := b.during(func(*bench) bool { return true }, func() error { return b.Serve(b.ctx, nil) }, b.socket.Unplug)
		b.is(err, devices.ErrUnplugged)
	}
	list["starting"] = func(t *testing.T) {
		b := open(t, emulated.U4000B, emulated.Faults{PowerOrders: -1})
		err := b.during(func(*bench) bool { return true }, func() error { _, err := b.Start(b.ctx); return err }, b.socket.Unplug)
		b.is(err, devices.ErrUnplugged)
	}
	together(t, list)
}

// A capture that was cancelled leaves nothing to the next one: whatever the reader does
// with the image that was ordered, the next traveller's finger is the one that is seen.
func TestCancelAtEveryStage(t *testing.T) {
	t.Parallel()
	list := map[string]func(*testing.T){}
	for _, s := range stages {
		for _, served := range []bool{false, true} {
			list[fmt.Sprintf("%s, served between %v", s.name, served)] = func(t *testing.T) {
				b := started(t, emulated.U4000B, s.faults)
				if s.finger {
					_, wire := b.finger(1)
					b.reader.Touch(wire)
				}
				ctx, cancel := context.WithCancel(b.ctx)
				err := b.during(s.at, func() error { _, err := b.Capture(ctx, border.FingerRequest{}); return err }, cancel)
				b.is(err, context.Canceled)
				b.reader.Lift()
				f := s.faults
				f.NoImage = false
				b.reader.SetFaults(f)
				if served {
					short, stop := context.WithTimeout(b.ctx, 300*time.Millisecond)
					if err := b.Serve(short, nil); err != nil {
						t.Error(err)
					}
					stop()
				}
				b.captureRight(2)
				b.captureRight(3)
			}
		}
	}
	together(t, list)
}

// Nor does it leave anything to another driver, as after an error or in the program's next
// life.
func TestNextDriver(t *testing.T) {
	t.Parallel()
	s := stages[2] // the image comes all the same
	b := started(t, emulated.U4000B, s.faults)
	_, wire := b.finger(1)
	b.reader.Touch(wire)
	ctx, cancel := context.WithCancel(b.ctx)
	err := b.during(s.at, func() error { _, err := b.Capture(ctx, border.FingerRequest{}); return err }, cancel)
	b.is(err, context.Canceled)
	b.connect()
	if _, err := b.Start(b.ctx); err != nil {
		t.Fatal(err)
	}
	b.captureRight(2)
}

// A reader that hangs while it is idle is noticed.
func TestServeNoticesAHangingReader(t *testing.T) {
	t.Parallel()
	b := started(t, emulated.U4000B, emulated.Faults{})
	err := b.during(func(*bench) bool { return true }, func() error { return b.Serve(b.ctx, nil) },
		func() { b.reader.SetFaults(emulated.Faults{Busy: true}) })
	b.is(err, devices.ErrNoReply)
}

func TestServeEnds(t *testing.T) {
	b := started(t, emulated.U4000B, emulated.Faults{})
	ctx, cancel := context.WithCancel(b.ctx)
	err := b.during(func(*bench) bool { return true }, func() error { return b.Serve(ctx, nil) }, cancel)
	if err != nil {
		t.Error(err)
	}
}
