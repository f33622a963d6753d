package r30x_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/fingers"
	emulated "garita/devices/devicetest/r30x"
	"garita/devices/drivers/r30x"
	"garita/devices/profile"
	"garita/devices/serial"
)

// The module of these tests has a small sensor: its image comes in 48 packets.
const smallWidth, smallHeight, smallPackets = 128, 96, 48

var small = [2][]byte{fingers.Draw(1, smallWidth, smallHeight), fingers.Draw(2, smallWidth, smallHeight)}

func smallProfile(t testing.TB) *profile.Profile {
	p := fast(t)
	p.Image.Width, p.Image.Height = smallWidth, smallHeight
	return p
}

// rig is a simulated module and a driver on the real transport to it.
func rig(t testing.TB, p *profile.Profile) (*emulated.Module, *r30x.Driver) {
	t.Helper()
	m, err := emulated.Open(filepath.Join(t.TempDir(), "module"), p.Image.Width, p.Image.Height, "V1.4")
	if err != nil {
		t.Fatal(err)
	}
	line, err := serial.Open(serial.Config{Path: m.Path(), Baud: 57600, ReadTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = line.Close(), m.Close() })
	return m, r30x.New(p, line)
}

func started(t testing.TB, p *profile.Profile) (*emulated.Module, *r30x.Driver) {
	t.Helper()
	m, d := rig(t, p)
	about, err := d.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if about.Firmware != "1.4" {
		t.Errorf("firmware %q of %q", about.Firmware, about.Text)
	}
	return m, d
}

// takes captures and checks that the image is that of a finger.
func takes(t testing.TB, d *r30x.Driver, i int) {
	t.Helper()
	takesWithin(t, d, i, 1)
}

// takesWithin asks again, so many times in all, if a module that pauses does not answer in time: a machine with
// much to do adds its own pauses.
func takesWithin(t testing.TB, d *r30x.Driver, i, attempts int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got, err := d.Capture(ctx, border.FingerRequest{})
	for n := 1; n < attempts && errors.Is(err, devices.ErrNoReply); n++ {
		got, err = d.Capture(ctx, border.FingerRequest{})
	}
	if err != nil {
		t.Fatalf("finger %d: %v", i, err)
	}
	if !bytes.Equal(got.Pixels, emulated.Sees(small[i])) {
		other := "of nothing that was shown"
		if bytes.Equal(got.Pixels, emulated.Sees(small[1-i])) {
			other = "of the other finger"
		}
		t.Fatalf("not the image of finger %d, but %s", i, other)
	}
	if got.Width != smallWidth || got.Height != smallHeight || got.DPI != 500 {
		t.Errorf("%d×%d, %d dpi", got.Width, got.Height, got.DPI)
	}
}

// A capture is given up at any moment, of a module that pauses, is late or loses commands:
// the next image is the next finger's.
func TestNoImageIsTakenForTheNext(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rounds := 3
	if os.Getenv("GARITA_SOAK") != "" {
		rounds = 60
	}
	for name, fault := range map[string]emulated.Fault{
		"even":           {Between: 200 * time.Microsecond},
		"pauses":         {Between: 100 * time.Microsecond, Stall: 250 * time.Millisecond},
		"loses commands": {Between: 100 * time.Microsecond, Stall: 150 * time.Millisecond, Forget: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 2))
			m, d := started(t, smallProfile(t))
			for round := range rounds {
				first := round % 2
				m.Break(fault)
				m.Touch(small[first])
				ctx, cancel := context.WithCancel(t.Context())
				stop := time.AfterFunc(time.Duration(rng.IntN(40))*time.Millisecond, cancel)
				got, err := d.Capture(ctx, border.FingerRequest{})
				stop.Stop()
				if err == nil && !bytes.Equal(got.Pixels, emulated.Sees(small[first])) {
					t.Fatal("a capture that was not given up gave another image")
				}
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Fatalf("given up: %v", err)
				}
				if rng.IntN(2) == 0 { // the supervisor goes on serving between
					serving, end := context.WithTimeout(t.Context(), time.Duration(rng.IntN(80))*time.Millisecond)
					if err := d.Serve(serving, nil); err != nil {
						t.Fatal(err)
					}
					end()
				}
				cancel()
				m.Touch(small[1-first])
				takesWithin(t, d, 1-first, 3)
			}
		})
	}
}

// A late answer to a look at the finger before is not taken for a look at the next.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	m, d := started(t, smallProfile(t))
	m.Touch(small[0])
	m.Late(250 * time.Millisecond)
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := d.Capture(ctx, border.FingerRequest{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		cancel()
	}
	m.Touch(nil)
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if got, err := d.Capture(ctx, border.FingerRequest{}); err == nil {
		t.Fatalf("an image of %d pixels with nothing on the glass", len(got.Pixels))
	}
	m.Late(0)
	m.Touch(small[1])
	takes(t, d, 1)
}

