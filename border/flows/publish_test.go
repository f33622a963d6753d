package flows

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestTotalsAreThoseOfTheSamePost: a table that has a post more or less than the table of groups, like one that was
// counted when another post had its first crossing, is hidden under the totals of the posts of the same names.
func TestTotalsAreThoseOfTheSamePost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		groups := anyGrid(rt, "groups", rapid.IntRange(1, 6).Draw(rt, "rows"))
		for i := range groups.Rows {
			groups.Rows[i] = string(rune('B' + 2*i))
		}
		column := rapid.IntRange(0, len(groups.Columns)-1).Draw(rt, "column")
		groups.Columns[column] = Arrivals().String()
		told := Publish(groups, 5)
		same := divided(rt, groups, column)
		want := told.Divide(same, Arrivals())

		other := Grid{Columns: same.Columns}
		for i, name := range same.Rows {
			if rapid.Bool().Draw(rt, "another before") {
				row := make([]int64, len(same.Columns))
				row[0] = 1
				other.Rows, other.N = append(other.Rows, string(name[0]-1)), append(other.N, row)
			}
			if slices.Max(same.N[i]) > 0 || rapid.Bool().Draw(rt, "kept") {
				other.Rows, other.N = append(other.Rows, name), append(other.N, same.N[i])
			}
		}
		if d := cmp.Diff(want, told.Divide(other, Arrivals())); d != "" {
			rt.Fatalf("posts %v of %v (-want +got):\n%s", other.Rows, groups.Rows, d)
		}
	})
}
