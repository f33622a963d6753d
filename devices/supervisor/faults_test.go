package supervisor_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/uareu"
	"garita/devices/drivers"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// A device that is there and breaks off at each opening.
func TestADeviceThatBreaksOffIsNotTriedInASpin(t *testing.T) {
	t.Parallel()
	for _, e := range []error{devices.ErrUnplugged, devices.ErrNotFound} {
		b := newBus()
		var opens, changes atomic.Int64
		set, _ := profile.NewSet(usbReader(t))
		s := run(t, supervisor.Config{Profiles: set, Bus: b, Counters: oneCounter, Opener: drivers.Opener{
			Stream: func(context.Context, *profile.Profile, devices.Found) (devices.Stream, error) {
				opens.Add(1)
				return nil, &border.Error{Code: border.Unavailable, Op: "open", Message: "it hung up", Err: e}
			}}})
		ch, stop := s.Subscribe()
		go func() {
			for {
				select {
				case <-ch:
					changes.Add(1)
				case <-t.Context().Done():
					return
				}
			}
		}()
		defer stop()
		b.mu.Lock()
		f := found("1-1", "")
		f.Bus, f.BusNumber, f.DeviceNumber = devices.BusUSB, 1, 7
		f.Interfaces = []devices.Interface{{Class: 2, TTY: "/dev/ttyACM9"}}
		b.found = append(b.found, f)
		b.mu.Unlock()
		b.signal()
		states := map[string]int{}
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			for _, st := range s.Status() {
				states[st.State+": "+st.Reason]++
			}
		}
		if last := s.Status()[0]; opens.Load() < 3 || opens.Load() > 15 || changes.Load() > 40 || last.State != "failed" {
			t.Errorf("%v: %d opens and %d signals in 5 s; at last %+v; states seen %v", e, opens.Load(), changes.Load(), last, states)
		}
	}
}

// a bridge whose program is not there
func TestABridgeThatIsNotThereIsQuiet(t *testing.T) {
	t.Parallel()
	s := run(t, supervisor.Config{Profiles: embedded(t), Scanners: []supervisor.Scanner{{ID: "ten", Profile: "bridge-ten-print", Path: "unix:" + filepath.Join(t.TempDir(), "x.sock"), Counter: "1"}}})
	n := 0
	ch, stop := s.Subscribe()
	defer stop()
	for end := time.After(3 * time.Second); ; {
		select {
		case <-ch:
			n++
			continue
		case <-end:
		}
		break
	}
	t.Logf("%d signals in 3 s: %+v", n, s.Status())
	if n > 30 {
		t.Error("an absent bridge signals changes without end")
	}
}

