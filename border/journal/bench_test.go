package journal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"garita/border"
	"garita/border/journal"
	"garita/border/seal"
)

// BenchmarkAppend measures one sealed crossing beside the floor of the same rounds: overwriting
// 16 KiB in place and syncing. GARITA_BENCH_DIR names a folder on a real disk.
func BenchmarkAppend(b *testing.B) {
	dir := os.Getenv("GARITA_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	} else {
		var err error
		dir, err = os.MkdirTemp(dir, "append")
		check(b, err)
		b.Cleanup(func() { check(b, os.RemoveAll(dir)) })
	}
	r := rigIn(b, dir)
	cfg := r.config()
	cfg.Index = nil
	j, err := journal.Open(b.Context(), cfg)
	check(b, err)
	b.Cleanup(func() { check(b, j.Close()) })
	f, err := os.Create(filepath.Join(dir, "floor"))
	check(b, err)
	b.Cleanup(func() { check(b, f.Close()) })
	block := bytes.Repeat([]byte{0x5a}, 16<<10)
	for i := range 1024 {
		_, err := f.WriteAt(block, int64(i)*int64(len(block)))
		check(b, err)
	}
	check(b, f.Sync())
	hub, err := seal.HubOnly(nil)
	check(b, err)
	personal := bytes.Repeat([]byte("p"), 420)
	entry := func() *journal.Entry {
		id, err := r.ids.New()
		check(b, err)
		return &journal.Entry{Header: border.Header{Type: border.TypeCrossingRecorded, Crossing: &id, Counter: "1", Direction: border.Entry,
			Outcome: string(border.Admitted), Nationality: "UTO", Sex: "F", BirthYear: 1974, Residence: "UTO", DocumentKind: "passport",
			DocumentIssuer: "UTO", Verdict: "proceed", Shift: "0f", Officer: "9c3c1f3ab2", Category: "tourist", Purpose: "holiday",
			Checks: map[string]string{"mrz": "clear", "expiry": "clear", "lists": "clear", "history": "clear", "hub": "not_checked(hub)"}},
			Personal: personal, HubOnly: hub, Keys: r.set, Blinds: []border.BlindIndex{border.BlindIndex(id), {id[15], 2}}}
	}
	var floor, ours []time.Duration
	n := 0
	b.ResetTimer()
	for b.Loop() {
		at := time.Now()
		_, err := f.WriteAt(block, int64(n%1024)*int64(len(block)))
		check(b, err)
		check(b, unix.Fdatasync(int(f.Fd())))
		floor = append(floor, time.Since(at))
		e := entry()
		at = time.Now()
		_, err = j.Append(b.Context(), e)
		check(b, err)
		ours = append(ours, time.Since(at))
		n++
	}
	b.StopTimer()
	quantile := func(d []time.Duration, q float64) float64 {
		d = slices.Sorted(slices.Values(d))
		return float64(d[int(q*float64(len(d)-1))].Nanoseconds()) / 1000
	}
	b.ReportMetric(quantile(floor, 0.5), "floor-p50-µs")
	b.ReportMetric(quantile(ours, 0.5), "append-p50-µs")
	b.ReportMetric(quantile(ours, 0.99), "append-p99-µs")
	b.ReportMetric(quantile(ours, 0.5)/quantile(floor, 0.5), "ratio")
}
