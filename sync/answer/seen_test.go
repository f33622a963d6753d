package answer

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"garita/border"
)

func signature(n uint64) []byte {
	b := make([]byte, 64)
	binary.BigEndian.PutUint64(b, n)
	return b
}

// TestNothingIsTakenTwice sends requests and copies of them in any order while the hub's clock goes
// on, or jumps.
func TestNothingIsTakenTwice(t *testing.T) {
	begin := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		s, now := newSeen(begin), begin
		taken, signed := map[uint64]bool{}, map[uint64]time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "wait")) * time.Second)
			n := rapid.Uint64Range(0, 9).Draw(t, "request")
			if _, made := signed[n]; !made {
				signed[n] = now.Add(time.Duration(rapid.IntRange(-30, 30).Draw(t, "offset")) * time.Second)
			}
			age := now.Sub(signed[n])
			err := s.note(now, signed[n], signature(n))
			fresh := age <= oldest && age >= -oldest && !signed[n].Before(begin)
			switch {
			case err == nil && taken[n]:
				t.Fatalf("request %d was taken twice, %v after it was signed", n, age)
			case (err == nil) != (fresh && !taken[n]):
				t.Fatalf("request %d of age %v: %v", n, age, err)
			case err != nil && border.CodeOf(err) != border.Stale:
				t.Fatalf("untyped refusal: %v", err)
			}
			taken[n] = taken[n] || err == nil
		}
	})
}

// TestSeenIsBounded: whoever floods the hub with requests of its own is refused, and forgotten.
func TestSeenIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	s := newSeen(now)
	for i := range uint64(maxSeen) {
		if err := s.note(now, now, signature(i)); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	if err := s.note(now, now, signature(maxSeen)); border.CodeOf(err) != border.Unavailable || len(s.at) > maxSeen {
		t.Errorf("one more: %v, %d remembered", err, len(s.at))
	}
	now = now.Add(oldest + time.Second)
	if err := s.note(now, now, signature(maxSeen)); err != nil || len(s.at) != 1 {
		t.Errorf("later: %v, %d remembered", err, len(s.at))
	}
}
