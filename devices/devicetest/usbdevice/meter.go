package usbdevice

import (
	"context"
	"sync"
	"time"

	"garita/devices"
)

// packet is how much a [Meter] moves at a time, and slow after how much it pauses.
const (
	packet = 512
	slow   = 8 * packet
)

// Meter is a device whose bytes are counted, and which can be slow, or lose its cable,
// between any two packets. The zero Meter with a Device is ready.
type Meter struct {
	Device
	// Cut is called, once, when as many bytes as CutAfter says have moved.
	Cut func()

	mu             sync.Mutex // guards the rest
	sent, received int
	cutSent        int // at so many bytes sent; 0: never
	cutReceived    int
	pause          time.Duration
}

// Slowly pauses for so long in a transfer, after every 4,096 bytes.
func (m *Meter) Slowly(pause time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pause = pause
}

// Moved says how many bytes the device has sent and received.
func (m *Meter) Moved() (sent, received int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent, m.received
}

// CutAfter has the cable cut when the device has sent, or received, so many bytes more; 0
// for never.
func (m *Meter) CutAfter(sent, received int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cutSent, m.cutReceived = 0, 0
	if sent > 0 {
		m.cutSent = m.sent + sent
	}
	if received > 0 {
		m.cutReceived = m.received + received
	}
}

// count adds bytes and cuts the cable if it is time.
func (m *Meter) count(sent, received int) {
	m.mu.Lock()
	m.sent += sent
	m.received += received
	cut := m.cutSent > 0 && m.sent >= m.cutSent || m.cutReceived > 0 && m.received >= m.cutReceived
	if cut {
		m.cutSent, m.cutReceived = 0, 0
	}
	m.mu.Unlock()
	if cut && m.Cut != nil {
		m.Cut()
	}
}

// wait is the pause.
func (m *Meter) wait(ctx context.Context) error {
	m.mu.Lock()
	pause := m.pause
	m.mu.Unlock()
	if pause == 0 {
		return ctx.Err()
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Control implements [Device].
func (m *Meter) Control(ctx context.Context, s devices.Setup, data []byte) (int, error) {
	n, err := m.Device.Control(ctx, s, data)
	if err == nil && s.RequestType&0x80 != 0 {
		m.count(n, 0)
	} else if err == nil {
		m.count(0, n)
	}
	if err == nil {
		err = ctx.Err()
	}
	return n, err
}

// In implements [Device]: packet by packet. What was taken of a transfer that is given up
// is lost, as on a real cable.
func (m *Meter) In(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		if n > 0 && n%slow == 0 {
			if err := m.wait(ctx); err != nil {
				return n, err
			}
		}
		part := b[n:min(n+packet, len(b))]
		got, err := m.Device.In(ctx, endpoint, part)
		n += got
		m.count(got, 0)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || got < len(part) {
			return n, err
		}
	}
	return n, nil
}

// Out implements [Device].
func (m *Meter) Out(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	n, err := m.Device.Out(ctx, endpoint, b)
	m.count(0, n)
	if err == nil {
		err = ctx.Err()
	}
	return n, err
}
