package bridge

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/devices"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func started(t testing.TB, s *scanner, i Info, o Options) *Client {
	t.Helper()
	address, _ := lend(t, s.device(i))
	c := dial(t, address, o)
	if _, err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLentReader(t *testing.T) {
	s := newScanner()
	address, _ := lend(t, s.device(reader))
	c := dial(t, address, relaxed)
	if diff := cmp.Diff(reader, c.Info()); diff != "" {
		t.Error(diff)
	}
	about, err := c.Start(t.Context())
	if err != nil || about != s.about {
		t.Errorf("Start: %+v, %v", about, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan devices.Reading, 8)
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(ctx, func(r devices.Reading) { got <- r }) }()
	for _, want := range []devices.Reading{
		{Lines: specimen}, {Err: devices.ErrIncomplete}, {Err: devices.ErrOversize}, {Err: devices.ErrGarbage, Chatter: true},
	} {
		s.readings <- want
		if diff := cmp.Diff(want, <-got, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
			t.Error(diff)
		}
	}
	s.readings <- devices.Reading{Lines: []string{"no", "document"}}
	if r := <-got; !errors.Is(r.Err, devices.ErrGarbage) || r.Lines != nil {
		t.Errorf("lines without the shape of a document came through as %v", r)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error("Serve after its end:", err)
	}
	if err := c.SelfTest(t.Context(), "echo"); err != nil {
		t.Error(err)
	}
	if err := c.SelfTest(t.Context(), "blank-capture"); !errors.Is(err, devices.ErrUnsupported) {
		t.Error("a step that there is not:", err)
	}
	if err := c.Indicate(t.Context(), devices.SignalGood); err != nil {
		t.Error(err)
	}
	if _, err := c.Capture(t.Context(), border.FingerRequest{Position: 2}); !errors.Is(err, devices.ErrUnsupported) {
		t.Error("a reader of documents was asked for a finger:", err)
	}
	if diff := cmp.Diff([]string{"serve", "test echo", "test blank-capture", "signal good"}, s.calls); diff != "" {
		t.Error(diff)
	}
	c.Close()
	eventually(t, "the device is closed when the station has gone", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.opened == 1 && s.open == 0
	})
}

