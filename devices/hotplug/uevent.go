package hotplug

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"garita/border"

	"golang.org/x/sys/unix"
)

// maxEvent bounds one message; the kernel's own bound is 2 KiB and the path.
const maxEvent = 8 << 10

// event is what the kernel says of one object.
type event struct {
	action string // "add", "remove", "bind", "unbind", "change", …
	path   string // below sysfs: "/devices/pci0000:00/0000:00:14.0/usb1/1-1"
}

// usb says whether the object is on a USB bus: the device itself, or what a driver of the
// kernel made of it.
func (e event) usb() bool { return strings.Contains(e.path, "/usb") }

// errEvent: a message is no event.
var errEvent = &border.Error{Code: border.Invalid, Op: "read an event of the kernel", Message: "The kernel sent something that is not an event."}

// parseEvent reads a message: "action@path", then fields that say more (lib/kobject_uevent.c
// of Linux); each is ended by a zero byte.
func parseEvent(b []byte) (event, error) {
	head, _, ok := bytes.Cut(b[:min(len(b), maxEvent)], []byte{0})
	action, path, at := bytes.Cut(head, []byte{'@'})
	if !ok || !at || len(action) == 0 || len(path) == 0 || path[0] != '/' {
		return event{}, errEvent
	}
	return event{action: string(action), path: string(path)}, nil
}

// events is the kernel's line of events.
type events struct {
	socket *os.File
	buf    [maxEvent]byte
}

// openEvents joins the kernel's group of listeners. It needs no privilege.
func openEvents() (*events, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, err
	}
	// Room for a hub with everything on it; what does not fit is noticed (lost).
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20)
	const kernelGroup = 1 // group 2 is udev's, after its rules
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup}); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "uevents")
	if err := f.SetReadDeadline(time.Time{}); err != nil {
		_ = f.Close()
		return nil, err
	}
	return &events{socket: f}, nil
}

// next waits for an event. What others than the kernel send is passed over.
func (e *events) next(ctx context.Context) (event, error) {
	c, err := e.socket.SyscallConn()
	if err != nil {
		return event{}, err
	}
	defer context.AfterFunc(ctx, func() { _ = e.socket.SetReadDeadline(time.Unix(1, 0)) })()
	for {
		var n int
		var from unix.Sockaddr
		var got error
		if err := c.Read(func(fd uintptr) bool {
			n, from, got = unix.Recvfrom(int(fd), e.buf[:], 0)
			return !errors.Is(got, unix.EAGAIN) && !errors.Is(got, unix.EINTR)
		}); err != nil {
			return event{}, err
		}
		if got != nil {
			return event{}, got
		}
		if nl, ok := from.(*unix.SockaddrNetlink); ok && nl.Pid == 0 {
			return parseEvent(e.buf[:n])
		}
	}
}

// lost says of an error of next that events may have been missed, and more will come.
func lost(err error) bool { return errors.Is(err, unix.ENOBUFS) || errors.Is(err, errEvent) }

// Close ends the line. It must not be called during next.
func (e *events) Close() error { return e.socket.Close() }
