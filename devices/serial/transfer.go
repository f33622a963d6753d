package serial

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"garita/border"
	"garita/devices"

	"golang.org/x/sys/unix"
)

// longAgo is the deadline that wakes whoever waits at the witness.
var longAgo = time.Unix(1, 0)

// Read waits for bytes, at most one read timeout, and returns those that are there. See
// [devices.Stream].
func (p *Port) Read(ctx context.Context, b []byte) (int, error) {
	if !p.enter() {
		return 0, devices.ErrClosed
	}
	n, err := p.read(ctx, b)
	if p.leave() {
		clear(b[:n])
		return 0, devices.ErrClosed
	}
	return n, err
}

func (p *Port) read(ctx context.Context, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	within, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	for {
		if err := p.await(within); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, unplugged(p.path, err)
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		// Whatever the clock says: only the kernel knows whether the line was silent.
		bytes, gone := p.poll()
		if !bytes && !gone {
			return 0, nil
		}
		n, err := p.port.Read(b) // does not wait, unless a program that ignores the lock was faster
		if n, err = p.judge(n, err, gone || err != nil && p.hungUp()); n > 0 || err != nil {
			return n, err
		}
		pause(within, p.timeout/10)
	}
}

// await waits until the kernel has bytes, or a hang-up, or until ctx ends or Close comes
// (both os.ErrDeadlineExceeded).
func (p *Port) await(ctx context.Context) error {
	c, err := p.witness.SyscallConn()
	if err != nil {
		return err
	}
	defer p.wakeAtEnd(ctx, p.witness.SetReadDeadline)()
	return c.Read(func(fd uintptr) bool {
		bytes, gone := pollNow(fd)
		return bytes || gone
	})
}

// wakeAtEnd sets a deadline of the witness when ctx ends, until the function that it
// returns is called.
func (p *Port) wakeAtEnd(ctx context.Context, set func(time.Time) error) (stop func()) {
	p.mu.Lock()
	if !p.closed { // Close's own deadline stays
		_ = set(time.Time{})
	}
	p.mu.Unlock()
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		_ = set(longAgo)
		close(done)
	})
	return func() {
		if !cancel() {
			<-done // it must not hit the next wait
		}
	}
}

// judge says what a result of the library's Read means. (0, nil): try again.
func (p *Port) judge(n int, err error, gone bool) (int, error) {
	if n > 0 {
		p.oddEOFs = 0
		return n, nil // an error beside bytes will come again with the next read
	}
	switch {
	case gone, errors.Is(err, unix.EIO), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return 0, unplugged(p.path, err)
	case err != nil && !errors.Is(err, io.EOF):
		return 0, &border.Error{Code: border.Unavailable, Op: "read serial port " + p.path, Message: "The scanner's serial port gave an error.", Err: err}
	}
	// The kernel announced bytes and gave none: an unplugged device, although the kernel
	// does not say so, or a program that takes our bytes. A few may be chance; a row of
	// them may not, and must not spin either.
	if p.oddEOFs++; p.oddEOFs >= maxOddEOFs {
		return 0, unplugged(p.path, err)
	}
	return 0, nil
}

// Write sends all of b, waiting while the device does not take it. When ctx ends first,
// nobody knows how much has gone out: the port is closed, and what is left is thrown away.
func (p *Port) Write(ctx context.Context, b []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !p.enter() {
		return devices.ErrClosed
	}
	stop := p.wakeAtEnd(ctx, p.witness.SetWriteDeadline)
	_, err := p.witness.Write(b)
	stop()
	gone := err != nil && p.hungUp()
	ended := ctx.Err()
	if p.leave() {
		return devices.ErrClosed
	}
	switch {
	case err == nil:
		return nil
	case gone, errors.Is(err, unix.EIO), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return unplugged(p.path, err)
	case ended != nil:
		p.discard()
		_ = p.Close() // the device is at fault, and ctx's error says more
		return &border.Error{Code: border.Unavailable, Op: "write serial port " + p.path, Message: "The scanner does not take what it is sent. Unplug it and plug it in again.", Err: ended}
	default:
		return &border.Error{Code: border.Unavailable, Op: "write serial port " + p.path, Message: "The scanner's serial port gave an error.", Err: err}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
