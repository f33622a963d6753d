//go:build vm

package wedge

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/streamsuite"

	"golang.org/x/sys/unix"
)

// These tests need a kernel with uinput, and its node; they fail without, for then nothing
// was shown. They are run in the guest.

// The requests of linux/uinput.h.
const (
	uiSetEvBit   = 0x40045564
	uiSetKeyBit  = 0x40045565
	uiDevCreate  = 0x5501
	uiDevDestroy = 0x5502
)

// keyboard is a keyboard of the kernel whose keys the test presses.
type keyboard struct {
	uinput *os.File
	node   string
}

var plugged int

// plug makes a keyboard and waits for its event node.
func plug(t *testing.T) *keyboard { return plugWith(t, 1, 247) }

// plugWith makes a device with the keys from first to last.
func plugWith(t *testing.T, first, last int) *keyboard {
	t.Helper()
	f, err := os.OpenFile("/dev/uinput", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal("no uinput: ", err)
	}
	k := &keyboard{uinput: f}
	t.Cleanup(func() { _ = k.unplug() })
	fd := int(f.Fd())
	set := func(request uint, value int) {
		if err := unix.IoctlSetInt(fd, request, value); err != nil {
			t.Fatalf("uinput request %#x: %v", request, err)
		}
	}
	set(uiSetEvBit, evKey)
	for code := first; code <= last; code++ {
		set(uiSetKeyBit, code)
	}
	plugged++
	name := fmt.Sprintf("garita wedge %d.%d", os.Getpid(), plugged)
	// struct uinput_user_dev: name, id, force feedback, then the limits of 64 axes.
	dev := make([]byte, 80+8+4+4*64*4)
	copy(dev, name)
	binary.NativeEndian.PutUint16(dev[80:], 3) // BUS_USB
	if _, err := f.Write(dev); err != nil {
		t.Fatal(err)
	}
	set(uiDevCreate, 0)
	for end := time.Now().Add(20 * time.Second); k.node == ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the keyboard got no event node")
		}
		names, _ := filepath.Glob("/sys/class/input/event*/device/name")
		for _, path := range names {
			if b, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(b)) == name {
				node := filepath.Join("/dev/input", filepath.Base(filepath.Dir(filepath.Dir(path))))
				if _, err := os.Stat(node); err == nil {
					k.node = node
				}
			}
		}
	}
	return k
}

// press presses keys as a scanner does, never faster than who reads: the kernel keeps few
// events for a reader that is slow.
func (k *keyboard) press(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), 16*eventSize)
		if _, err := k.uinput.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}

func (k *keyboard) unplug() error {
	if k.uinput == nil {
		return nil
	}
	err := unix.IoctlSetInt(int(k.uinput.Fd()), uiDevDestroy, 0)
	err = errors.Join(err, k.uinput.Close())
	k.uinput = nil
	return err
}

func TestVM_WedgeIsAStream(t *testing.T) {
	streamsuite.Run(t, func(t *testing.T) (devices.Stream, streamsuite.Peer) {
		device := plug(t)
		k, err := Open(Config{Path: device.node, Layout: "us", ReadTimeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { k.Close() })
		return k, peer(device.press, device.unplug)
	})
}

// A document typed by a keyboard of the real kernel is read, and nobody else hears a key.
func TestVM_WedgeReadsADocumentAlone(t *testing.T) {
	device := plug(t)
	fd, err := unix.Open(device.node, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	events := make([]byte, 64*eventSize)

	// Before the keys are taken, the listener hears them: it does listen.
	if err := device.press(wire(tap(30))); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Read(fd, events); n <= 0 || err != nil {
		t.Fatalf("the listener hears nothing even now: %d, %v", n, err)
	}

	k, err := Open(Config{Path: device.node, Layout: "us", ReadTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Path: device.node, Layout: "us", ReadTimeout: timeout}); !errors.Is(err, devices.ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	s, err := typing("us", mrz)
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() { sent <- device.press(wire(s)) }()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got := ""
	for buf := make([]byte, 100); len(got) < len(mrz); {
		n, err := k.Read(ctx, buf)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		got += string(buf[:n])
	}
	if err := <-sent; err != nil || got != mrz {
		t.Errorf("read %q, %v", got, err)
	}
	if n, err := unix.Read(fd, events); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("another program heard %d bytes of keys, %v", n, err)
	}

	// Given back, they are everybody's again.
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if err := device.press(wire(tap(30))); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Read(fd, events); n <= 0 || err != nil {
		t.Errorf("after Close the keys are not given back: %d, %v", n, err)
	}
}

// What is no keyboard is not taken: a mouse has to go on pointing.
func TestVM_WedgeTakesNoMouse(t *testing.T) {
	const leftButton = 0x110
	mouse := plugWith(t, leftButton, leftButton+2)
	if _, err := Open(Config{Path: mouse.node, Layout: "us", ReadTimeout: timeout}); !errors.Is(err, devices.ErrWrongKind) {
		t.Errorf("got %v", err)
	}
}
