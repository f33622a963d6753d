// Package wedge reads scanners that pretend to be keyboards: it opens their event node
// (/dev/input/eventN), takes it away from everybody else, so that no character of a
// document reaches a screen or another program, and gives what was typed as bytes.
//
// What was typed is known only by the keys that were pressed; which character a key
// gives depends on the layout that the scanner was set to type for.
package wedge

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"garita/border"
	"garita/devices"

	"golang.org/x/sys/unix"
)

// MinReadTimeout and MaxReadTimeout bound how long a line may be silent before Read says
// so.
const (
	MinReadTimeout = 100 * time.Millisecond
	MaxReadTimeout = time.Second
)

// Config says what to open.
type Config struct {
	Path        string // event node, or a link to one as in /dev/input/by-id
	Layout      string // one of Layouts
	ReadTimeout time.Duration
}

// Keyboard is an open scanner; it is a [devices.Stream] that cannot be written to.
type Keyboard struct {
	path    string
	timeout time.Duration
	file    *os.File
	closed  atomic.Bool

	// Touched by Read only.
	decoder *decoder
	events  [maxEvents * eventSize]byte
	typed   []byte // not yet read; its room is never outgrown, so that no copy stays behind
}

var _ devices.Stream = (*Keyboard)(nil)

// maxEvents are read at a time; each types at most one byte.
const maxEvents = 64

// eventSize is that of struct input_event: the time, then type, code and value.
const eventSize = timeSize + 8

// timeSize is that of struct timeval on machines of 64 bits, for which Garita is built.
const timeSize = 16

// The requests to the kernel (linux/input.h). Four bytes are enough: the keys and lamps
// that are asked for have small numbers.
const (
	eviocgrab    = 0x40044590
	eviocgbitKey = 0x80044521
	eviocgled    = 0x80044519

	ledCapsLock = 1 << 1
)

// Open opens a scanner and takes its keys away from everybody else.
//
// Errors wrap devices.ErrNotFound, devices.ErrPermission, devices.ErrBusy or
// devices.ErrWrongKind where one of these is the case.
func Open(c Config) (*Keyboard, error) { return open(c, grab) }

// open opens with a way to take the keys; take says whether Caps Lock is on.
func open(c Config, take func(fd int) (caps bool, err error)) (*Keyboard, error) {
	if c.ReadTimeout < MinReadTimeout || c.ReadTimeout > MaxReadTimeout {
		return nil, invalid("The read timeout must be 100 to 1,000 ms.")
	}
	if err := known(c.Layout); err != nil {
		return nil, err
	}
	fd, err := unix.Open(c.Path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, openError(c.Path, err)
	}
	caps, err := take(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nil, openError(c.Path, err)
	}
	f := os.NewFile(uintptr(fd), c.Path) // what does not block goes to Go's poller, so that a wait can be ended
	if err := f.SetReadDeadline(time.Time{}); err != nil {
		_ = f.Close()
		return nil, openError(c.Path, err)
	}
	return &Keyboard{path: c.Path, timeout: c.ReadTimeout, file: f, decoder: newDecoder(c.Layout, caps), typed: make([]byte, 0, maxEvents)}, nil
}

// grab takes the keys of an event node.
func grab(fd int) (caps bool, err error) {
	keys, err := unix.IoctlGetInt(fd, eviocgbitKey)
	if err != nil {
		return false, err
	}
	if keys&(1<<keyEnter) == 0 {
		return false, unix.ENOTTY // a mouse, a power button
	}
	if err := unix.IoctlSetInt(fd, eviocgrab, 1); err != nil {
		return false, err
	}
	// The scanner may look at this lamp to decide how it types. Not every one has it.
	leds, err := unix.IoctlGetInt(fd, eviocgled)
	return err == nil && leds&ledCapsLock != 0, nil
}

// Read waits for typed characters, at most one read timeout, and returns those that are
// there. See [devices.Stream]. A zero byte stands where the kernel lost some.
func (k *Keyboard) Read(ctx context.Context, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for len(k.typed) == 0 {
		n, err := k.wait(ctx)
		if err != nil || n == 0 {
			return 0, err
		}
		k.decode(k.events[:n])
	}
	switch {
	case k.closed.Load():
		clear(k.typed)
		return 0, devices.ErrClosed
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	n := copy(b, k.typed)
	rest := copy(k.typed, k.typed[n:])
	clear(k.typed[rest:]) // personal data
	k.typed = k.typed[:rest]
	return n, nil
}

// decode takes whole events.
func (k *Keyboard) decode(events []byte) {
	for e := events; len(e) >= eventSize; e = e[eventSize:] {
		f := e[eventSize-8 : eventSize]
		kind, code := binary.NativeEndian.Uint16(f), binary.NativeEndian.Uint16(f[2:])
		if c, ok := k.decoder.event(kind, code, int32(binary.NativeEndian.Uint32(f[4:]))); ok {
			k.typed = append(k.typed, c)
		}
	}
	clear(events) // personal data
}

// wait waits for events; 0 if there were none for one read timeout.
func (k *Keyboard) wait(ctx context.Context) (int, error) {
	within, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	_ = k.file.SetReadDeadline(time.Time{}) // an error comes again below
	done := make(chan struct{})
	stop := context.AfterFunc(within, func() {
		_ = k.file.SetReadDeadline(time.Unix(1, 0))
		close(done)
	})
	n, err := k.try(true)
	if !stop() {
		<-done // it must not hit the next wait
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		// Whatever the clock says: only the kernel knows whether there was nothing.
		_ = k.file.SetReadDeadline(time.Time{})
		n, err = k.try(false)
	}
	switch {
	case k.closed.Load():
		return 0, devices.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, ctx.Err()
	case errors.Is(err, unix.EAGAIN):
		return 0, nil
	case errors.Is(err, unix.ENODEV), errors.Is(err, io.EOF):
		return 0, &border.Error{Code: border.Unavailable, Op: "read " + k.path, Message: "The scanner was unplugged.",
			Err: fmt.Errorf("%w: %w", devices.ErrUnplugged, err)}
	case err != nil:
		return 0, &border.Error{Code: border.Unavailable, Op: "read " + k.path, Message: "The scanner gave an error.", Err: err}
	}
	return n, nil
}

// try reads events, and waits for them if it is asked to.
func (k *Keyboard) try(wait bool) (n int, err error) {
	c, err := k.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	errRead := c.Read(func(fd uintptr) bool {
		for n, err = unix.Read(int(fd), k.events[:]); errors.Is(err, unix.EINTR); {
			n, err = unix.Read(int(fd), k.events[:])
		}
		return !wait || !errors.Is(err, unix.EAGAIN)
	})
	switch {
	case errRead != nil:
		return 0, errRead
	case err == nil && n <= 0:
		return 0, io.EOF
	}
	return n, err
}

// Write is not possible: nothing can be said to a keyboard.
func (k *Keyboard) Write(context.Context, []byte) error {
	return &border.Error{Code: border.Invalid, Op: "write " + k.path, Err: devices.ErrUnsupported,
		Message: "Nothing can be sent to a scanner that types as a keyboard."}
}

// Close gives the keys back. Closing again does nothing.
func (k *Keyboard) Close() error {
	if k.closed.Swap(true) {
		return nil
	}
	return k.file.Close() // it wakes a Read
}