// The configured link of a found device appears a moment later (udev makes it).
func TestALinkThatComesLaterIsTheConfigurations(t *testing.T) {
	t.Parallel()
	b, r := newBus(), openReader(t, "one")
	link := filepath.Join(t.TempDir(), "by-id")
	set, _ := profile.NewSet(usbReader(t))
	scans := make(chan border.Scan, 8)
	s, err := supervisor.New(supervisor.Config{Scanners: []supervisor.Scanner{{ID: "left", Profile: "made-up-usb", Path: link, Counter: "2"}},
		Counters: twoCounters, Profiles: set, Bus: b, Clock: wall{}, Log: slog.New(slog.DiscardHandler),
		Deliver: func(_ context.Context, s border.Scan) error { scans <- s; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	b.plug(t, found("1-1", ""), r)
	time.Sleep(150 * time.Millisecond)
	if err := os.Symlink(node(t, r), link); err != nil {
		t.Fatal(err)
	}
	until(t, s, "left", "ready")
	_, _ = r.Present(td3)
	time.Sleep(500 * time.Millisecond)
	select {
	case sc := <-scans:
		t.Logf("delivered to %q by %s", sc.Counter, sc.Scanner)
	default:
		t.Errorf("the configured reader of counter 2 does not work: %+v", s.Status())
	}
}

// The interface that makes a more specific profile fit comes with a later look.
func TestAMoreSpecificProfileTakesOver(t *testing.T) {
	t.Parallel()
	class := 2
	q := *usbReader(t)
	q.ID, q.Match = "made-up-specific", []profile.Match{{Bus: "usb", VID: 0x1209, PID: 1, InterfaceClass: &class}}
	b, r := newBus(), openReader(t, "one")
	s := startOn(t, b, "", oneCounter, usbReader(t), &q)
	f := found("1-1", "")
	b.plug(t, f, nil) // enumerated, no configuration chosen yet
	time.Sleep(200 * time.Millisecond)
	b.mu.Lock()
	b.found[0].Interfaces = []devices.Interface{{Class: 2, Driver: "cdc_acm", TTY: node(t, r)}}
	b.mu.Unlock()
	b.signal()
	until(t, s.Supervisor, "usb-1-1", "ready")
	if d := s.detail(t, "usb-1-1"); d.Profile != "made-up-specific" {
		t.Errorf("profile in force %s: %s", d.Profile, d.Why)
	}
}

// A scanner that failed is replugged, and the bus saw both in one look.
func TestAReplugEndsABackOff(t *testing.T) {
	t.Parallel()
	b := newBus()
	p := usbReader(t)
	p.Timing.RetryFirstMS, p.Timing.RetryMaxMS, p.Timing.Attempts = 10000, 10000, 1
	set, _ := profile.NewSet(p)
	r := openReader(t, "one")
	var good atomic.Bool
	s := run(t, supervisor.Config{Profiles: set, Bus: b, Counters: oneCounter, Opener: drivers.Opener{
		Stream: func(ctx context.Context, p *profile.Profile, at devices.Found) (devices.Stream, error) {
			if !good.Load() {
				return nil, errors.New("broken")
			}
			return &idle{}, nil
		}}})
	b.plug(t, found("1-1", ""), r)
	until(t, s, "usb-1-1", "failed")
	good.Store(true)
	b.mu.Lock()
	b.found[0].DeviceNumber = 77
	b.mu.Unlock()
	b.signal()
	began := time.Now()
	until(t, s, "usb-1-1", "ready")
	if d := time.Since(began); d > p.Timing.Retry(1)/2 {
		t.Errorf("ready %v after the replug", d)
	}
}

type idle struct{}

func (*idle) Read(ctx context.Context, b []byte) (int, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(100 * time.Millisecond):
		return 0, nil
	}
}

func (*idle) Write(context.Context, []byte) error { return nil }

func (*idle) Close() error { return nil }

// A line whose Read does not obey its context, only Close.
type deaf struct {
	closed chan struct{}
	once   sync.Once
	reads  int
}

func (d *deaf) Read(context.Context, []byte) (int, error) {
	if d.reads++; d.reads == 1 {
		return 0, nil // silent while it is being opened
	}
	<-d.closed
	return 0, devices.ErrClosed
}

func (d *deaf) Write(context.Context, []byte) error { return nil }

func (d *deaf) Close() error { d.once.Do(func() { close(d.closed) }); return nil }

func TestADriverThatHangsIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBus()
	set, _ := profile.NewSet(usbReader(t))
	var last atomic.Pointer[deaf]
	s, err := supervisor.New(supervisor.Config{Profiles: set, Bus: b, Counters: oneCounter, Clock: wall{}, Log: slog.New(slog.DiscardHandler),
		Deliver: func(context.Context, border.Scan) error { return nil },
		Opener: drivers.Opener{Stream: func(ctx context.Context, p *profile.Profile, at devices.Found) (devices.Stream, error) {
			d := &deaf{closed: make(chan struct{})}
			last.Store(d)
			return d, nil
		}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	f := found("1-1", "")
	b.plug(t, f, nil)
	b.mu.Lock()
	b.found[0].Interfaces = []devices.Interface{{Class: 2, TTY: "/dev/x"}}
	b.mu.Unlock()
	b.signal()
	until(t, s, "usb-1-1", "ready")
	b.unplug("1-1")
	time.Sleep(2 * time.Second)
	if st := s.Status()[0]; st.State != "absent" {
		t.Errorf("2 s after the unplugging the state is %s", st.State)
	}
	cancel()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("Run has not ended 5 s after its context")
		_ = last.Load().Close()
		<-ended
	}
}

// A failed self-test of the workshop leaves the scanner ready.
func TestAFailedSelfTestIsNotReady(t *testing.T) {
	t.Parallel()
	s, reader, _ := fingersAtOne(t)
	reader.SetFaults(uareu.Faults{NoImage: true})
	steps, err := s.SelfTest(t.Context(), "usb-1-1")
	t.Logf("%+v %v", steps, err)
	time.Sleep(300 * time.Millisecond)
	if st := s.Status()[0]; st.State == "ready" {
		t.Errorf("after a self-test that failed: %+v", st)
	}
}

// A self-test between a document and the re-arm exchange.
func TestARequestDoesNotLoseTheRearming(t *testing.T) {
	t.Parallel()
	p := usbReader(t)
	p.Rearm = []profile.Exchange{{Send: profile.Hex("GO\r")}}
	p.Timing.RearmDelayMS, p.Timing.ReplyMS = 500, 300
	b, r := newBus(), openReader(t, "one")
	s := startOn(t, b, "", oneCounter, p)
	b.plug(t, found("1-1", ""), r)
	until(t, s.Supervisor, "usb-1-1", "ready")
	s.present(t, r, "usb-1-1", td3)
	time.Sleep(time.Second)
	_, first := r.Moved()
	s.present(t, r, "usb-1-1", td3)
	if _, err := s.SelfTest(t.Context(), "usb-1-1"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	_, second := r.Moved()
	if first != 3 || second != 6 {
		t.Errorf("after two documents and a self-test %d, then %d bytes of re-arming were sent", first, second)
	}
}

// Rest is cut short by what other devices do on the bus.
func TestOthersOnTheBusDoNotShortenABackOff(t *testing.T) {
	t.Parallel()
	b := newBus()
	p := usbReader(t)
	p.Timing.RetryFirstMS, p.Timing.RetryMaxMS, p.Timing.Attempts = 1000, 60000, 3
	set, _ := profile.NewSet(p)
	var opens atomic.Int64
	s := run(t, supervisor.Config{Profiles: set, Bus: b, Counters: oneCounter, Opener: drivers.Opener{
		Stream: func(context.Context, *profile.Profile, devices.Found) (devices.Stream, error) {
			opens.Add(1)
			return nil, errors.New("broken")
		}}})
	b.plug(t, found("1-1", ""), openReader(t, "one"))
	until(t, s, "usb-1-1", "degraded")
	for i := range 300 { // a neighbour with a loose contact: 3 s
		f := found("1-2", "")
		f.VendorID = 0x9999
		if i%2 == 0 {
			b.plug(t, f, nil)
		} else {
			b.unplug("1-2")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := opens.Load(); n > 3 { // at 0, 1 and 3 s
		t.Errorf("%d attempts in 3 s", n)
	}
}

// Documents wait behind a counter that hangs, and come when their traveller has gone.
func TestNoDocumentComesLate(t *testing.T) {
	t.Parallel()
	r := openReader(t, "one")
	type got struct {
		line string
		at   time.Time
	}
	ch, calls := make(chan got, 8), 0
	s := start(t, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}},
		func(ctx context.Context, sc border.Scan) error {
			if calls++; calls <= 3 {
				<-ctx.Done()
				return ctx.Err()
			}
			ch <- got{sc.Lines[0], time.Now()}
			return nil
		})
	until(t, s, "left", "ready")
	began := time.Now()
	for range 4 {
		_, _ = r.Present(td3)
		time.Sleep(100 * time.Millisecond)
	}
	select {
	case g := <-ch:
		if late := g.at.Sub(began); late > 3*time.Second {
			t.Errorf("a document presented at 0.3 s was delivered at %v", late)
		}
	case <-time.After(9 * time.Second):
	}
}

// A forgotten unit still closes while another of its name opens the device.
type slowClose struct {
	idle
	open *atomic.Int64
}

func (s *slowClose) Close() error { time.Sleep(300 * time.Millisecond); s.open.Add(-1); return nil }

func TestAForgottenScannerClosesBeforeItsSuccessorOpens(t *testing.T) {
	t.Parallel()
	b := newBus()
	set, _ := profile.NewSet(usbReader(t))
	var open, most atomic.Int64
	s := run(t, supervisor.Config{Profiles: set, Bus: b, Counters: twoCounters, Opener: drivers.Opener{
		Stream: func(_ context.Context, _ *profile.Profile, at devices.Found) (devices.Stream, error) {
			if at.Port != "1-1" {
				return &idle{}, nil
			}
			if n := open.Add(1); n > most.Load() {
				most.Store(n)
			}
			return &slowClose{open: &open}, nil
		}}})
	r := openReader(t, "one")
	b.plug(t, found("1-1", ""), r)
	b.plug(t, found("1-2", ""), r)
	until(t, s, "usb-1-1", "ready")
	until(t, s, "usb-1-2", "ready")
	b.unplug("1-1")
	time.Sleep(50 * time.Millisecond)
	b.plug(t, found("1-1", ""), r)
	until(t, s, "usb-1-1", "ready")
	if most.Load() > 1 {
		t.Errorf("the device in 1-1 was open %d times at once", most.Load())
	}
}

// Everything at once, for the race detector.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s, reader, touch := fingersAtOne(t)
	_ = reader
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				c, stop := context.WithTimeout(ctx, time.Duration(20+i*30)*time.Millisecond)
				_, _ = s.CaptureFinger(c, border.FingerRequest{Counter: "1", Position: 2})
				stop()
			}
		})
	}
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			_ = s.Assign(ctx, "usb-1-1", border.CounterID([]string{"1", "2"}[i%2]))
			touch(i)
			_ = s.Scanners()
			_, _ = s.Frames("usb-1-1")
			time.Sleep(5 * time.Millisecond)
		}
	})
	wg.Wait()
}

