package link

import (
	"testing"
	"time"
)

func TestBackoffGrowsWithinItsBounds(t *testing.T) {
	b := Backoff{Min: 100 * time.Millisecond, Max: 3 * time.Second}
	for i := range 200 {
		top := 3 * time.Second
		if i < 5 {
			top = 100 * time.Millisecond << i
		}
		if d := b.Next(); d < top/2 || d > top {
			t.Fatalf("wait %d is %v, want %v to %v", i, d, top/2, top)
		}
	}
	b.Reset()
	if d := b.Next(); d > 100*time.Millisecond {
		t.Errorf("after a reset: %v", d)
	}
}
