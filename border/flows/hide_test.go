package flows

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"garita/border/flows/flowstest"
)

// attacker knows all that was shown of some tables and that their lines sum, and solves for the rest.
type attacker struct {
	flowstest.Attacker
	n      map[string]int64  // what a cell is, for the test to judge
	summed map[string]string // totals, by the table that they were summed in last
}

// line says that some cells sum to a total; known ones are shown and do not count.
func (a *attacker) line(cells []string, hidden []bool, total string, totalHidden bool) {
	var unknown []string
	for i, c := range cells {
		if hidden[i] {
			unknown = append(unknown, c)
		}
	}
	if !totalHidden {
		total = ""
	}
	a.Sum(unknown, total)
}

// table tells the attacker of a grid; name gives the names of its cells, -1 for totals.
func (a *attacker) table(g Grid, m Mask, name func(i, j int) string) {
	for i, row := range g.N {
		for j, n := range row {
			a.n[name(i, j)] = n
			for _, total := range []string{name(i, -1), name(-1, j), name(-1, -1)} {
				if a.summed[total] != name(-2, -2) {
					a.n[total], a.summed[total] = 0, name(-2, -2)
				}
				a.n[total] += n
			}
		}
	}
	for i := -1; i < len(g.Rows); i++ {
		var cells []string
		for j := range g.Columns {
			cells = append(cells, name(i, j))
		}
		if i < 0 {
			a.line(cells, m.Columns, name(-1, -1), m.All)
		} else {
			a.line(cells, m.Cells[i], name(i, -1), m.Rows[i])
		}
	}
	for j := -1; j < len(g.Columns); j++ {
		var cells []string
		var hidden []bool
		for i := range g.Rows {
			cells = append(cells, name(i, j))
			if j < 0 {
				hidden = append(hidden, m.Rows[i])
			} else {
				hidden = append(hidden, m.Cells[i][j])
			}
		}
		if j < 0 {
			a.line(cells, hidden, name(-1, -1), m.All)
		} else {
			a.line(cells, hidden, name(-1, j), m.Columns[j])
		}
	}
}

func anyGrid(rt *rapid.T, name string, rows int) Grid {
	columns := rapid.IntRange(1, 9).Draw(rt, name+" columns")
	g := Grid{}
	for i := range rows {
		g.Rows = append(g.Rows, fmt.Sprint("r", i))
		row := make([]int64, columns)
		for j := range row {
			row[j] = rapid.SampledFrom([]int64{0, 0, 0, 0, 1, 2, 4, 5, 9, 40, 900}).Draw(rt, "n")
		}
		g.N = append(g.N, row)
	}
	for j := range columns {
		g.Columns = append(g.Columns, fmt.Sprint("c", j))
	}
	return g
}

// holds checks that nothing small is shown, nothing zero hidden, and that what is hidden under a shown
// total comes to k.
func holds(rt *rapid.T, g Grid, m Mask, k int64) {
	check := func(n []int64, hidden []bool, totalHidden bool) {
		sum, under, any := int64(0), int64(0), false
		for i, x := range n {
			sum += x
			if hidden[i] {
				under, any = under+x, true
			}
			if x > 0 && x < k && !hidden[i] || x == 0 && hidden[i] {
				rt.Fatalf("%d is hidden: %v", x, hidden[i])
			}
		}
		if sum > 0 && sum < k && !totalHidden || any && !totalHidden && under < k {
			rt.Fatalf("of a total of %d, hidden %v, %d is hidden", sum, totalHidden, under)
		}
	}
	var totals []int64
	columns := make([]int64, len(g.Columns))
	for i, row := range g.N {
		check(row, m.Cells[i], m.Rows[i])
		t := int64(0)
		for j, n := range row {
			t += n
			columns[j] += n
		}
		totals = append(totals, t)
	}
	check(totals, m.Rows, m.All)
	check(columns, m.Columns, m.All)
}

