package streamtest

import (
	"testing"
	"time"

	"garita/border/bordertest"
)

// BenchmarkCatchUp is seven days of 8 counters at 60 crossings an hour, caught up with
// registers in memory: what the stream alone costs. Run it with -benchtime 1x.
func BenchmarkCatchUp(b *testing.B) {
	const events = 7 * 24 * 8 * 60
	for range b.N {
		b.StopTimer()
		r := &rig{t: b, dir: b.TempDir(), sink: bordertest.NewMemorySink(wallClock{}), asker: bordertest.NewMemoryAsker(wallClock{})}
		r.seam = r.sink
		r.tune = noTuning
		r.start()
		src := bordertest.NewMemorySource("PUT-1")
		src.Append(events - 1)
		b.StartTimer()
		began := time.Now()
		s := r.uplink(src, "PUT-1", r.url())
		eventually(b, "caught up", func() bool { return s.Status().Backlog == 0 && r.sink.Count("PUT-1") == events })
		b.ReportMetric(float64(r.sink.Calls()), "stores")
		b.ReportMetric(events/time.Since(began).Seconds(), "events/s")
		b.StopTimer()
		s.stop()
		r.stop()
	}
}
