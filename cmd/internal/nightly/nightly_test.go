package nightly

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
)

func TestDue(t *testing.T) {
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 0, 0, time.FixedZone("post", -6*3600))
	}
	for _, c := range []struct {
		last, now time.Time
		want      bool
	}{
		{at(1, 12, 0), at(1, 18, 0), false},
		{at(1, 12, 0), at(2, 2, 59), false},
		{at(1, 12, 0), at(2, 3, 0), true},
		{at(2, 3, 0), at(2, 3, 1), false},
		{at(2, 3, 0), at(3, 3, 0), true},
		{at(1, 12, 0), at(2, 5, 0), false}, // the day has begun
		{at(1, 2, 59), at(1, 3, 1), true},
		{at(1, 12, 0), at(2, 13, 59), false},
		{at(1, 12, 0), at(2, 14, 0), true}, // it was off at night
	} {
		if got := Due(c.last, c.now); got != c.want {
			t.Errorf("done at %v, due at %v: %v", c.last, c.now, got)
		}
	}
}

// Each day the work is done once, whatever the clock does; a clock that goes back delays it by a
// day at most.
func TestRun(t *testing.T) {
	var hours, done atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	looked := make(chan struct{})
	go func() {
		defer close(ended)
		Run(ctx, time.Microsecond, func() time.Time {
			at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(hours.Load()) * time.Hour)
			select {
			case looked <- struct{}{}:
			case <-ctx.Done():
			}
			return at
		}, func(context.Context) { done.Add(1) })
	}()
	hour := func(n int64) {
		<-looked
		hours.Add(n)
		<-looked
		<-looked
	}
	for range 24 * 3 {
		hour(1)
	}
	if done.Load() != 3 {
		t.Errorf("%d times in three days", done.Load())
	}
	hour(-240)
	for range 25 {
		hour(1)
	}
	if n := done.Load(); n != 4 {
		t.Errorf("%d times after the clock went back and another day", n)
	}
	stop()
	<-ended
}
