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
	"os"
	"sync"
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
//
// The kernel keeps 64 events for a reader that is busy, 16 characters or so, and drops the
// rest. So a goroutine of the Keyboard's own takes them as they come; it ends with Close,
// or when the scanner is unplugged.
type Keyboard struct {
	path    string
	timeout time.Duration
	file    *os.File
	news    chan struct{} // capacity 1: the state below has changed
	ended   chan struct{} // closed when that goroutine has ended

	mu      sync.Mutex // guards the rest; held for no call that waits
	decoder *decoder
	events  [maxEvents * eventSize]byte
	typed   []byte // not yet read; it never outgrows its room, so that no copy stays behind
	err     error  // what ended it
}

var _ devices.Stream = (*Keyboard)(nil)

// maxEvents are read at a time.
const maxEvents = 64

// room is how many characters wait for a Read: 40 documents. Later ones are dropped.
const room = 4096

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
	raw, err := f.SyscallConn()
	if err != nil {
		_ = f.Close()
		return nil, openError(c.Path, err)
	}
	k := &Keyboard{path: c.Path, timeout: c.ReadTimeout, file: f, news: make(chan struct{}, 1), ended: make(chan struct{}),
		decoder: newDecoder(c.Layout, caps), typed: make([]byte, 0, room)}
	go func() {
		defer close(k.ended)
		_ = raw.Read(k.take) // its error is Close's doing
	}()
	return k, nil
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
// there. See [devices.Stream]. A zero byte stands where some were lost.
func (k *Keyboard) Read(ctx context.Context, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	silent := time.NewTimer(k.timeout)
	defer silent.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if n, err := k.handOver(b); n > 0 || err != nil {
			return n, err
		}
		select {
		case <-ctx.Done():
		case <-k.news:
		case <-silent.C:
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			// Whatever the clock says: only the kernel knows whether nothing was typed.
			if c, err := k.file.SyscallConn(); err == nil {
				_ = c.Control(func(fd uintptr) { k.take(fd) }) // after Close, handOver says so
			}
			return k.handOver(b)
		}
	}
}

// handOver gives out what was typed, then the error that ended it.
func (k *Keyboard) handOver(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := copy(b, k.typed)
	if n == 0 {
		return 0, k.err
	}
	rest := copy(k.typed, k.typed[n:])
	clear(k.typed[rest:]) // personal data
	k.typed = k.typed[:rest]
	return n, nil
}

// take takes the events that the kernel has. It does not wait; over says that there will
// be no more.
func (k *Keyboard) take(fd uintptr) (over bool) {
	for {
		if more, over := k.takeSome(int(fd)); !more {
			return over
		}
	}
}

func (k *Keyboard) takeSome(fd int) (more, over bool) {
	k.mu.Lock() // reading too, so that nothing is on its way from the kernel when Read looks
	defer k.mu.Unlock()
	if k.err != nil {
		return false, true
	}
	n, err := unix.Read(fd, k.events[:])
	switch {
	case n > 0:
		k.decode(k.events[:n])
		return true, false
	case errors.Is(err, unix.EINTR):
		return true, false
	case errors.Is(err, unix.EAGAIN):
		return false, false
	case err == nil, errors.Is(err, unix.ENODEV):
		k.err = &border.Error{Code: border.Unavailable, Op: "read " + k.path, Message: "The scanner was unplugged.", Err: devices.ErrUnplugged}
	default:
		k.err = &border.Error{Code: border.Unavailable, Op: "read " + k.path, Message: "The scanner gave an error.", Err: err}
	}
	k.tell()
	return false, true
}

func (k *Keyboard) tell() {
	select {
	case k.news <- struct{}{}:
	default: // it has been said already
	}
}

// decode takes whole events, as the kernel gives them.
func (k *Keyboard) decode(events []byte) {
	for e := events; len(e) >= eventSize; e = e[eventSize:] {
		f := e[timeSize:eventSize]
		kind, code := binary.NativeEndian.Uint16(f), binary.NativeEndian.Uint16(f[2:])
		c, ok := k.decoder.event(kind, code, int32(binary.NativeEndian.Uint32(f[4:])))
		switch {
		case !ok:
		case len(k.typed) < cap(k.typed):
			k.typed = append(k.typed, c)
			k.tell()
		default:
			k.typed[len(k.typed)-1] = lostKeys
		}
	}
	clear(events) // personal data
}

// Write is not possible: nothing can be said to a keyboard.
func (k *Keyboard) Write(context.Context, []byte) error {
	return &border.Error{Code: border.Invalid, Op: "write " + k.path, Err: devices.ErrUnsupported,
		Message: "Nothing can be sent to a scanner that types as a keyboard."}
}

// Close gives the keys back. Closing again does nothing.
func (k *Keyboard) Close() error {
	k.mu.Lock()
	again := errors.Is(k.err, devices.ErrClosed)
	k.err = devices.ErrClosed
	clear(k.typed)
	k.typed = k.typed[:0]
	k.mu.Unlock()
	if again {
		return nil
	}
	k.tell()
	err := k.file.Close() // it wakes the goroutine
	<-k.ended
	return err
}
