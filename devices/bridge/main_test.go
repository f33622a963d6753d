package bridge

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that has failed; it is no performance figure.
const patience = 30 * time.Second

// specimen is a passport of an invented person of Utopia.
var specimen = []string{
	"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
	"L898902C36UTO7408122F1204159ZE184226B<<<<<10",
}

// slaps is a fingerprint scanner as bridges describe it.
var slaps = Info{Kind: profile.Fingerprint, Make: "Utopia Optics", Model: "TenPrint 1", Serial: "U-1", Firmware: "2.1",
	Width: 60, Height: 50, DPI: 500, Positions: []border.FingerPosition{1, 2, 7, 13, 14, 15}}

// reader is a reader of documents as bridges describe it.
var reader = Info{Kind: profile.MRZ, Make: "Utopia Optics", Model: "Page 1"}

// scanner is a device that a test plays: what comes through its channels is what people
// present, and an error is a fault.
type scanner struct {
	start    error
	about    devices.About
	readings chan devices.Reading
	fingers  chan border.FingerImage
	faults   chan error
	stubborn chan struct{} // if not nil: no method ends before it is closed

	mu     sync.Mutex
	open   int
	opened int
	calls  []string
}

func newScanner() *scanner {
	return &scanner{about: devices.About{Firmware: "2.1", Text: "TenPrint 1 v2.1"}, readings: make(chan devices.Reading),
		fingers: make(chan border.FingerImage), faults: make(chan error)}
}

func (s *scanner) device(i Info) Device {
	return Device{Info: i, Software: "test 1", Open: func(context.Context) (devices.Driver, io.Closer, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open++
		s.opened++
		return s, s, nil
	}}
}

func (s *scanner) note(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

func (s *scanner) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	return nil
}

func (s *scanner) Start(context.Context) (devices.About, error) { return s.about, s.start }

func (s *scanner) Serve(ctx context.Context, emit func(devices.Reading)) error {
	s.note("serve")
	defer s.linger()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-s.readings:
			emit(r)
		case err := <-s.faults:
			return err
		}
	}
}

func (s *scanner) Capture(ctx context.Context, want border.FingerRequest) (border.FingerImage, error) {
	s.note("capture")
	defer s.linger()
	select {
	case <-ctx.Done():
		return border.FingerImage{}, ctx.Err()
	case i := <-s.fingers:
		return i, nil
	case err := <-s.faults:
		return border.FingerImage{}, err
	}
}

func (s *scanner) linger() {
	if s.stubborn != nil {
		<-s.stubborn
	}
}

func (s *scanner) SelfTest(_ context.Context, step string) error {
	s.note("test " + step)
	if step == "echo" {
		return nil
	}
	return devices.ErrUnsupported
}

func (s *scanner) Indicate(_ context.Context, sig devices.Signal) error {
	s.note("signal " + string(sig))
	return nil
}

// finger makes an image all of whose pixels are shade.
func finger(w, h int, shade byte) border.FingerImage {
	return border.FingerImage{Width: w, Height: h, DPI: 500, Pixels: bytes.Repeat([]byte{shade}, w*h), Liveness: "live"}
}

// lend serves a device at a new local socket for as long as the test runs; stop ends it before.
func lend(t testing.TB, d Device) (address string, stop func()) {
	t.Helper()
	address = "unix:" + filepath.Join(t.TempDir(), "s")
	l, err := Listen(t.Context(), address, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return address, serve(t, l, d)
}

func serve(t testing.TB, l *Listener, d Device) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, d, slog.New(slog.DiscardHandler)) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error("Serve:", err)
			}
		case <-time.After(patience):
			t.Error("Serve did not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

// relaxed has no time that a busy machine could miss.
var relaxed = Options{CancelWithin: patience}

// dial connects a client for as long as the test runs.
func dial(t testing.TB, address string, o Options) *Client {
	t.Helper()
	c, err := Dial(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// eventually waits until ok says so.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came to be that ", what)
		}
	}
}
