package match

import (
	"testing"

	"pgregory.net/rapid"
)

// plainEdit is the channel as it is defined, letter by letter, without limits and shortcuts.
func plainEdit(s *Spelling, a, b []uint8, prefix bool) int32 {
	n, m := len(a), len(b)
	if n == 0 || m == 0 || n-m > 4 || m-n > 4 && !prefix {
		return never
	}
	cost := make([][]int32, n+1)
	for i := range cost {
		cost[i] = make([]int32, m+1)
		for j := range cost[i] {
			c := int32(1 << 20)
			if i == 0 && j == 0 {
				c = 0
			}
			if i > 0 {
				c = min(c, cost[i-1][j]+s.drop(a, i-1))
			}
			if j > 0 {
				c = min(c, cost[i][j-1]+s.drop(b, j-1))
			}
			if i > 0 && j > 0 {
				at := 1
				if i == 1 || j == 1 {
					at = 0
				}
				c = min(c, cost[i-1][j-1]+int32(s.Change[at][a[i-1]][b[j-1]]))
			}
			if i > 1 && j > 0 {
				c = min(c, cost[i-2][j-1]+int32(s.Pair[a[i-2]][a[i-1]][b[j-1]]))
			}
			if i > 0 && j > 1 {
				c = min(c, cost[i-1][j-2]+int32(s.Pair[b[j-2]][b[j-1]][a[i-1]]))
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] && a[i-1] != b[j-1] {
				c = min(c, cost[i-2][j-2]+int32(s.Swap))
			}
			cost[i][j] = c
		}
	}
	best := cost[n][m]
	if prefix {
		for j := max(n-1, 1); j < m; j++ {
			best = min(best, cost[n][j]+cutCost)
		}
	}
	return min(best, never)
}

// What a spelling costs is what it costs by the definition, as long as it is below the limit.
func TestEditIsThePlainOne(t *testing.T) {
	s := Default().Spelling
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[A-FHKPSTUXZ]{1,9}`).Draw(t, "a")
		b := rapid.StringMatching(`[A-FHKPSTUXZ]{1,9}`).Draw(t, "b")
		if rapid.Bool().Draw(t, "near") && len(a) > 2 {
			at := rapid.IntRange(0, len(a)-1).Draw(t, "at")
			b = a[:at] + rapid.SampledFrom([]string{"", "H", "KH", "PH", a[at:], "OU"}).Draw(t, "in") + a[min(len(a), at+1):]
		}
		if b == "" {
			return
		}
		var x, y code
		x.set(a)
		y.set(b)
		prefix, limit := rapid.Bool().Draw(t, "prefix"), rapid.Int32Range(1, never).Draw(t, "limit")
		want := plainEdit(s, x.c[:x.n], y.c[:y.n], prefix)
		if got := s.edit(&x, &y, 0, 0, prefix, limit); min(got, never) != want && (want < limit || got < limit) {
			t.Fatalf("%s and %s: %d, want %d, limit %d", a, b, got, want, limit)
		}
	})
}

// Words that a glance tells to be beyond some letters are.
func TestBeyondIsBeyond(t *testing.T) {
	distance := func(a, b string) int {
		row := make([]int, len(b)+1)
		for j := range row {
			row[j] = j
		}
		for i := range a {
			last := row[0]
			row[0] = i + 1
			for j := range b {
				c := last
				if a[i] != b[j] {
					c++
				}
				last = row[j+1]
				row[j+1] = min(c, row[j]+1, row[j+1]+1)
			}
		}
		return row[len(b)]
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[A-F]{1,8}`).Draw(t, "a"), rapid.StringMatching(`[A-F]{1,8}`).Draw(t, "b")
		cut := rapid.Bool().Draw(t, "prefix")
		d := distance(a, b)
		if cut {
			for j := range b {
				d = min(d, distance(a, b[:j]))
			}
		}
		if GlanceOf(a).Beyond(GlanceOf(b), d, cut) {
			t.Fatalf("%s and %s are %d letters apart, and said to be further", a, b, d)
		}
	})
}
