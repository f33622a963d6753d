package usbdevice

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"garita/devices"
)

// Socket is a place in this process where emulated devices are plugged in and pulled
// out. Its methods may be called from several goroutines.
type Socket struct {
	mu   sync.Mutex
	dev  Device             // nil while nothing is plugged in
	gone context.Context    // ends when dev is pulled out
	pull context.CancelFunc // ends gone
	held bool               // somebody has opened dev
}

// Plug plugs a device in; one that was there is pulled out first.
func (s *Socket) Plug(d Device) {
	s.Unplug()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dev = d
	s.gone, s.pull = context.WithCancel(context.Background())
}

// Unplug pulls the device out. Calls under way end with [devices.ErrUnplugged].
func (s *Socket) Unplug() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dev == nil {
		return
	}
	s.pull()
	s.dev, s.held = nil, false
}

// Open opens the device that is plugged in. reply is the time limit of each call. Errors:
// ErrNotFound, or ErrBusy if it is open already.
func (s *Socket) Open(reply time.Duration) (*Link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.dev == nil:
		return nil, fmt.Errorf("open emulated device: %w", devices.ErrNotFound)
	case s.held:
		return nil, fmt.Errorf("open emulated device: %w", devices.ErrBusy)
	}
	s.held = true
	l := &Link{dev: s.dev, gone: s.gone, reply: reply, turns: map[uint8]chan struct{}{}}
	l.done, l.close = context.WithCancel(context.Background())
	gone := s.gone
	l.free = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.gone == gone {
			s.held = false
		}
	}
	return l, nil
}

// Link is an open emulated device. It keeps the contract of [devices.USB].
type Link struct {
	dev   Device
	gone  context.Context
	reply time.Duration
	done  context.Context // ends with Close
	close context.CancelFunc
	free  func()
	once  sync.Once

	mu    sync.Mutex
	turns map[uint8]chan struct{} // a token for each endpoint: its transfers take turns
}

var _ devices.USB = (*Link)(nil)

// Control makes a control transfer.
func (l *Link) Control(ctx context.Context, s devices.Setup, data []byte) (int, error) {
	return l.call(ctx, 0, func(ctx context.Context) (int, error) { return Control(ctx, l.dev, s, data) })
}

// Read makes one IN transfer.
func (l *Link) Read(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	return l.call(ctx, endpoint, func(ctx context.Context) (int, error) { return l.dev.In(ctx, endpoint, b) })
}

// Write makes one OUT transfer.
func (l *Link) Write(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	return l.call(ctx, endpoint, func(ctx context.Context) (int, error) { return l.dev.Out(ctx, endpoint, b) })
}

// Close frees the device and ends calls under way.
func (l *Link) Close() error {
	l.once.Do(func() {
		l.close()
		l.free()
	})
	return nil
}

// errTime is the cause of a context that ended with the time limit of a call.
var errTime = errors.New("time limit")

// call makes one transfer in its endpoint's turn and says how it ended.
func (l *Link) call(ctx context.Context, endpoint uint8, transfer func(context.Context) (int, error)) (int, error) {
	inner, cancel := context.WithTimeoutCause(ctx, l.reply, errTime)
	defer cancel()
	for _, end := range []context.Context{l.gone, l.done} {
		if end.Err() != nil {
			cancel()
		}
		defer context.AfterFunc(end, cancel)()
	}
	n, err := 0, inner.Err()
	if err == nil {
		turn := l.turn(endpoint)
		select {
		case <-turn:
			n, err = transfer(inner)
			turn <- struct{}{}
		case <-inner.Done():
			err = inner.Err()
		}
	}
	switch {
	case err == nil:
		return n, nil
	case l.done.Err() != nil:
		err = devices.ErrClosed
	case l.gone.Err() != nil || errors.Is(err, devices.ErrUnplugged):
		err = devices.ErrUnplugged
	case ctx.Err() != nil:
		err = ctx.Err()
	case inner.Err() != nil:
		err = devices.ErrNoReply
	default:
		err = fmt.Errorf("%w: %w", devices.ErrStalled, err)
	}
	return n, devices.USBError(fmt.Sprintf("use emulated USB device, endpoint 0x%02x", endpoint), err)
}

func (l *Link) turn(endpoint uint8) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	turn := l.turns[endpoint]
	if turn == nil {
		turn = make(chan struct{}, 1)
		turn <- struct{}{}
		l.turns[endpoint] = turn
	}
	return turn
}