func TestFaultsHaveTheirKind(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault emulated.Fault
		kind  error
	}{
		"wrong sum":            {emulated.Fault{BadSum: 3}, devices.ErrProtocol},
		"last packet damaged":  {emulated.Fault{BadSum: smallPackets}, devices.ErrProtocol},
		"ends early":           {emulated.Fault{CutAfter: smallPackets - 1}, devices.ErrNoReply},
		"too many packets":     {emulated.Fault{Extra: 1}, devices.ErrProtocol},
		"too few packets":      {emulated.Fault{Short: 1}, devices.ErrProtocol},
		"announces too much":   {emulated.Fault{LongFrame: true}, devices.ErrProtocol},
		"garbage":              {emulated.Fault{Garbage: 9}, devices.ErrProtocol},
		"image before consent": {emulated.Fault{DataFirst: true}, devices.ErrProtocol},
		"no upload":            {emulated.Fault{Refused: 0x0a, Refuse: 0x0f}, devices.ErrStalled},
		"no image":             {emulated.Fault{Refused: 0x01, Refuse: 0x03}, devices.ErrStalled},
		"damaged command":      {emulated.Fault{Refused: 0x01, Refuse: 0x01}, devices.ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, d := started(t, smallProfile(t))
			m.Touch(small[0])
			m.Break(tc.fault)
			_, err := d.Capture(t.Context(), border.FingerRequest{})
			if !errors.Is(err, tc.kind) || border.MessageOf(err) == "" {
				t.Fatalf("got %v", err)
			}
			// The driver itself can go on, without being made anew.
			m.Break(emulated.Fault{})
			m.Touch(small[1])
			takes(t, d, 1)
		})
	}
}

// What a module sends beyond its image is not stored.
func TestUploadIsBounded(t *testing.T) {
	m, d := started(t, smallProfile(t))
	m.Touch(small[0])
	m.Break(emulated.Fault{Extra: 10_000})
	if _, err := d.Capture(t.Context(), border.FingerRequest{}); !errors.Is(err, devices.ErrProtocol) {
		t.Errorf("got %v", err)
	}
	if sent, _ := m.Moved(); sent > 400_000 {
		t.Errorf("%d bytes were taken", sent)
	}
	_ = m.Unplug()
}

func TestLockedModule(t *testing.T) {
	m, d := rig(t, smallProfile(t))
	m.Break(emulated.Fault{Refused: 0x13, Refuse: 0x13})
	_, err := d.Start(t.Context())
	if !errors.Is(err, devices.ErrPermission) || border.CodeOf(err) != border.Forbidden {
		t.Errorf("got %v", err)
	}
}

func TestSelfTestAndSignals(t *testing.T) {
	t.Parallel()
	p := smallProfile(t)
	p.Indicators.Here = profile.Hex{0x35, 1, 0x30, 2, 3}
	m, d := started(t, p)
	for _, step := range []string{"identify", "echo", "blank-capture"} {
		if err := d.SelfTest(t.Context(), step); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	if m.Looks() != 1 {
		t.Errorf("a blank capture looked %d times", m.Looks())
	}
	if err := d.SelfTest(t.Context(), "enumerate"); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("a step that is not the driver's: %v", err)
	}
	if err := d.Indicate(t.Context(), devices.SignalHere); err != nil {
		t.Error(err)
	}
	if err := d.Indicate(t.Context(), devices.SignalGood); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("a signal that it does not have: %v", err)
	}
	m.Silence()
	for _, step := range []string{"identify", "echo", "blank-capture"} {
		if err := d.SelfTest(t.Context(), step); !errors.Is(err, devices.ErrNoReply) {
			t.Errorf("%s of a stuck module: %v", step, err)
		}
	}
}

// A geometry outside the bounds is refused before anything is asked or allocated.
func TestGeometryIsBounded(t *testing.T) {
	for _, i := range []profile.Image{{Width: 2001, Height: 100, Bits: 8}, {Width: 0, Height: 100, Bits: 8}, {Width: 100, Height: 100, Bits: 3}, {Width: 3, Height: 3, Bits: 4}} {
		p := smallProfile(t)
		m, d := rig(t, p)
		p.Image = i // after the module was made
		if _, err := d.Capture(t.Context(), border.FingerRequest{}); border.CodeOf(err) != border.Invalid {
			t.Errorf("%+v: %v", i, err)
		}
		if _, received := m.Moved(); received != 0 {
			t.Error("the module was asked")
		}
	}
}

func BenchmarkCapture(b *testing.B) {
	m, d := started(b, smallProfile(b))
	m.Touch(small[0])
	for b.Loop() {
		takes(b, d, 0)
	}
}
