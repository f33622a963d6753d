package bridgecheck

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/bridge"
	"garita/devices/profile"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slowCancel is when a bridge that cancels slowly does.
const slowCancel = 600 * time.Millisecond

// testCancel is the limit for the answer to a cancel here. It is far above the contract's,
// for a machine that is busy; the contract's is measured by garita device bridge-check.
const testCancel = 2 * time.Second

var options = Options{Bridge: bridge.Options{Heartbeat: bridge.MinHeartbeat, CancelWithin: testCancel}}

// idle is a scanner to which nobody presents anything.
type idle struct{}

func (idle) Close() error                                   { return nil }
func (idle) Start(context.Context) (devices.About, error)   { return devices.About{Firmware: "1"}, nil }
func (idle) Indicate(context.Context, devices.Signal) error { return nil }
func (idle) Serve(ctx context.Context, _ func(devices.Reading)) error {
	<-ctx.Done()
	return nil
}
func (idle) SelfTest(_ context.Context, step string) error {
	if step == "identify" {
		return nil
	}
	return devices.ErrUnsupported
}
func (idle) Capture(ctx context.Context, _ border.FingerRequest) (border.FingerImage, error) {
	<-ctx.Done()
	return border.FingerImage{}, ctx.Err()
}

// The reference bridge passes, and so does one that was written from the page alone; so
// the page is complete.
func TestGoodBridges(t *testing.T) {
	var all sync.WaitGroup // most of the time is spent waiting for what must not come
	defer all.Wait()
	for _, info := range []bridge.Info{
		{Kind: profile.Fingerprint, Model: "T1", Width: 30, Height: 20, DPI: 500},
		{Kind: profile.MRZ, Model: "P1"},
	} {
		all.Go(func() {
			t.Run("reference "+string(info.Kind), func(t *testing.T) { passes(t, lend(t, info)) })
		})
	}
	all.Go(func() {
		t.Run("vendor", func(t *testing.T) { passes(t, sell(t, "")) })
	})
}

// lend runs the reference bridge for as long as the test runs.
func lend(t *testing.T, info bridge.Info) (address string) {
	t.Helper()
	address = "unix:" + filepath.Join(t.TempDir(), "s")
	l, err := bridge.Listen(t.Context(), address, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- bridge.Serve(ctx, l, bridge.Device{Info: info, Software: "reference",
			Open: func(context.Context) (devices.Driver, io.Closer, error) { return idle{}, idle{}, nil }},
			slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return address
}

// passes wants every check to pass.
func passes(t *testing.T, address string) {
	t.Helper()
	passed, failed := Run(t.Context(), address, options, func(r Result) {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Name, r.Err)
		}
	})
	if failed != 0 || passed != len(checks) {
		t.Errorf("%d passed, %d failed of %d", passed, failed, len(checks))
	}
}

// Every check can fail: for each there is a bridge that breaks its rule and no more.
func TestBrokenBridges(t *testing.T) {
	var all sync.WaitGroup // most of the time is spent waiting for what must not come
	defer all.Wait()
	for _, c := range []struct{ fault, check, says string }{
		{"names no size", "hello is answered with a welcome", "size"},
		{"takes any version", "a version that is too new is refused with code version", "welcome"},
		{"takes the first version", "the version is chosen from those offered", "99"},
		{"knows every field", "unknown header fields are ignored", "closed"},
		{"needs no hello", "a request before hello is refused", "version"},
		{"welcomes twice", "a second hello is refused", "welcome"},
		{"is silent about unknown types", "an unknown type is answered with code unknown_type", "nothing came"},
		{"forgets the bytes", "an unknown type's bytes are read past", ""},
		{"one read is one frame", "a frame that comes byte by byte is answered", "closed"},
		{"goes on after bad JSON", "bad JSON ends the connection", "nothing came"},
		{"reads anything", "garbage ends the connection", ""},
		{"no limit of headers", "a header beyond 65,536 bytes is refused unread", ""},
		{"no limit of bytes", "bytes beyond 16,777,216 are refused unread", ""},
		{"has no heartbeat", "the bridge sends heartbeats", "heard 0"},
		{"waits for ever", "a station that falls silent is given up", "not closed"},
		{"gives up at once", "a station that falls silent is given up", "not three"},
		{"every byte counts", "half a frame is given up", "waited for"},
		{"serves two", "a second station is told that the bridge is busy", "welcome"},
		{"does not start", "start opens the device", "not_found"},
		{"needs no deadline", "a request without a deadline is refused", "done"},
		{"has twelve fingers", "a finger position that does not exist is refused", ""},
		{"passes any test", "indicate and self_test are answered", "done"},
		{"ends serve", "serve goes on until it is cancelled", "done"},
		{"cancels slowly", "capture is cancelled in time", "came after"},
		{"cancels never", "capture is cancelled in time", "nothing came"},
		{"sends the image anyway", "nothing follows the answer to a cancelled request", "image"},
		{"has no clock", "a request has an answer at its deadline", "nothing came"},
		{"takes two requests", "a second request at once is refused with code busy", "done"},
		{"answers every cancel", "a cancel of nothing has no answer", "bad_request"},
		{"keeps the seat", "the next station can come when one has gone", "busy"},
	} {
		all.Go(func() {
			t.Run(c.fault, func(t *testing.T) { breaks(t, c.fault, c.check, c.says) })
		})
	}
}

func breaks(t *testing.T, fault, check, says string) {
	o := options
	o.Only, o.Patience, o.Bridge.CancelWithin = []string{check}, 700*time.Millisecond, 300*time.Millisecond
	if !slices.Contains(Names(), check) {
		t.Fatal("there is no such check")
	}
	var err error
	Run(t.Context(), sell(t, fault), o, func(r Result) { err = r.Err })
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("the check says %v; want %q", err, says)
	}
}

func TestNobodyThere(t *testing.T) {
	o := options
	o.Only = []string{checks[0].name}
	passed, failed := Run(t.Context(), "unix:"+filepath.Join(t.TempDir(), "none"), o, func(r Result) {
		if r.Err == nil || !strings.Contains(r.Err.Error(), "No bridge answers") {
			t.Error(r.Err)
		}
	})
	if passed != 0 || failed != 1 {
		t.Errorf("%d passed, %d failed", passed, failed)
	}
}
