package supervisor

import (
	"context"
	"time"

	"garita/devices"
)

// tap puts the scanner's trace and its meter between the driver and the line.
func (s *session) tap(line devices.Stream) devices.Stream {
	s.line = &meter{Stream: s.u.ring.Stream(line, s.profile), s: s}
	return s.line
}

// tapUSB puts the scanner's trace between the driver and its transfers.
func (s *session) tapUSB(conn devices.USB) devices.USB { return s.u.ring.USB(conn, s.profile) }

// meter counts the bytes of a line and slows a flood down.
type meter struct {
	devices.Stream
	s *session
}

func (m *meter) Read(ctx context.Context, b []byte) (int, error) {
	m.s.stale = false
	n, err := m.Stream.Read(ctx, b)
	if err != nil {
		return n, err
	}
	m.s.health.bytes(n, devices.Monotonic())
	if n > 0 {
		m.s.u.count(func(c *Counts) { c.Bytes += uint64(n) })
	}
	if m.s.u.serving(m.s) {
		m.s.settle()
	}
	if m.s.health.flooding {
		timer := time.NewTimer(floodPause)
		select {
		case <-ctx.Done(): // the next Read says so
		case <-timer.C:
		}
		timer.Stop()
	}
	return n, nil
}

// drainMost bounds a drain: a flooding reader is never silent.
const drainMost = time.Second

// drain throws away what is there until the line is silent, at most for drainMost, and
// returns how much it was.
func (m *meter) drain(ctx context.Context) (thrown int, err error) {
	m.s.u.ring.SetAside(true)
	defer m.s.u.ring.SetAside(false)
	buf := make([]byte, 4096)
	for until := devices.Monotonic() + drainMost; devices.Monotonic() < until; {
		n, err := m.Stream.Read(ctx, buf)
		clear(buf[:n]) // personal data
		if thrown += n; err != nil || n == 0 {
			return thrown, err
		}
	}
	return thrown, nil
}

// serving reports whether the session got as far as being ready.
func (u *unit) serving(s *session) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.session == s
}
