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
