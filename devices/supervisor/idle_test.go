package supervisor_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkIdle measures what a station with six waiting readers costs: processor time of
// the whole process as a share of one core. Goal: at most 1 %.
func BenchmarkIdle(b *testing.B) {
	bus, p := newBus(), usbReader(b)
	p.Timing.ReadTimeoutMS = 200 // as the profiles that ship have it
	s := startOn(b, bus, "", oneCounter, p)
	for i := range 6 {
		r := openReader(b, fmt.Sprint("reader-", i))
		port := fmt.Sprint("1-", i+1)
		bus.plug(b, found(port, ""), r)
		until(b, s.Supervisor, "usb-"+port, "ready")
	}
	const over = 5 * time.Second
	var share float64
	for b.Loop() {
		before := processorTime(b)
		time.Sleep(over)
		share = 100 * float64(processorTime(b)-before) / float64(over)
	}
	b.ReportMetric(share, "%-of-a-core")
}

func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
