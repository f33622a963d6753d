package journal

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"garita/border"
)

// The tail knows what it was given and what it was told to forget, never holds more than
// its limit, says from where on it left events out, and keeps nothing for good.
func TestTailAgreesWithASimpleModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const limit = 6
		tl := newTail(limit)
		var known []filed // by the model: committed and not in the table, in order
		held := map[int64]bool{}
		left, next := int64(0), int64(1)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"add", "add", "drop", "anew"}).Draw(rt, "step") {
			case "add":
				f := filed{pos: next}
				for _, b := range rapid.SliceOfNDistinct(rapid.ByteRange(1, 4), 0, 3, rapid.ID[byte]).Draw(rt, "blinds") {
					f.blinds = append(f.blinds, border.BlindIndex{b})
				}
				room := tl.size()+len(f.blinds) <= limit
				tl.add([]filed{f}, false)
				known, held[next] = append(known, f), room
				if !room && left == 0 {
					left = next
				}
				next++
			case "drop":
				n := rapid.IntRange(0, len(known)).Draw(rt, "n")
				gone := make([]pendingEvent, n)
				for i := range gone {
					gone[i].pos = known[i].pos
				}
				tl.drop(gone, n == len(known))
				known = known[n:]
				switch {
				case len(known) == 0:
					left = 0
				case left > 0 && n > 0:
					left = max(left, gone[n-1].pos+1)
				}
			case "anew":
				tl.add(nil, true)
				known, left = nil, 0
			}
			compareTail(rt, tl, known, held, left)
		}
		tl.drop(pendingOf(known), true)
		if len(tl.waiting)+len(tl.at)+tl.n != 0 || tl.left != 0 {
			rt.Fatalf("an empty tail keeps %d events, %d blind indexes, %d, from %d", len(tl.waiting), len(tl.at), tl.n, tl.left)
		}
	})
}

func pendingOf(known []filed) (out []pendingEvent) {
	for _, f := range known {
		out = append(out, pendingEvent{pos: f.pos})
	}
	return out
}

func compareTail(rt *rapid.T, tl *tail, known []filed, held map[int64]bool, left int64) {
	n := 0
	at := map[border.BlindIndex][]int64{}
	for _, f := range known {
		blinds, sure := tl.of(f.pos)
		if held[f.pos] {
			n += len(f.blinds)
			for _, b := range f.blinds {
				at[b] = append(at[b], f.pos)
			}
			if !sure || !slices.Equal(blinds, f.blinds) {
				rt.Fatalf("event %d: %v (%v), want %v", f.pos, blinds, sure, f.blinds)
			}
		} else if sure || left == 0 || f.pos < left {
			rt.Fatalf("event %d was left out, and the tail is sure of it (left %d)", f.pos, left)
		}
	}
	if tl.size() != n || n > tl.limit || tl.left != left {
		rt.Fatalf("size %d and left %d, want %d and %d", tl.size(), tl.left, n, left)
	}
	for b := byte(1); b <= 4; b++ {
		if got, from := tl.find(border.BlindIndex{b}); !slices.Equal(got, at[border.BlindIndex{b}]) || from != left {
			rt.Fatalf("%d is at %v from %d, want %v", b, got, from, at[border.BlindIndex{b}])
		}
	}
}
