package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/border/papers"
)

// mutate damages a document: bits, bytes, lengths, pieces doubled, moved and cut, and pieces of
// another document.
func mutate(r *rand.Rand, b, other []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(12) {
		if len(b) < 16 {
			return b
		}
		at := 5 + r.IntN(len(b)-5) // the head stays: what is no paper at all never comes this far
		n := 1 + r.IntN(min(64, len(b)-at))
		switch r.IntN(8) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = []byte{0, 0xFF, 0x7F, 0x80, '0', '9', '<', '('}[r.IntN(8)]
		case 2:
			b = slices.Delete(b, at, at+n)
		case 3:
			b = slices.Insert(b, at, bytes.Repeat(b[at:at+n], 1+r.IntN(40))...)
		case 4:
			b = b[:at]
		case 5:
			from := r.IntN(max(1, len(other)-64))
			b = slices.Insert(b, at, other[from:min(len(other), from+n)]...)
		case 6: // numbers become enormous: sizes, counts, offsets
			if i := bytes.IndexAny(b[at:], "123456789"); i >= 0 {
				b = slices.Replace(b, at+i, at+i+1, []byte([]string{"99999999999", "-1", "0", "2147483647", "1e30"}[r.IntN(5)])...)
			}
		case 7:
			for i := range min(4, len(b)-at) {
				b[at+i] = byte(r.Uint32())
			}
		}
	}
	return b
}

// TestMutatedSoak draws damaged papers through the real process: dozens of them, and 2,000 with
// GARITA_SOAK=1. None harms the one who asked, each ends in time, and none makes the library try
// what the filter forbids.
func TestMutatedSoak(t *testing.T) {
	count := 60
	if os.Getenv("GARITA_SOAK") != "" {
		count = 2000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 7))
	samples := [][]byte{pdf(false, letter, []string{"second"}), pdf(true, letter), sample(t, "portrait.jp2"), sample(t, "portrait.j2k")}
	r := renderer(t, papers.Config{})
	results := map[border.Code]int{}
	var longest time.Duration
	for i := range count {
		document := mutate(random, samples[i%len(samples)], samples[random.IntN(len(samples))])
		began := time.Now()
		_, err := r.Draw(t.Context(), document, 0, 400, 400)
		took := time.Since(began)
		longest = max(longest, took)
		code := border.CodeOf(err)
		results[code]++
		if code == border.Internal || code == border.Unavailable || bytes.Contains([]byte(border.MessageOf(err)), []byte("no paper needs")) {
			t.Errorf("paper %d of seed %d: %v", i, seed, err)
		}
		if took > 4*papers.Deadline {
			t.Errorf("paper %d of seed %d took %v", i, seed, took)
		}
	}
	t.Logf("%d papers; drawn %d, refused as invalid %d, as too large %d; the longest took %v", count, results[""], results[border.Invalid], results[border.TooLarge], longest.Round(time.Millisecond))
	if results[""] == 0 || results[border.Invalid] == 0 {
		t.Error("all were drawn or none: the mutations prove nothing")
	}
	if left := childrenOf(t, os.Getpid()); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}
