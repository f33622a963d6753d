package streamtest

import (
	"testing"
	"time"

	"garita/border/bordertest"
	"garita/sync/ask"
	"garita/sync/uplink"
)

// BenchmarkCatchUp is seven days of 8 counters at 60 crossings an hour, caught up with
// registers in memory: what the stream alone costs. Run it with -benchtime 1x.
func BenchmarkCatchUp(b *testing.B) {
	b.Run("open", func(b *testing.B) { catchUp(b, func(*nation) {}, false) })
	b.Run("credentials", func(b *testing.B) { // and TLS, and accounts apart
		catchUp(b, func(n *nation) { n.unsigned = true }, true)
	})
	b.Run("signed", func(b *testing.B) { catchUp(b, func(*nation) {}, true) })
}

func catchUp(b *testing.B, change func(n *nation), belonging bool) {
	const events = 7 * 24 * 8 * 60
	for range b.N {
		b.StopTimer()
		r := &rig{t: b, dir: b.TempDir(), sink: bordertest.NewMemorySink(wallClock{}), asker: bordertest.NewMemoryAsker(wallClock{})}
		r.seam = r.sink
		r.tune = noTuning
		src := bordertest.NewMemorySource("PUT-1")
		src.Append(events - 1)
		start := func() *station { return r.uplink(src, "PUT-1", r.url()) }
		if belonging {
			n := makeNation(b, r)
			change(n)
			r.seam = r.sink
			n.enrol("PUT-1", time.Hour)
			n.begin()
			start = func() *station {
				return r.uplink(src, "PUT-1", r.url(), func(c *uplink.Config) {
					c.Access, c.Trust = n.access("PUT-1"), n.trust("PUT-1")
					if n.unsigned {
						c.Trust = ask.Trust{}
					}
				})
			}
		} else {
			r.start()
		}
		b.StartTimer()
		began := time.Now()
		s := start()
		eventually(b, "caught up", func() bool { return s.Status().Backlog == 0 && r.sink.Count("PUT-1") == events })
		b.ReportMetric(float64(r.sink.Calls()), "stores")
		b.ReportMetric(events/time.Since(began).Seconds(), "events/s")
		b.StopTimer()
		s.stop()
		r.stop()
	}
}
