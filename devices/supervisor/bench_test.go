package supervisor_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/devices/supervisor"
)

// BenchmarkLastByteToEvent measures the host's overhead: from just before the reader
// writes a document into the terminal to the call of deliver. Goal: p99 ≤ 1 ms.
func BenchmarkLastByteToEvent(b *testing.B) {
	r := openReader(b, "one")
	at := make(chan time.Time, 1)
	s := start(b, []supervisor.Scanner{{ID: "left", Profile: "generic-framed-mrz", Path: r.Path(), Counter: "1"}},
		func(context.Context, border.Scan) error {
			at <- time.Now()
			return nil
		})
	until(b, s, "left", "ready")
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		last, err := r.Present(td3)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-at).Sub(last))
		time.Sleep(2 * time.Millisecond) // the reader's goroutine is asleep in the kernel again
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-µs")
	b.ReportMetric(float64(took[len(took)-1].Nanoseconds())/1e3, "max-µs")
}
