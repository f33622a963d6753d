package supervisor_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest"
	"garita/devices/supervisor"

	"golang.org/x/sys/unix"
)

// BenchmarkLastByteToEvent measures the host's overhead: from just before the reader
// writes a document into the terminal to the call of deliver. Goal: p99 ≤ 1 ms.
//
// The floor, measured in turns with it, is the same write to a second terminal that is
// read by one bare read(2) loop: what the kernel and the machine's other work cost.
func BenchmarkLastByteToEvent(b *testing.B) {
	r, bare := openReader(b, "one"), openReader(b, "floor")
	at := make(chan time.Time, 1)
	s := start(b, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}},
		func(context.Context, border.Scan) error {
			at <- time.Now()
			return nil
		})
	until(b, s, "left", "ready")
	floorAt := readBare(b, bare, len(devicetest.Encode(framing(b), td3)))

	var took, floor []time.Duration
	measure := func(r *devicetest.Reader, at <-chan time.Time) time.Duration {
		last, err := r.Present(td3)
		if err != nil {
			b.Fatal(err)
		}
		d := (<-at).Sub(last)
		time.Sleep(2 * time.Millisecond) // the reading goroutine is asleep in the kernel again
		return d
	}
	for b.Loop() {
		took = append(took, measure(r, at))
		floor = append(floor, measure(bare, floorAt))
	}
	report := func(name string, d []time.Duration, share float64) {
		slices.Sort(d)
		b.ReportMetric(float64(d[int(share*float64(len(d)-1))].Nanoseconds())/1e3, name)
	}
	report("p50-µs", took, 0.5)
	report("p99-µs", took, 0.99)
	report("floor-p50-µs", floor, 0.5)
	report("floor-p99-µs", floor, 0.99)
}

// readBare reads documents of n bytes from a terminal in a goroutine that ends when the
// terminal hangs up, and sends the time of each.
func readBare(b *testing.B, r *devicetest.Reader, n int) <-chan time.Time {
	b.Helper()
	fd, err := unix.Open(r.Path(), unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	at := make(chan time.Time, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf, got := make([]byte, 4096), 0
		for {
			k, err := unix.Read(fd, buf)
			if err == unix.EINTR {
				continue
			}
			if err != nil || k == 0 {
				return
			}
			if got += k; got >= n {
				got -= n
				at <- time.Now()
			}
		}
	}()
	b.Cleanup(func() {
		if err := r.Close(); err != nil { // hangs up
			b.Error(err)
		}
		<-ended
		_ = unix.Close(fd)
	})
	return at
}