func TestLentFingers(t *testing.T) {
	s := newScanner()
	c := started(t, s, slaps, relaxed)
	for _, p := range []border.FingerPosition{0, 2, 13} {
		want := finger(60, 50, byte(p))
		want.Pixels = slices.Clone(want.Pixels)
		go func() { s.fingers <- finger(60, 50, byte(p)) }()
		got, err := c.Capture(t.Context(), border.FingerRequest{Position: p})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := c.Capture(t.Context(), border.FingerRequest{Position: 9}); !errors.Is(err, devices.ErrUnsupported) {
		t.Error("a finger that the scanner does not offer:", err)
	}
}

// A finger that was on its way when its capture was cancelled must not be taken for the
// next person's.
func TestFingerOfAnEarlierPerson(t *testing.T) {
	s := newScanner()
	s.stubborn = make(chan struct{})
	c := started(t, s, slaps, relaxed)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() {
		_, err := c.Capture(ctx, border.FingerRequest{Position: 2})
		asked <- err
	}()
	s.fingers <- finger(60, 50, 1) // the driver has the finger and is slow to hand it over
	cancel()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	go func() {
		close(s.stubborn)
		s.fingers <- finger(60, 50, 2)
	}()
	got, err := c.Capture(t.Context(), border.FingerRequest{Position: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got.Pixels[0] != 2 {
		t.Error("the second capture got the first person's finger")
	}
}

// The answer to a cancel is cancelled, also where the driver ends without an error.
func TestAnswerToACancel(t *testing.T) {
	address, _ := lend(t, newScanner().device(reader))
	conn, err := Connect(t.Context(), address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w := wire{t, conn}
	w.send(Frame{Header: Header{Type: TypeHello, ID: 1, Versions: []int{1}, HeartbeatMS: 10000}})
	w.next()
	w.send(Frame{Header: Header{Type: TypeStart, ID: 2, DeadlineMS: 1000}})
	w.next()
	for id := uint64(3); id < maxFrames/2-10; id++ {
		w.send(Frame{Header: Header{Type: TypeServe, ID: id}})
		time.Sleep(time.Duration(id%3) * time.Millisecond)
		w.send(Frame{Header: Header{Type: TypeCancel, ID: id}})
		if h := w.next(); h.ID != id || h.Code != CodeCancelled {
			t.Fatalf("cancelled %d, answered %+v", id, h)
		}
	}
}

func TestDeadlines(t *testing.T) {
	s := newScanner()
	c := started(t, s, slaps, relaxed)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Capture(ctx, border.FingerRequest{Position: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("no finger came:", err)
	}
	if err := c.SelfTest(t.Context(), "echo"); err != nil {
		t.Error("after it:", err)
	}
}

func TestFaultsOfTheDevice(t *testing.T) {
	for _, want := range []error{devices.ErrUnplugged, devices.ErrNoReply, devices.ErrProtocol, devices.ErrStalled, devices.ErrBusy} {
		s := newScanner()
		c := started(t, s, slaps, relaxed)
		go func() { s.faults <- want }()
		if err := c.Serve(t.Context(), nil); !errors.Is(err, want) || border.MessageOf(err) == "" {
			t.Errorf("serve: %v, want %v", err, want)
		}
		_, err := c.Start(t.Context())
		if err != nil {
			t.Error("started again:", err)
		}
		go func() { s.faults <- want }()
		if _, err := c.Capture(t.Context(), border.FingerRequest{Position: 1}); !errors.Is(err, want) {
			t.Errorf("capture: %v, want %v", err, want)
		}
	}
	s := newScanner()
	s.start = devices.ErrNotFound
	address, _ := lend(t, s.device(slaps))
	c := dial(t, address, relaxed)
	if _, err := c.Start(t.Context()); !errors.Is(err, devices.ErrNotFound) {
		t.Error("start:", err)
	}
	if s.open != 0 {
		t.Error("a device that did not start was left open")
	}
	if _, err := c.Capture(t.Context(), border.FingerRequest{Position: 1}); !errors.Is(err, devices.ErrProtocol) {
		t.Error("capture before start:", err)
	}
}

func TestBridgeGoesAway(t *testing.T) {
	s := newScanner()
	address, stop := lend(t, s.device(slaps))
	c := dial(t, address, relaxed)
	if _, err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(t.Context(), nil) }()
	eventually(t, "serve is under way", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.calls) == 1 })
	stop()
	if err := <-ended; !errors.Is(err, devices.ErrUnplugged) || border.MessageOf(err) == "" {
		t.Error(err)
	}
	if err := c.Indicate(t.Context(), devices.SignalGood); !errors.Is(err, devices.ErrUnplugged) {
		t.Error("the next method:", err)
	}
	if _, err := Dial(t.Context(), address, relaxed); !errors.Is(err, devices.ErrNotFound) {
		t.Error("Dial:", err)
	}
}

func TestOneStationAtATime(t *testing.T) {
	s := newScanner()
	address, _ := lend(t, s.device(slaps))
	c := dial(t, address, relaxed)
	if _, err := Dial(t.Context(), address, relaxed); !errors.Is(err, devices.ErrBusy) || border.MessageOf(err) == "" {
		t.Error("the second:", err)
	}
	if _, err := c.Start(t.Context()); err != nil {
		t.Error("the first, after it:", err)
	}
	c.Close()
	eventually(t, "the next can come", func() bool {
		c, err := Dial(t.Context(), address, relaxed)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
}

func TestAddresses(t *testing.T) {
	for _, a := range []string{"", "tcp:localhost:1", "localhost:1", "unix:relative", "tls:localhost", "tls::1", "unix:/" + string(bytes.Repeat([]byte("x"), 108))} {
		if _, err := Dial(t.Context(), a, Options{}); border.CodeOf(err) != border.Invalid {
			t.Errorf("%q: %v", a, err)
		}
		if _, err := Listen(t.Context(), a, nil, 0); border.CodeOf(err) != border.Invalid {
			t.Errorf("listen at %q: %v", a, err)
		}
	}
	if _, err := Dial(t.Context(), "unix:"+filepath.Join(t.TempDir(), "none"), Options{}); !errors.Is(err, devices.ErrNotFound) {
		t.Error("no socket:", err)
	}
}

func TestSocketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen(t.Context(), "unix:"+path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st, err)
	}
	if _, err := Listen(t.Context(), "unix:"+path, nil, 0); !errors.Is(err, devices.ErrBusy) {
		t.Error("two programs at one socket:", err)
	}
	l.Listener.(interface{ SetUnlinkOnClose(bool) }).SetUnlinkOnClose(false)
	l.Close() // as a program that was killed leaves it
	l, err = Listen(t.Context(), "unix:"+path, nil, os.Getgid()+1)
	if os.Geteuid() != 0 {
		t.Log("the group of the socket is seen as root only:", err)
		return
	}
	if err != nil {
		t.Fatal("a socket that was left behind:", err)
	}
	defer l.Close()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil || st.Mode&0o777 != 0o660 || int(st.Gid) != os.Getgid()+1 {
		t.Errorf("%o %d %v", st.Mode, st.Gid, err)
	}
	if err := os.WriteFile(path+"x", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), "unix:"+path+"x", nil, 0); err == nil {
		t.Error("an ordinary file was replaced by a socket")
	}
}

func TestWhoMayBeAtTheOtherEnd(t *testing.T) {
	for _, c := range []struct {
		uid, gid, self, group int
		want                  bool
	}{
		{1000, 1000, 1000, 0, true},
		{0, 0, 1000, 0, true},
		{1001, 1000, 1000, 0, false},
		{1001, 50, 1000, 50, true},
		{1001, 51, 1000, 50, false},
		{1001, 0, 1000, 0, false},
		{1001, 1001, 0, 0, false},
	} {
		if got := permitted(&unix.Ucred{Uid: uint32(c.uid), Gid: uint32(c.gid)}, c.self, c.group); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
