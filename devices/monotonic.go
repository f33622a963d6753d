package devices

import (
	"time"

	"golang.org/x/sys/unix"
)

// Monotonic returns the time since some fixed moment (CLOCK_MONOTONIC). It measures
// silences and read times: setting the wall clock, even by years, does not move it.
func Monotonic() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return 0 // cannot fail on Linux with a valid clock and pointer
	}
	return time.Duration(t.Nano())
}
