package hotplug

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseEvent(t *testing.T) {
	const real = "add@/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/tty/ttyACM0\x00ACTION=add\x00" +
		"DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/tty/ttyACM0\x00SUBSYSTEM=tty\x00MAJOR=166\x00MINOR=0\x00DEVNAME=ttyACM0\x00SEQNUM=4711\x00"
	e, err := parseEvent([]byte(real))
	if err != nil || e.action != "add" || !strings.HasSuffix(e.path, "/ttyACM0") || !e.usb() {
		t.Errorf("got %+v, %v", e, err)
	}
	if e, err := parseEvent([]byte("change@/devices/virtual/mem/null\x00ACTION=change\x00")); err != nil || e.usb() {
		t.Errorf("got %+v, %v", e, err)
	}
	for _, s := range []string{"", "\x00", "add", "add\x00", "add@\x00", "@/x\x00", "add@x\x00", "add@/x", "libudev\x00\xfe\xed\xca\xfe", "add@/" + strings.Repeat("x", maxEvent) + "\x00"} {
		if e, err := parseEvent([]byte(s)); !errors.Is(err, errEvent) {
			t.Errorf("%.20q: %+v, %v", s, e, err)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte("add@/devices/pci0000:00/0000:00:14.0/usb1/1-1\x00ACTION=add\x00SUBSYSTEM=usb\x00"))
	f.Add([]byte("libudev\x00\xfe\xed\xca\xfe"))
	f.Add([]byte("@\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parseEvent(b)
		if err != nil {
			if !errors.Is(err, errEvent) {
				t.Errorf("an error without a type: %v", err)
			}
			return
		}
		if !strings.HasPrefix(string(b), e.action+"@"+e.path+"\x00") || e.action == "" || e.path[0] != '/' || len(e.path) > maxEvent {
			t.Errorf("%q became %+v", b, e)
		}
	})
}

// trigger asks the kernel for an event of a device that every machine has.
func trigger(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/sys/class/mem/null/uevent", []byte("change"), 0); err != nil {
		t.Skip("this user may not ask the kernel for an event:", err)
	}
}

func open(t *testing.T) *events {
	t.Helper()
	e, err := openEvents()
	if err != nil {
		t.Skip("no events on this machine:", err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestTheKernelTells(t *testing.T) {
	e := open(t)
	// Somebody else speaks first, straight to our address; that must not be heard.
	forge(t, e, "add@/devices/forged/usb1/1-1\x00")
	trigger(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		got, err := e.next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got.path, "forged") {
			t.Fatal("a message of another process was taken for the kernel's")
		}
		if got == (event{"change", "/devices/virtual/mem/null"}) {
			return
		}
	}
}

// forge sends a message to a listener from another socket.
func forge(t *testing.T, e *events, message string) {
	t.Helper()
	c, err := e.socket.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var to unix.Sockaddr
	if err := c.Control(func(fd uintptr) { to, err = unix.Getsockname(int(fd)) }); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, []byte(message), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Pid: to.(*unix.SockaddrNetlink).Pid}); err != nil {
		t.Skip("this user may not send to a listener:", err)
	}
}

func TestListeningEndsWithItsContext(t *testing.T) {
	e := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for {
			if _, err := e.next(ctx); err != nil {
				done <- err
				return
			}
		}
	}()
	cancel()
	if err := <-done; err == nil || lost(err) {
		t.Errorf("got %v", err)
	}
}

// Events that nobody took in time are noticed as lost, and later ones come.
func TestLostEventsAreNoticed(t *testing.T) {
	e := open(t)
	c, err := e.socket.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 1) }); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		trigger(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, err := e.next(ctx)
		if err == nil {
			continue
		}
		if !lost(err) {
			t.Fatal(err)
		}
		break
	}
	trigger(t)
	for {
		if got, err := e.next(ctx); err == nil && got.action == "change" {
			return
		} else if err != nil && !lost(err) {
			t.Fatal(err)
		}
	}
}

// This machine itself, whatever hangs on it.
func TestThisMachine(t *testing.T) {
	w := run(t, Config{})
	t.Logf("%d USB devices", len(w.Found()))
}
