package supervisor_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest"
	"garita/devices/supervisor"
)

// Two readers, two counters, 1,000 documents one after the other in random order of
// readers and with random pauses of none: each must reach its own counter, once.
func TestNoScanOnTheWrongCounter(t *testing.T) {
	const total = 1000
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))

	readers := []*devicetest.Reader{openReader(t, "left"), openReader(t, "right")}
	counters := []border.CounterID{"1", "2"}
	var mu sync.Mutex
	got := map[border.CounterID][]string{}
	all := make(chan struct{})
	n := 0
	s := start(t, []supervisor.Scanner{
		{ID: "left", Profile: "generic-framed-mrz", Path: readers[0].Path(), Counter: counters[0]},
		{ID: "right", Profile: "generic-framed-mrz", Path: readers[1].Path(), Counter: counters[1]},
	}, func(_ context.Context, scan border.Scan) error {
		mu.Lock()
		defer mu.Unlock()
		got[scan.Counter] = append(got[scan.Counter], strings.Join(scan.Lines, "\n"))
		if n++; n == total {
			close(all)
		}
		return nil
	})
	until(t, s, "left", "ready")
	until(t, s, "right", "ready")

	// One goroutine per reader, each with its own documents in its own order.
	sent := map[border.CounterID][]string{}
	var work [2][][]string
	for i := range total {
		lines := devicetest.RandomDocument(rng, i)
		k := rng.IntN(2)
		work[k] = append(work[k], lines)
		sent[counters[k]] = append(sent[counters[k]], strings.Join(lines, "\n"))
	}
	var presenting sync.WaitGroup
	for k, r := range readers {
		presenting.Go(func() {
			for i, lines := range work[k] {
				if _, err := r.Present(lines); err != nil {
					t.Error(err)
					return
				}
				if i%50 == 0 {
					time.Sleep(10 * time.Millisecond) // let the other one get ahead
				}
			}
		})
	}
	presenting.Wait()
	select {
	case <-all:
	case <-time.After(30 * time.Second):
	}
	mu.Lock()
	defer mu.Unlock()
	for _, c := range counters {
		if !slices.Equal(sent[c], got[c]) {
			t.Errorf("counter %s: %d documents sent, %d received, or not the same ones in the same order", c, len(sent[c]), len(got[c]))
		}
	}
	if len(got) != 2 || len(sent[counters[0]]) == 0 || len(sent[counters[1]]) == 0 {
		t.Errorf("%d counters got scans", len(got))
	}
}
