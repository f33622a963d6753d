package supervisor_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/r30x"
	"garita/devices/devicetest/uareu"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/drivers"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// The limits of issue and officer, judged by `make soak` only.
const (
	cancelWithin = 100 * time.Millisecond
	unplugWithin = 200 * time.Millisecond
	readyWithin  = 2 * time.Second
)

// finger is a simulated fingerprint scanner in a test's hands.
type finger struct {
	id             string
	unplug, replug func() error
	touch          func(number int)
	width, height  int
}

// TestSoakTimes cancels captures, pulls scanners out in the middle of one and plugs them
// in again, and looks at the clock. A few rounds of behaviour in `make test`; 60 rounds
// with limits in `make soak`.
func TestSoakTimes(t *testing.T) {
	rounds, judge := 3, os.Getenv("GARITA_SOAK") != ""
	if judge {
		rounds = 60
	}
	for name, plug := range map[string]func(*testing.T) (*supervisor.Supervisor, finger){"r30x over serial": serialModule, "U.are.U over USB": usbReaderOfFingers} {
		t.Run(name, func(t *testing.T) {
			s, f := plug(t)
			var cancels, unplugs, readies []time.Duration
			for i := range rounds {
				until(t, s, f.id, "ready")
				cancels = append(cancels, cancelled(t, s, f, time.Duration(i%20)*5*time.Millisecond))

				f.touch(i)
				img, err := s.CaptureFinger(t.Context(), border.FingerRequest{Scanner: f.id, Position: 2})
				if err != nil {
					t.Fatalf("round %d: the capture after a cancelled one: %v", i, err)
				}
				if img.Width != f.width || img.Height != f.height || img.Position != 2 || img.Scanner != f.id || img.Profile == "" {
					t.Fatalf("image %d×%d of %s", img.Width, img.Height, img.Scanner)
				}

				f.touch(-1)
				unplugs = append(unplugs, unplugged(t, s, f, time.Duration(i%20)*5*time.Millisecond))
				until(t, s, f.id, "absent")
				began := time.Now()
				if err := f.replug(); err != nil {
					t.Fatal(err)
				}
				until(t, s, f.id, "ready")
				readies = append(readies, time.Since(began))
			}
			for _, m := range []struct {
				what  string
				took  []time.Duration
				limit time.Duration
			}{{"a capture cancelled", cancels, cancelWithin}, {"an unplugging in a capture reported", unplugs, unplugWithin}, {"ready again after a replug", readies, readyWithin}} {
				slices.Sort(m.took)
				worst := m.took[len(m.took)-1]
				t.Logf("%s: median %v, worst of %d %v (limit %v)", m.what, m.took[len(m.took)/2].Round(time.Microsecond), len(m.took), worst.Round(time.Microsecond), m.limit)
				if judge && worst > m.limit {
					t.Errorf("%s: worst %v", m.what, worst)
				}
			}
		})
	}
}

// cancelled begins a capture with no finger there, cancels it, and returns how long the
// end took.
func cancelled(t *testing.T, s *supervisor.Supervisor, f finger, after time.Duration) time.Duration {
	t.Helper()
	f.touch(-1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := make(chan time.Time, 1)
	timer := time.AfterFunc(20*time.Millisecond+after, func() {
		began <- time.Now()
		cancel()
	})
	defer timer.Stop()
	_, err := s.CaptureFinger(ctx, border.FingerRequest{Scanner: f.id, Position: 7})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled capture gave %v", err)
	}
	return time.Since(<-began)
}

// unplugged pulls the scanner out while it waits for a finger, and returns how long the
// report took.
func unplugged(t *testing.T, s *supervisor.Supervisor, f finger, after time.Duration) time.Duration {
	t.Helper()
	began, done := make(chan time.Time, 1), make(chan error, 1)
	timer := time.AfterFunc(20*time.Millisecond+after, func() {
		began <- time.Now()
		done <- f.unplug()
	})
	defer timer.Stop()
	_, err := s.CaptureFinger(t.Context(), border.FingerRequest{Scanner: f.id, Position: 7})
	ended := time.Now()
	if !errors.Is(err, devices.ErrUnplugged) || border.MessageOf(err) == "" {
		t.Fatalf("a capture whose scanner was pulled out gave %v", err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return ended.Sub(<-began)
}

func known(t *testing.T, id string) *profile.Profile {
	t.Helper()
	p, ok := embedded(t).Get(id)
	if !ok {
		t.Fatalf("no profile %s", id)
	}
	return p
}

func run(t *testing.T, cfg supervisor.Config) *supervisor.Supervisor {
	t.Helper()
	cfg.Clock, cfg.Log = wall{}, slog.New(slog.DiscardHandler)
	cfg.Deliver = func(context.Context, border.Scan) error { return nil }
	s, err := supervisor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

func serialModule(t *testing.T) (*supervisor.Supervisor, finger) {
	p := known(t, "r30x-fingerprint")
	m, err := r30x.Open(filepath.Join(t.TempDir(), "module"), p.Image.Width, p.Image.Height, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	s := run(t, supervisor.Config{Profiles: embedded(t), Scanners: []supervisor.Scanner{{ID: "module", Profile: p.ID, Path: m.Path(), Counter: "1"}}})
	return s, finger{id: "module", unplug: m.Unplug, replug: m.Replug, width: p.Image.Width, height: p.Image.Height, touch: func(n int) {
		if n < 0 {
			m.Touch(nil)
			return
		}
		m.Touch(fingers.Draw(n, p.Image.Width, p.Image.Height))
	}}
}

func usbReaderOfFingers(t *testing.T) (*supervisor.Supervisor, finger) {
	socket, b := new(usbdevice.Socket), newBus()
	reader := uareu.New(uareu.U4000B, uareu.Faults{})
	at := reader.Descriptors().Found()
	at.Port = "1-1"
	replug := func() error {
		reader = uareu.New(uareu.U4000B, uareu.Faults{})
		socket.Plug(reader)
		b.plug(t, at, nil)
		return nil
	}
	_ = replug()
	s := run(t, supervisor.Config{Profiles: embedded(t), Bus: b, Counters: oneCounter, Opener: drivers.Opener{
		USB: func(_ context.Context, p *profile.Profile, _ devices.Found) (devices.USB, error) {
			return socket.Open(time.Duration(p.Timing.ReplyMS) * time.Millisecond)
		}}})
	return s, finger{id: "usb-1-1", width: uareu.Width, height: uareu.Height, replug: replug,
		unplug: func() error {
			socket.Unplug()
			b.unplug("1-1")
			return nil
		},
		touch: func(n int) {
			if n < 0 {
				reader.Lift()
				return
			}
			reader.Touch(uareu.Wire(fingers.Draw(n, uareu.Width, uareu.Height), uareu.U4000B))
		}}
}
