package streamtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/downlink/follow"
)

// TestSoakDeltaLatency publishes 200 small releases and measures how long each of two posts
// takes to put it in force, with followers as stations configure them and replicas in
// memory. What a replica on a disk adds is measured where the station is.
func TestSoakDeltaLatency(t *testing.T) {
	if os.Getenv("GARITA_SOAK") == "" {
		t.Skip("GARITA_SOAK is not set")
	}
	const releases = 200
	c := newCountry(t)
	c.startPublisher()
	asInTheField := func(f *follow.Config) {
		f.Check, f.Notice, f.Jitter, f.RequestTimeout, f.ChunkTimeout, f.RetryMax, f.Ping = 0, 0, 0, 0, 0, 0, 0
	}
	posts := []*post{c.post("PUT-1", c.url(), asInTheField), c.post("PUT-2", c.url(), asInTheField)}
	first := c.release(true, 2<<20)
	for _, p := range posts {
		p.reaches(t, first)
	}
	var mu sync.Mutex
	published := map[uint64]time.Time{}
	var took []time.Duration
	for _, p := range posts {
		p.replica.OnApplied(func(at border.ListPosition) {
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(published[at.Version]))
		})
	}
	const seed = 5
	random := rand.New(rand.NewPCG(seed, seed))
	var last border.ListPosition
	for i := range releases {
		file := bordertest.Filled(fmt.Sprint("delta ", i), 500+random.IntN(40_000))
		mu.Lock()
		published[uint64(i)+2] = time.Now()
		mu.Unlock()
		last = c.lists.Release(national, false, file)
		time.Sleep(time.Duration(random.IntN(600)) * time.Millisecond)
	}
	for _, p := range posts {
		p.reaches(t, last)
	}
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(took)
	if len(took) != 2*releases {
		t.Fatalf("%d releases came into force, want %d", len(took), 2*releases)
	}
	at := func(p int) time.Duration { return took[len(took)*p/100] }
	t.Logf("seed %d: from publication to in force, %d releases at two posts: p50 %v, p95 %v, longest %v", seed, releases, at(50), at(95), took[len(took)-1])
	if at(95) > 5*time.Second {
		t.Errorf("p95 %v, want 5 s at most", at(95))
	}
}
