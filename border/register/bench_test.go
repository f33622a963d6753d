package register

import (
	"fmt"
	"testing"

	"garita/border"
)

// BenchmarkStore stores events in batches as the intake does: raw events durable, parts
// opened, crossings, stays and flows projected. The number that matters is events/s.
func BenchmarkStore(b *testing.B) {
	for _, c := range []struct {
		name             string
		batch, documents int
	}{
		{"live", 1, 1 << 30},
		{"backlog of 500, each its own document", 500, 1 << 30},
		{"backlog of 500, twenty documents", 500, 20},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			book := w.book("PUT-1", 1, border.Parent{})
			w.store(sent(book.events...)...)
			n := 0
			var batches [][]border.Received
			for range b.N {
				var events []border.Event
				for range c.batch {
					v := enters(fmt.Sprintf("U%d", n%c.documents), n/50)
					if n/c.documents%2 == 1 {
						v = leaves(fmt.Sprintf("U%d", n%c.documents), n/50)
					}
					events = append(events, book.add(v))
					n++
				}
				batches = append(batches, sent(events...))
			}
			w.must(w.reg.StoreWraps(b.Context(), w.wraps("PUT-1")))
			b.ResetTimer()
			for _, r := range batches {
				w.store(r...)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
			b.StopTimer()
			if got := w.counts(); got.Crossings != int64(n) || got.Waiting != 0 {
				b.Fatalf("%+v after %d crossings", got, n)
			}
		})
	}
}
