// Package usb opens interfaces of USB devices through github.com/google/gousb (libusb)
// and contains that library's faults, so that no other package has to know them:
//
//   - It finds devices by properties, and a device's address is given away again after a
//     replug. Here a device is opened by bus and address and must then still be what was
//     found: vendor, product and release.
//   - Control transfers know no context, and a cancelled transfer is waited for without
//     limit. Here every call runs in a goroutine of its own with its own buffer; the
//     caller leaves when its context ends, and the connection ends what is left.
//   - Errors come as two types, and as text where an interface is claimed. Here they are
//     those of package devices.
//
// Each connection has a libusb context of its own, so that a device that hangs inside the
// library holds up nobody else. An idle one costs a third of a millisecond of processor
// time a second.
package usb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"garita/border"
	"garita/devices"

	"github.com/google/gousb"
)

// MaxTransfer bounds the buffer of one call.
const MaxTransfer = 4 << 20

// leave is how long a call waits for a cancelled transfer to give up its endpoint, and
// Close for all of them. What takes longer ends on its own.
const leave = 60 * time.Millisecond

// Options say how to open and use a device.
type Options struct {
	Interface int // number of the interface to claim
	// AutoDetach takes the interface from a driver of the kernel and gives it back at
	// the end.
	AutoDetach bool
	// Reply is the time limit of every call; 20 ms to 10 s.
	Reply time.Duration
}

// Conn is an open interface of a USB device. Its methods may be called from several
// goroutines; calls on one endpoint take turns.
type Conn struct {
	name  string // "1c7a:0570 on 1-9", for errors
	reply time.Duration

	lib    *gousb.Context
	device *gousb.Device
	config *gousb.Config
	intf   *gousb.Interface

	ctx   context.Context // ends with Close, and so does every call
	stop  context.CancelFunc
	freed chan struct{} // closed when everything is given back

	mu     sync.Mutex // guards the rest, and calls against closed
	closed bool
	turns  map[uint8]chan struct{} // a token for each endpoint
	calls  sync.WaitGroup          // goroutines inside the library
}

var _ devices.USB = (*Conn)(nil)

// Control makes a control transfer of at most 65,535 bytes.
func (c *Conn) Control(ctx context.Context, s devices.Setup, data []byte) (int, error) {
	if len(data) > 0xFFFF {
		return 0, c.fail(0, errTooLarge)
	}
	own := make([]byte, len(data))
	in := s.RequestType&0x80 != 0
	if !in {
		copy(own, data)
	}
	return c.call(ctx, 0, data, own, in, func(context.Context) (int, error) {
		return c.device.Control(s.RequestType, s.Request, s.Value, s.Index, own)
	})
}

// Read makes one IN transfer of at most 4 MiB.
func (c *Conn) Read(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	if len(b) > MaxTransfer {
		return 0, c.fail(endpoint, errTooLarge)
	}
	own := make([]byte, len(b))
	return c.call(ctx, endpoint, b, own, true, func(ctx context.Context) (int, error) {
		e, err := c.intf.InEndpoint(int(endpoint & 0x0F))
		if err != nil || endpoint&0x80 == 0 {
			return 0, errNoEndpoint
		}
		return e.ReadContext(ctx, own)
	})
}

// Write makes one OUT transfer of at most 4 MiB.
func (c *Conn) Write(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	if len(b) > MaxTransfer {
		return 0, c.fail(endpoint, errTooLarge)
	}
	own := append([]byte(nil), b...)
	return c.call(ctx, endpoint, nil, own, false, func(ctx context.Context) (int, error) {
		e, err := c.intf.OutEndpoint(int(endpoint & 0x0F))
		if err != nil || endpoint&0x80 != 0 {
			return 0, errNoEndpoint
		}
		return e.WriteContext(ctx, own)
	})
}

// result is how a transfer ended.
type result struct {
	n   int
	err error
}

// call makes one transfer in its endpoint's turn. The goroutine works on its own buffer:
// it may still be inside the library when the caller has long left.
func (c *Conn) call(ctx context.Context, endpoint uint8, b, own []byte, in bool, transfer func(context.Context) (int, error)) (int, error) {
	inner, cancel := context.WithTimeout(ctx, c.reply)
	defer cancel()
	if c.ctx.Err() != nil {
		cancel()
	}
	defer context.AfterFunc(c.ctx, cancel)()
	turn := c.turn(endpoint)
	select {
	case <-turn:
	case <-inner.Done():
		return 0, c.fail(endpoint, c.why(ctx, context.DeadlineExceeded))
	}
	if !c.enter() {
		turn <- struct{}{}
		return 0, c.fail(endpoint, devices.ErrClosed)
	}
	ended := make(chan result, 1)
	go func() {
		defer c.calls.Done()
		n, err := transfer(inner)
		turn <- struct{}{}
		ended <- result{n, err}
	}()
	var r result
	select {
	case r = <-ended:
	case <-inner.Done():
		late := time.NewTimer(leave)
		defer late.Stop()
		select {
		case r = <-ended:
		case <-late.C:
			r.err = context.DeadlineExceeded
		}
	}
	if r.n = max(r.n, 0); in {
		copy(b, own[:r.n])
	}
	if r.err != nil {
		return r.n, c.fail(endpoint, c.why(ctx, r.err))
	}
	return r.n, nil
}

// turn is the token of an endpoint.
func (c *Conn) turn(endpoint uint8) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.turns[endpoint]
	if t == nil {
		t = make(chan struct{}, 1)
		t <- struct{}{}
		c.turns[endpoint] = t
	}
	return t
}

// enter counts a call in, unless the connection is closed.
func (c *Conn) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.calls.Add(1)
	return true
}

// why says what ended a call: a device that has gone before all, then the connection's
// end, the caller's, and the time limit.
func (c *Conn) why(ctx context.Context, err error) error {
	cause := kind(err)
	switch {
	case errors.Is(cause, devices.ErrUnplugged):
		return cause
	case c.ctx.Err() != nil:
		return devices.ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return cause
	}
}

// Close gives the interface back and ends calls under way. It returns within 100 ms; a
// transfer that hangs inside the library is waited for by a goroutine that ends with it,
// at the latest at its time limit.
func (c *Conn) Close() error {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.mu.Unlock()
	if !again {
		c.stop()
		go c.free()
	}
	late := time.NewTimer(leave)
	defer late.Stop()
	select {
	case <-c.freed:
	case <-late.C:
	}
	return nil
}

// free gives everything back once no call is inside the library any more. What the
// library says to that is of no use to anybody: all of it goes with the process's handle.
func (c *Conn) free() {
	defer close(c.freed)
	c.calls.Wait()
	if c.intf != nil {
		c.intf.Close()
	}
	if c.config != nil {
		_ = c.config.Close()
	}
	if c.device != nil {
		_ = c.device.Close()
	}
	_ = c.lib.Close()
}

func (c *Conn) fail(endpoint uint8, err error) error {
	op := fmt.Sprintf("use USB device %s, endpoint 0x%02x", c.name, endpoint)
	if errors.Is(err, errNoEndpoint) {
		return &border.Error{Code: border.Invalid, Op: op, Message: "The scanner has no such endpoint. Correct the profile.", Err: err}
	}
	return devices.USBError(op, err)
}
