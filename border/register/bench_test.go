package register

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"
	"time"

	"garita/border"
)

// BenchmarkStore stores events in batches as the intake does: raw events durable, parts
// opened, crossings, stays, flows and proposals projected. The travellers have names and
// birth dates, and ids rise with time, as at a border. events/s depends on the disk and on
// who else works; cpu-ms/1000, the processor time of a thousand events, hardly does.
func BenchmarkStore(b *testing.B) {
	for _, c := range []struct {
		name                    string
		batch, documents, other int // other: of so many exits one is on a new document
	}{
		{"live", 1, 1 << 30, 0},
		{"backlog, each its own document", 2000, 1 << 30, 0},
		{"backlog, in and out", 2000, 1000, 0},
		{"backlog, in and out, some on another document", 2000, 1000, 10},
		{"backlog, twenty documents", 2000, 20, 0},
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
					h, who := entered(0), invented(n%c.documents)
					if n/c.documents%2 == 1 {
						h = left(0)
						if c.other > 0 && n%c.other == 0 {
							who.document = fmt.Sprintf("N%d", n)
						}
					}
					h.OccurredAt = hour(0).Add(time.Duration(n) * time.Minute)
					id := border.ID{6: 0x70, 8: 0x80}
					binary.BigEndian.PutUint32(id[2:], uint32(n))
					h.Crossing = &id
					events = append(events, book.write(h, who))
					n++
				}
				batches = append(batches, sent(events...))
			}
			w.must(w.reg.StoreWraps(b.Context(), w.wraps("PUT-1")))
			before := processor(b)
			b.ResetTimer()
			for _, r := range batches {
				w.store(r...)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric((processor(b)-before).Seconds()*1e6/float64(n), "cpu-ms/1000")
			b.StopTimer()
			if got := w.counts(); got.Crossings != int64(n) || got.Waiting != 0 {
				b.Fatalf("%+v after %d crossings", got, n)
			}
		})
	}
}

// invented is traveller n: 20,000 birth dates, so that strangers share one now and then.
func invented(n int) somebody {
	name := func(n int) string {
		var s []byte
		for range 4 {
			s = append(s, "BDFGKLMNPRST"[n%12], "AEIOU"[n%5])
			n /= 7
		}
		return string(s)
	}
	return somebody{document: fmt.Sprintf("U%07d", n), surname: name(n), given: name(n + 5),
		born: time.Date(1950, 1, 1+n*7919%20_000, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), sex: []string{"F", "M", "X"}[n%3]}
}

// processor is the processor time that this process has used.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
