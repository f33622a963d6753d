// Package trace remembers the last frames between a scanner and its driver, for the
// technician. It keeps no personal data.
package trace

import (
	"context"
	"fmt"
	"sync"

	"garita/border"
	"garita/devices"
)

// Kept is how many frames are remembered.
const Kept = 50

// Ring holds the last frames of one scanner. It may be used from several goroutines.
type Ring struct {
	clock border.Clock

	mu     sync.Mutex // guards frames
	frames []border.ScannerFrame
}

// New makes an empty ring.
func New(clock border.Clock) *Ring { return &Ring{clock: clock} }

// Note remembers an event that is no frame: a state, a reason. It must hold no personal
// data.
func (r *Ring) Note(text string) { r.add(border.ScannerFrame{Direction: "note", Note: text}) }

// Frames returns what is remembered, oldest first.
func (r *Ring) Frames() []border.ScannerFrame {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]border.ScannerFrame(nil), r.frames...)
}

func (r *Ring) add(f border.ScannerFrame) {
	f.At = r.clock.Now().UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.frames) == Kept {
		copy(r.frames, r.frames[1:])
		r.frames = r.frames[:Kept-1]
	}
	r.frames = append(r.frames, f)
}

// Stream returns the line with its frames remembered.
func (r *Ring) Stream(s devices.Stream) devices.Stream { return &stream{Stream: s, r: r} }

type stream struct {
	devices.Stream
	r *Ring
}

func (s *stream) Read(ctx context.Context, b []byte) (int, error) {
	n, err := s.Stream.Read(ctx, b)
	if n > 0 {
		s.r.add(border.ScannerFrame{Direction: "in", Bytes: n})
	}
	return n, err
}

func (s *stream) Write(ctx context.Context, b []byte) error {
	s.r.add(border.ScannerFrame{Direction: "out", Hex: fmt.Sprintf("% X", b), Bytes: len(b)})
	return s.Stream.Write(ctx, b)
}

// USB returns the connection with its transfers remembered.
func (r *Ring) USB(u devices.USB) devices.USB { return &usb{USB: u, r: r} }

type usb struct {
	devices.USB
	r *Ring
}

func (u *usb) Read(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	n, err := u.USB.Read(ctx, endpoint, b)
	if n > 0 {
		u.r.add(border.ScannerFrame{Direction: "in", Endpoint: fmt.Sprintf("%02X", endpoint), Bytes: n})
	}
	return n, err
}