// A capture whose scanner breaks in more ways than by unplugging says so in plain words
// also to who asks while the session ends.
func TestAFailureIsNotCalledAnUnplugging(t *testing.T) {
	t.Parallel()
	b := newBus()
	set, _ := profile.NewSet(usbReader(t))
	s := run(t, supervisor.Config{Profiles: set, Bus: b, Counters: oneCounter, Opener: drivers.Opener{
		Stream: func(context.Context, *profile.Profile, devices.Found) (devices.Stream, error) { return &breaks{}, nil }}})
	b.plug(t, found("1-1", ""), openReader(t, "one"))
	until(t, s, "usb-1-1", "ready")
	seen := map[string]int{}
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		_, err := s.SelfTest(t.Context(), "usb-1-1")
		seen[border.MessageOf(err)]++
	}
	t.Logf("%v", seen)
	if seen["The scanner is not plugged in, or has no power."] > 0 {
		t.Error("a scanner that is plugged in and broken is said to be unplugged")
	}
}

type breaks struct {
	idle
	reads int
}

func (b *breaks) Read(ctx context.Context, p []byte) (int, error) {
	if b.reads++; b.reads == 1 {
		return 0, nil
	}
	time.Sleep(50 * time.Millisecond)
	return 0, errors.New("input/output error")
}
