package supervisor

import (
	"time"

	"garita/devices"
	"garita/devices/profile"
)

// floodPause is the pause after each read of a flooding scanner. It bounds what the
// scanner costs the machine, while still emptying the line.
const floodPause = 10 * time.Millisecond

// health judges an open scanner by what it sends. A limit of 0 is none: fingerprint
// scanners send what they are asked for.
type health struct {
	limits   profile.Limits
	bad      int  // unreadable documents in a row
	flooding bool // in the present second or the one before
	floods   uint64

	began time.Duration // of the present second
	got   int           // bytes in it
}

func (h *health) reading(r devices.Reading) {
	if r.Err == nil {
		h.bad = 0
	} else if h.bad < h.limits.BadReadings {
		h.bad++
	}
}

// bytes notes n bytes, or silence, at a monotonic time.
func (h *health) bytes(n int, now time.Duration) {
	if now-h.began >= time.Second {
		if h.got <= h.limits.MaxBytesPerSecond {
			h.flooding = false
		}
		h.began, h.got = now, 0
	}
	h.got += n
	if h.limits.MaxBytesPerSecond > 0 && h.got > h.limits.MaxBytesPerSecond && h.got-n <= h.limits.MaxBytesPerSecond {
		h.flooding = true
		h.floods++
	}
}

func (h *health) state() (devices.State, string) {
	switch {
	case h.flooding:
		return devices.Degraded, "The scanner sends without end. Unplug it and plug it in again; if it goes on, replace it."
	case h.limits.BadReadings > 0 && h.bad >= h.limits.BadReadings:
		return devices.Degraded, "What the scanner sends cannot be read as documents. Check its cable, its output setting, and that profile and baud rate fit."
	default:
		return devices.Ready, ""
	}
}
