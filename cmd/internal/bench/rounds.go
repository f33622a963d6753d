package bench

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"garita/border/clock"
	"garita/border/journal"
	"garita/cmd/internal/version"
)

// The operations of a round.
const (
	opFloor = iota
	opJournal
	opHTTP
	opEmpty
	ops
)

// rounds interleaves the operations and compares them block by block.
func (r *rig) rounds(ctx context.Context) (*Record, error) {
	for range warmUp {
		if _, err := r.round(ctx); err != nil {
			return nil, err
		}
	}
	var all [ops][]time.Duration
	var overFloor, overJournal, minus, own [2][]float64 // p50, p99 of each block
	start := time.Now()
	for b := 0; b < blocks && time.Since(start) < budget; b++ {
		var block [ops][]time.Duration
		for range perBlock {
			took, err := r.round(ctx)
			if err != nil {
				return nil, err
			}
			for op, d := range took {
				block[op] = append(block[op], d)
			}
		}
		for i, q := range []float64{0.50, 0.99} {
			f, j, h := quantile(block[opFloor], q), quantile(block[opJournal], q), quantile(block[opHTTP], q)
			overFloor[i] = append(overFloor[i], j/f)
			overJournal[i] = append(overJournal[i], h/j)
			minus[i] = append(minus[i], h-j)
			own[i] = append(own[i], h-j-quantile(block[opEmpty], q))
		}
		for op := range block {
			all[op] = append(all[op], block[op]...)
		}
	}
	both := func(d []time.Duration) Quantiles { return Quantiles{quantile(d, 0.50), quantile(d, 0.99)} }
	medians := func(m [2][]float64) Quantiles { return Quantiles{median(m[0]), median(m[1])} }
	return &Record{Floor: both(all[opFloor]), Journal: both(all[opJournal]), HTTP: both(all[opHTTP]), Empty: both(all[opEmpty]),
		JournalOverFloor: medians(overFloor), HTTPOverJournal: medians(overJournal), HTTPMinusJournal: medians(minus), HTTPOwn: medians(own),
		Rounds: len(all[opFloor])}, nil
}

// round does each operation once, in random order.
func (r *rig) round(ctx context.Context) (took [ops]time.Duration, err error) {
	for _, op := range r.rng.Perm(ops) {
		switch op {
		case opFloor:
			took[op], err = r.onFloor()
		case opJournal:
			took[op], err = r.inJournal(ctx)
		case opHTTP:
			took[op], err = r.overHTTP(ctx)
		case opEmpty:
			took[op], err = r.empty()
		}
		if err != nil {
			return took, err
		}
	}
	return took, nil
}

// groups loads one journal with group commit and one without in turn, and measures the
// room that a crossing takes.
func (r *rig) groups(ctx context.Context, out *Record) error {
	var rates [2][]float64
	var journals [2]*journal.Journal
	for i, name := range []string{"grouped", "ungrouped"} {
		j, err := r.journal(ctx, filepath.Join(r.dir, name), i == 0)
		if err != nil {
			return err
		}
		defer j.Close()
		journals[i] = j
	}
	var written int64
	for n := range turns + 1 {
		for i, j := range journals {
			count, took, err := r.load(ctx, j)
			if err != nil {
				return err
			}
			if i == 0 {
				written += count
			}
			if n > 0 { // the first slice warms up
				rates[i] = append(rates[i], float64(count)/took.Seconds())
			}
		}
	}
	out.GroupedPerS, out.UngroupedPerS = median(rates[0]), median(rates[1])
	if err := journals[0].Close(); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(r.dir, "grouped", journal.FileName))
	if err != nil {
		return err
	}
	out.BytesPerCrossing = info.Size() / written
	out.YearsPer64GB = 64e9 / float64(out.BytesPerCrossing) / 1000 / 365.25
	return nil
}

func (r *rig) journal(ctx context.Context, dir string, grouped bool) (*journal.Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	cfg := journal.Config{Dir: dir, Station: "BEN-1", Post: "BEN", Clock: clock.System(version.Built()), Keys: r.station.Keys()}
	if !grouped {
		cfg.MaxBatch = 1
	}
	return journal.Open(ctx, cfg)
}

// load appends from many callers for one slice of time.
func (r *rig) load(ctx context.Context, j *journal.Journal) (count int64, took time.Duration, err error) {
	var group sync.WaitGroup
	var n atomic.Int64
	errs := make([]error, callers)
	start := time.Now()
	for i := range callers {
		group.Go(func() {
			for time.Since(start) < sliceTime {
				e, err := r.entry()
				if err == nil {
					_, err = j.Append(ctx, e)
				}
				if err != nil {
					errs[i] = err
					return
				}
				n.Add(1)
			}
		})
	}
	group.Wait()
	return n.Load(), time.Since(start), errors.Join(errs...)
}

// quantile gives a quantile of a series in microseconds.
func quantile(d []time.Duration, q float64) float64 {
	if len(d) == 0 {
		return 0
	}
	s := sorted(d)
	return float64(s[min(len(s)-1, int(q*float64(len(s))))].Nanoseconds()) / 1000
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := sorted(v)
	return s[len(s)/2]
}

func sorted[T cmp.Ordered](v []T) []T {
	s := slices.Clone(v)
	slices.Sort(s)
	return s
}
