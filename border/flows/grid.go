package flows

import (
	"cmp"
	"maps"
	"slices"
)

// Grid is a table of counts by two things: rows and columns in order, and N[row][column]. Its
// totals follow from it.
type Grid struct {
	Rows, Columns []string
	N             [][]int64
}

// Row gives a row's counts; nil if there is no such row.
func (g *Grid) Row(name string) []int64 {
	if i := slices.Index(g.Rows, name); i >= 0 {
		return g.N[i]
	}
	return nil
}

// Builder gathers the counts of a grid in any order.
type Builder struct {
	rows, columns []string
	n             map[[2]string]int64
}

// NewBuilder returns an empty one.
func NewBuilder() *Builder { return &Builder{n: map[[2]string]int64{}} }

// Row makes sure that there is a row, Column that there is a column.
func (b *Builder) Row(name string) {
	if !slices.Contains(b.rows, name) {
		b.rows = append(b.rows, name)
	}
}

// Column makes sure that there is a column.
func (b *Builder) Column(name string) {
	if !slices.Contains(b.columns, name) {
		b.columns = append(b.columns, name)
	}
}

// Add adds to a cell.
func (b *Builder) Add(row, column string, n int64) {
	b.Row(row)
	b.Column(column)
	b.n[[2]string{row, column}] += n
}

// Rows sums the rows as they are now.
func (b *Builder) Rows() map[string]int64 {
	out := map[string]int64{}
	for at, n := range b.n {
		out[at[0]] += n
	}
	return out
}

// Grid gives what was gathered, rows and columns by name.
func (b *Builder) Grid() Grid {
	g := Grid{Rows: slices.SortedFunc(slices.Values(b.rows), cmp.Compare[string]), Columns: slices.Sorted(slices.Values(b.columns))}
	at := func(names []string) map[string]int {
		out := make(map[string]int, len(names))
		for i, n := range names {
			out[n] = i
		}
		return out
	}
	rows, columns := at(g.Rows), at(g.Columns)
	for range g.Rows {
		g.N = append(g.N, make([]int64, len(g.Columns)))
	}
	for k := range maps.Keys(b.n) {
		g.N[rows[k[0]]][columns[k[1]]] = b.n[k]
	}
	return g
}

// Other is the column of codes that are too rare to be named, see [Grid.Merge].
const Other = "_O"

// Merge puts the columns that come to less than k in all rows together into [Other]; if that comes to
// less than k itself, the rarest of the others too. So no total of a column is small, unless
// everything is.
func (g *Grid) Merge(k int64) Grid {
	order := make([]int, len(g.Columns)) // the rarest first
	sums := make([]int64, len(g.Columns))
	for j := range order {
		order[j] = j
		for _, row := range g.N {
			sums[j] += row[j]
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(sums[a], sums[b]), cmp.Compare(a, b)) })
	rare, together := map[int]bool{}, int64(0)
	for _, j := range order {
		if sums[j] == 0 || sums[j] >= k && (together == 0 || together >= k) {
			continue
		}
		rare[j] = true
		together += sums[j]
	}
	if len(rare) == 0 {
		return *g
	}
	out := Grid{Rows: g.Rows}
	for j, name := range g.Columns {
		if !rare[j] {
			out.Columns = append(out.Columns, name)
		}
	}
	out.Columns = append(out.Columns, Other)
	for _, row := range g.N {
		var kept []int64
		other := int64(0)
		for j, n := range row {
			if rare[j] {
				other += n
			} else {
				kept = append(kept, n)
			}
		}
		out.N = append(out.N, append(kept, other))
	}
	return out
}
