package supervisor_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// bus is a USB bus in a test's hands. That the real one says the same is shown in the
// virtual machine (devices/devicetest/vm).
type bus struct {
	changes chan struct{}

	mu    sync.Mutex
	found []devices.Found
	next  int // device number
}

func newBus() *bus { return &bus{changes: make(chan struct{}, 1), next: 1} }

func (b *bus) Found() []devices.Found {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]devices.Found(nil), b.found...)
}

func (b *bus) Changes() <-chan struct{} { return b.changes }

func (b *bus) signal() {
	select {
	case b.changes <- struct{}{}:
	default:
	}
}

// plug puts a device into a socket; its tty is where the reader's link leads now.
func (b *bus) plug(tb testing.TB, f devices.Found, r *devicetest.Reader) {
	tb.Helper()
	if r != nil {
		tty, err := os.Readlink(r.Path())
		if err != nil {
			tb.Fatal(err)
		}
		f.Interfaces = []devices.Interface{{Class: 2, Driver: "cdc_acm", TTY: tty}}
	}
	b.mu.Lock()
	f.Bus, f.BusNumber, f.DeviceNumber = devices.BusUSB, 1, b.next
	b.next++
	b.found = append(b.found, f)
	b.mu.Unlock()
	b.signal()
}

func (b *bus) unplug(port string) {
	b.mu.Lock()
	kept := b.found[:0:0]
	for _, f := range b.found {
		if f.Port != port {
			kept = append(kept, f)
		}
	}
	b.found = kept
	b.mu.Unlock()
	b.signal()
}

// usbReader is a made-up reader on USB that shows up as a serial port.
func usbReader(tb testing.TB) *profile.Profile {
	p, _ := embedded(tb).Get("generic-framed-mrz")
	q := *p
	q.ID, q.Name = "made-up-usb", "Made-up reader"
	q.Match = []profile.Match{{Bus: "usb", VID: 0x1209, PID: 0x0001}}
	q.Timing.RetryFirstMS, q.Timing.ReadTimeoutMS = 50, 100
	return &q
}

func found(port, serial string) devices.Found {
	return devices.Found{Port: port, VendorID: 0x1209, ProductID: 1, BCDDevice: 0x0117, Serial: serial, Product: "Made-up reader"}
}

// rig is a station's supervisor on a bus; stop ends it as a shutdown does.
type rig struct {
	*supervisor.Supervisor
	scans chan border.Scan
	stop  func()
}

func startOn(tb testing.TB, b *bus, store string, counters []border.CounterID, profiles ...*profile.Profile) *rig {
	tb.Helper()
	set, err := profile.NewSet(profiles...)
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{scans: make(chan border.Scan, 64)}
	r.Supervisor, err = supervisor.New(supervisor.Config{Counters: counters, Profiles: set, Bus: b, Store: store, Clock: wall{},
		Deliver: func(_ context.Context, s border.Scan) error { r.scans <- s; return nil }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := r.Run(ctx); err != nil {
			tb.Error(err)
		}
	}()
	r.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			tb.Error("Run did not end after cancel")
		}
	})
	tb.Cleanup(r.stop)
	return r
}

// present shows a document and says at which counter it came; "" if it opened nothing.
func (r *rig) present(tb testing.TB, reader *devicetest.Reader, id string, lines []string) border.CounterID {
	tb.Helper()
	before := counts(tb, r.Supervisor, id)
	if _, err := reader.Present(lines); err != nil {
		tb.Fatal(err)
	}
	untilCount(tb, r.Supervisor, id, func(c supervisor.Counts) bool {
		return c.Delivered+c.Unassigned > before.Delivered+before.Unassigned
	})
	select {
	case s := <-r.scans:
		if s.Scanner != id || s.Lines[0] != lines[0] {
			tb.Fatalf("a scan of %s instead of %s, or another document", s.Scanner, id)
		}
		return s.Counter
	default:
		return ""
	}
}

func (r *rig) detail(tb testing.TB, id string) border.ScannerDetail {
	tb.Helper()
	for _, d := range r.Scanners() {
		if d.ID == id {
			return d
		}
	}
	tb.Fatalf("no scanner %s", id)
	return border.ScannerDetail{}
}

func storeIn(tb testing.TB) string { return filepath.Join(tb.TempDir(), "scanners.json") }

func newOn(tb testing.TB, store string) (*supervisor.Supervisor, error) {
	tb.Helper()
	return supervisor.New(supervisor.Config{Profiles: embedded(tb), Store: store, Clock: wall{},
		Deliver: func(context.Context, border.Scan) error { return nil }, Log: slog.New(slog.DiscardHandler)})
}