// TestNothingHiddenIsGivenBack: whoever has all tables of a publication, of every post and of the country,
// and subtracts whatever can be subtracted, finds no number that was hidden.
func TestNothingHiddenIsGivenBack(t *testing.T) {
	hidden := 0
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.SampledFrom([]int64{3, 5, 10}).Draw(rt, "k")
		groups := anyGrid(rt, "groups", rapid.IntRange(1, 7).Draw(rt, "rows"))
		gm := Hide(groups, k, nil)
		holds(rt, groups, gm, k)
		a := &attacker{n: map[string]int64{}, summed: map[string]string{}}
		a.table(groups, gm, func(i, j int) string { return fmt.Sprint(i, " ", j) })
		for j := range min(2, len(groups.Columns)) { // tables of what a group divides into
			for d := range 2 {
				g := divided(rt, groups, j)
				g = g.Merge(k)
				m := Hide(g, k, gm.Totals(j))
				holds(rt, g, m, k)
				for i := range g.Rows {
					if m.Rows[i] != gm.Cells[i][j] {
						rt.Fatalf("the total of row %d is hidden in one table only", i)
					}
				}
				a.table(g, m, func(row, column int) string {
					if column == -1 {
						return fmt.Sprint(row, " ", j)
					}
					return fmt.Sprint("group ", j, " table ", d, ": ", row, " ", column)
				})
			}
		}
		hidden += a.Unknown()
		for _, cell := range a.Solved() {
			if n := a.n[cell]; n < k { // what was hidden for another's sake may follow from totals
				rt.Fatalf("subtraction gives back %s: %d\n%v\n%v", cell, n, groups, gm)
			}
		}
	})
	if hidden < 100 {
		t.Errorf("only %d cells were hidden: nothing was proved", hidden)
	}
}

// divided makes a grid whose rows sum to a column of another one.
func divided(rt *rapid.T, of Grid, j int) Grid {
	columns := rapid.IntRange(1, 8).Draw(rt, "codes")
	g := Grid{Rows: of.Rows}
	for c := range columns {
		g.Columns = append(g.Columns, fmt.Sprint(c))
	}
	for i := range of.Rows {
		row := make([]int64, columns)
		for left := of.N[i][j]; left > 0; {
			n := min(left, rapid.SampledFrom([]int64{1, 2, 5, 30, 900}).Draw(rt, "part"))
			row[rapid.IntRange(0, columns-1).Draw(rt, "code")] += n
			left -= n
		}
		g.N = append(g.N, row)
	}
	return g
}

// The attacker finds what was not hidden well: the test can fail.
func TestAttackerFinds(t *testing.T) {
	g := Grid{Rows: []string{"a", "b"}, Columns: []string{"x", "y"}, N: [][]int64{{3, 40}, {50, 60}}}
	m := Mask{Cells: [][]bool{{true, false}, {false, false}}, Rows: []bool{false, false}, Columns: []bool{false, false}}
	a := &attacker{n: map[string]int64{}, summed: map[string]string{}}
	a.table(g, m, func(i, j int) string { return fmt.Sprint(i, j) })
	if len(a.Solved()) != 1 {
		t.Errorf("found %v", a.Solved())
	}
	good := Hide(g, 5, nil)
	if !good.Cells[0][0] || !good.Cells[0][1] || !good.Cells[1][0] || !good.Cells[1][1] || good.Rows[0] || good.Columns[0] || good.All {
		t.Errorf("%+v", good)
	}
}

func BenchmarkHide(b *testing.B) {
	g := Grid{}
	for i := range 50 {
		g.Rows = append(g.Rows, fmt.Sprint(i))
		row := make([]int64, 120)
		for j := range row {
			if x := (i*7919 + j*104729) % 997; x%3 == 0 {
				row[j] = int64(x*x/(j*j+1)) % 2000
			}
		}
		g.N = append(g.N, row)
	}
	for j := range 120 {
		g.Columns = append(g.Columns, fmt.Sprint(j))
	}
	for b.Loop() {
		Hide(g, 5, nil)
	}
}
