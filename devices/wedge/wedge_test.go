package wedge

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/streamsuite"

	"golang.org/x/sys/unix"
)

const timeout = 100 * time.Millisecond

// took stands in for the kernel's grab, which only an event node has.
func took(int) (bool, error) { return false, nil }

// line opens a fifo in an event node's place: real events, real waits, no kernel's grab.
func line(t *testing.T) (device *os.File, k *Keyboard) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "event0")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	device, err := os.OpenFile(path, os.O_RDWR, 0) // both ways, so that opening does not wait
	if err != nil {
		t.Fatal(err)
	}
	k, err = open(Config{Path: path, Layout: "us", ReadTimeout: timeout}, took)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = k.Close(), device.Close() })
	return device, k
}

// peer types on a device.
func peer(write func([]byte) error, unplug func() error) streamsuite.Peer {
	return streamsuite.Peer{
		Alphabet: "ABCXYZ<0123456789\r",
		Send: func(b []byte) error {
			s, err := typing("us", string(b))
			if err != nil {
				return err
			}
			return write(wire(s))
		},
		Unplug: unplug,
	}
}

func TestKeyboardIsAStream(t *testing.T) {
	streamsuite.Run(t, func(t *testing.T) (devices.Stream, streamsuite.Peer) {
		device, k := line(t)
		return k, peer(func(b []byte) error {
			// As from a kernel, whole events only: a fifo keeps writes of 4 KiB in one piece.
			for piece := range slices.Chunk(b, 4096/eventSize*eventSize) {
				if _, err := device.Write(piece); err != nil {
					return err
				}
			}
			return nil
		}, device.Close)
	})
}

func TestWhatWasReadIsForgotten(t *testing.T) {
	device, k := line(t)
	s, err := typing("us", mrz)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := device.Write(wire(s)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 10)
	for got := ""; got != mrz; {
		n, err := k.Read(t.Context(), buf)
		if err != nil || n == 0 {
			t.Fatalf("%d, %v after %q", n, err, got)
		}
		got += string(buf[:n])
		k.mu.Lock()
		left := slices.Concat(k.typed[len(k.typed):cap(k.typed)], k.events[:])
		k.mu.Unlock()
		if slices.ContainsFunc(left, func(c byte) bool { return c != 0 }) {
			t.Fatal("what was handed over is still in memory")
		}
	}
}

// On a busy machine the goroutine that takes the keys may be late; here it never comes.
// What the kernel has is no silence.
func TestKeysThatNobodyTookYetAreNoSilence(t *testing.T) {
	device, k := line(t)
	late := &Keyboard{path: k.path, timeout: timeout, file: k.file, news: make(chan struct{}), decoder: newDecoder("us", false), typed: make([]byte, 0, room)}
	k.mu.Lock() // and the other one neither
	defer k.mu.Unlock()
	if _, err := device.Write(wire(tap(30))); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4)
	if n, err := late.Read(t.Context(), buf); string(buf[:n]) != "a" || err != nil {
		t.Errorf("got %q, %v", buf[:n], err)
	}
}

// More than the room holds, with nobody reading, is garbage at its end, not a document.
func TestWhatDoesNotFitIsMarked(t *testing.T) {
	_, k := line(t)
	s, err := typing("us", strings.Repeat("A", room+5))
	if err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	k.decode(wire(s))
	k.mu.Unlock()
	buf := make([]byte, room+5)
	n, err := k.Read(t.Context(), buf)
	if want := strings.Repeat("A", room-1) + "\x00"; err != nil || string(buf[:n]) != want {
		t.Errorf("%d bytes that end with %q, %v", n, buf[max(n-3, 0):n], err)
	}
}

func TestOpenErrors(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := Config{Path: plain, Layout: "us", ReadTimeout: timeout}
	for name, tc := range map[string]struct {
		change func(*Config)
		take   func(int) (bool, error)
		want   error
		code   border.Code
	}{
		"absent":              {func(c *Config) { c.Path += "x" }, grab, devices.ErrNotFound, border.NotFound},
		"plain file":          {func(*Config) {}, grab, devices.ErrWrongKind, border.Unavailable},
		"plain file, grabbed": {func(*Config) {}, took, devices.ErrWrongKind, border.Unavailable},
		"null device":         {func(c *Config) { c.Path = "/dev/null" }, grab, devices.ErrWrongKind, border.Unavailable},
		"held by another":     {func(*Config) {}, func(int) (bool, error) { return false, unix.EBUSY }, devices.ErrBusy, border.Unavailable},
		"gone meanwhile":      {func(*Config) {}, func(int) (bool, error) { return false, unix.ENODEV }, devices.ErrNotFound, border.NotFound},
		"unknown layout":      {func(c *Config) { c.Layout = "xx" }, took, nil, border.Invalid},
		"no layout":           {func(c *Config) { c.Layout = "" }, took, nil, border.Invalid},
		"too short a timeout": {func(c *Config) { c.ReadTimeout = 10 * time.Millisecond }, took, nil, border.Invalid},
		"too long a timeout":  {func(c *Config) { c.ReadTimeout = 2 * time.Second }, took, nil, border.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			tc.change(&c)
			_, err := open(c, tc.take)
			if border.CodeOf(err) != tc.code || tc.want != nil && !errors.Is(err, tc.want) || border.MessageOf(err) == "" {
				t.Errorf("got %v (%s)", err, border.CodeOf(err))
			}
		})
	}
}

// A test run by root cannot be denied a file, so the mapping is tested by itself.
func TestPermissionDeniedTellsWhatToDo(t *testing.T) {
	err := openError("/dev/input/event3", &os.PathError{Op: "open", Path: "/dev/input/event3", Err: syscall.EACCES})
	if !errors.Is(err, devices.ErrPermission) || border.CodeOf(err) != border.Forbidden {
		t.Errorf("got %v", err)
	}
	for _, word := range []string{"group input", "udev"} {
		if !strings.Contains(border.MessageOf(err), word) {
			t.Errorf("the message does not mention %s: %s", word, border.MessageOf(err))
		}
	}
}
