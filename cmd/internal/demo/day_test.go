package demo

import (
	"testing"
	"time"
)

// TestDay plays a whole day at a small post.
func TestDay(t *testing.T) { playDay(t, 200) }

func TestSoakDay(t *testing.T) {
	soak(t)
	playDay(t, 2000)
}

func playDay(t *testing.T, n int) {
	_, seed := random(t)
	script := WriteDay(n, 2, seed, time.Now())
	s := openSite(t, 2, seed, script.Listed()...)
	start := time.Now()
	r, err := s.d.RunDay(t.Context(), script)
	s.must(err)
	t.Logf("%d travellers, %d crossings in %.1f s; on the screen after %+v ms, recorded after %+v ms; mix %v", r.Presented, r.Recorded, time.Since(start).Seconds(), r.ScanToVerdict, r.Record, r.Mix)
	for _, f := range r.Faults {
		t.Error(f)
	}
	if r.Failed() || r.Recorded == 0 || r.Registered != r.Recorded {
		t.Errorf("lost %d, duplicated %d, recorded %d, registered %d", r.Lost, r.Duplicated, r.Recorded, r.Registered)
	}
}
