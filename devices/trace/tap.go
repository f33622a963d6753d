package trace

import (
	"context"
	"errors"

	"garita/devices"
	"garita/devices/profile"
)

// Stream returns an open line whose traffic is remembered, masked for the profile's driver.
func (r *Ring) Stream(s devices.Stream, p *profile.Profile) devices.Stream {
	r.opened(p)
	return &stream{Stream: s, r: r}
}

// USB returns an open connection whose transfers are remembered, masked for the profile's
// driver.
func (r *Ring) USB(u devices.USB, p *profile.Profile) devices.USB {
	r.opened(p)
	return &usb{USB: u, r: r}
}

func (r *Ring) opened(p *profile.Profile) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mask = maskFor(p)
	r.addLocked(Event{Kind: Open, Name: p.Driver})
}

// ended names the error of a transfer: whether the caller gave up, or the driver's own
// wait came to its end, must be told apart.
func (r *Ring) ended(ctx context.Context, err error) string {
	if err != nil && ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		if r.call.ctx != nil && r.call.ctx.Err() != nil {
			return Interrupted
		}
		return Waited
	}
	return Fault(err)
}

type stream struct {
	devices.Stream
	r *Ring
}

// Read reads, and remembers what came.
func (s *stream) Read(ctx context.Context, b []byte) (int, error) {
	n, err := s.Stream.Read(ctx, b)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if n == 0 && err == nil {
		s.r.mask.quiet()
		s.r.addLocked(Event{Kind: Silence, Times: 1})
		return n, err
	}
	e := Event{Kind: In, Bytes: n, Err: s.r.ended(ctx, err)}
	if n > 0 {
		e.Data, e.Runs = s.r.mask.in(0, b[:n])
	}
	s.r.addLocked(e)
	return n, err
}

// Write writes, and remembers what was sent.
func (s *stream) Write(ctx context.Context, b []byte) error {
	s.r.mu.Lock()
	s.r.mask.out(b) // before the answer can come
	s.r.mu.Unlock()
	err := s.Stream.Write(ctx, b)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.addLocked(Event{Kind: Out, Data: append([]byte(nil), b...), Bytes: len(b), Err: s.r.ended(ctx, err)})
	return err
}

type usb struct {
	devices.USB
	r *Ring
}

// maxControl is how many bytes of a control transfer are remembered: registers, no images.
const maxControl = 64

// Control transfers, and remembers what was said.
func (u *usb) Control(ctx context.Context, setup devices.Setup, data []byte) (int, error) {
	n, err := u.USB.Control(ctx, setup, data)
	u.r.mu.Lock()
	defer u.r.mu.Unlock()
	moved := len(data)
	if setup.RequestType&0x80 != 0 {
		moved = max(n, 0)
	}
	e := Event{Kind: Control, Setup: &setup, Bytes: moved, Err: u.r.ended(ctx, err)}
	e.Data = append([]byte(nil), data[:min(moved, maxControl)]...)
	if rest := moved - len(e.Data); rest > 0 {
		e.Runs = []Run{{N: rest}}
	}
	u.r.addLocked(e)
	return n, err
}

// Read reads, and remembers what came.
func (u *usb) Read(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	n, err := u.USB.Read(ctx, endpoint, b)
	u.r.mu.Lock()
	defer u.r.mu.Unlock()
	e := Event{Kind: In, Endpoint: endpoint, Bytes: n, Err: u.r.ended(ctx, err)}
	if n > 0 {
		e.Data, e.Runs = u.r.mask.in(endpoint, b[:n])
	}
	u.r.addLocked(e)
	return n, err
}

// Write writes, and remembers what was sent.
func (u *usb) Write(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	n, err := u.USB.Write(ctx, endpoint, b)
	u.r.mu.Lock()
	defer u.r.mu.Unlock()
	u.r.mask.out(b)
	u.r.addLocked(Event{Kind: Out, Endpoint: endpoint, Data: append([]byte(nil), b...), Bytes: len(b), Err: u.r.ended(ctx, err)})
	return n, err
}
