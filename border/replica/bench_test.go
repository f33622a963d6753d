package replica_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"garita/border/bordertest"
	"garita/border/watch"
)

// BenchmarkApply measures how long a delta of 1,000 changes takes from Offer until checks use it,
// and how long a station takes to open its copy. GARITA_ENTRIES=1000000 for the full size.
func BenchmarkApply(b *testing.B) {
	n := 20_000
	if s := os.Getenv("GARITA_ENTRIES"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		check(b, err)
	}
	b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
		h := newHub(b, 1)
		first := h.snapshot(b, puts(0, n)...)
		r := newRig(b, h)
		r.take(first)
		from := n
		var applied, built time.Duration
		var spent time.Duration
		rounds := 0
		for b.Loop() {
			b.StopTimer()
			m := h.delta(b, changesOf(from, n)...)
			from += 400
			b.StartTimer()
			begun, busy := time.Now(), cpu(b)
			check(b, deliver(context.Background(), r, m))
			built += time.Since(begun)
			check(b, r.Apply(context.Background(), m.Manifest))
			applied += time.Since(begun)
			spent += cpu(b) - busy
			rounds++
		}
		b.ReportMetric(applied.Seconds()*1e3/float64(rounds), "ms/delta")
		b.ReportMetric(spent.Seconds()*1e3/float64(rounds), "ms-CPU/delta")
		b.ReportMetric(built.Seconds()*1e3/float64(rounds), "ms-to-receive/delta")
		check(b, r.Close())
		begun, busy := time.Now(), cpu(b)
		r.open()
		b.ReportMetric(time.Since(begun).Seconds()*1e3, "ms/open")
		b.ReportMetric((cpu(b)-busy).Seconds()*1e3, "ms-CPU/open")
		if p, err := r.Position(b.Context(), "national"); err != nil || p.Version != uint64(rounds)+1 {
			b.Fatalf("%+v, %v", p, err)
		}
		var mem runtime.MemStats
		r.hub.entries, h.entries = nil, nil
		runtime.GC()
		runtime.ReadMemStats(&mem)
		b.ReportMetric(float64(mem.HeapAlloc)/(1<<20), "MiB-heap")
		b.ReportMetric(float64(size(first))/(1<<20), "MiB-snapshot")
		b.ReportMetric(float64(size(h.last))/(1<<10), "KiB-delta")
	})
}

// cpu is the time that this process has spent on processors.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func size(m bordertest.MadeRelease) (n int64) {
	for _, f := range m.Files {
		n += int64(len(f))
	}
	return n
}

// changesOf makes 1,000 changes: 400 new people, 500 changed and 100 withdrawn.
func changesOf(from, n int) []watch.Change {
	out := puts(from, from+400)
	for i := range 500 {
		e := person((from + i*13) % (n / 2))
		e.Sex, e.Updated = "F", fmt.Sprint(from)
		out = append(out, watch.Change{Put: e})
	}
	for i := range 100 {
		key := person(n - 1 - (from-n)/4 - i).Key()
		out = append(out, watch.Change{Remove: &key})
	}
	return out
}
