package flows

import "container/heap"

// SmallCell is the number below which a count may point at a person, where nothing else is
// configured.
const SmallCell = 5

// Mask says which cells of a grid are hidden, and which of its totals.
type Mask struct {
	Cells   [][]bool
	Rows    []bool // totals of rows
	Columns []bool // totals of columns
	All     bool   // the total of all
}

// Hide chooses what of a grid may not be shown to whoever may see aggregates only: every count from
// 1 to k-1, and as many others as it takes so that no sum or difference of what is shown gives a
// hidden one back. Where a total is shown, what is hidden under it comes to k together. Zeros are
// shown: that nobody came is nobody's secret.
//
// Tables that are published together share totals. totals says which row totals, and last the total
// of all, another table hides; those stand, and this grid tells nothing about the hidden ones that the
// other one does not. nil: this grid decides.
//
// The cells with their totals are edges between rows and columns, and each line of them sums to
// nothing if totals count against it. What is hidden can be found by subtraction exactly where an
// edge is in no cycle of hidden ones; so each gets one, the cheapest. Under another table's totals
// there are cycles without them, so that knowing them does not help, and what is hidden of rows
// with a hidden total hangs together, so that only the sum of these totals can be found. Such a grid
// must have no small column total, see [Grid.Merge]: where every post has one code only, nothing but the
// other table could hide it. It holds against sums and differences, not against guesses from bounds, nor
// from what was published of other times.
func Hide(g Grid, k int64, totals []bool) Mask {
	h := hiding{rows: len(g.Rows) + 1, columns: len(g.Columns) + 1, k: k, under: totals != nil}
	h.n = make([]int64, h.rows*h.columns)
	h.hidden = make([]bool, len(h.n))
	for i, row := range g.N {
		for j, n := range row {
			h.n[h.at(i, j)] = n
			h.n[h.at(i, h.columns-1)] += n
			h.n[h.at(h.rows-1, j)] += n
			h.n[h.at(h.rows-1, h.columns-1)] += n
		}
	}
	for e, n := range h.n {
		h.hidden[e] = n > 0 && n < k
	}
	for i, hidden := range totals {
		e := h.at(i, h.columns-1)
		h.hidden[e] = hidden && h.n[e] != 0
	}
	h.vain = make([]bool, len(h.n))
	for _, e := range h.alone(func(int) bool { return true }) {
		h.vain[e] = true
	}
	for h.lines() || h.together() || h.rounds() { // each finds more to hide, until none does
	}
	return h.mask()
}

// hiding is the work of one grid: its cells with the totals as last row and column.
type hiding struct {
	rows, columns int
	k             int64
	n             []int64
	hidden        []bool
	vain          []bool // in no cycle of all cells: follows from totals
	under         bool   // totals of rows are another table's
}

func (h *hiding) at(i, j int) int { return i*h.columns + j }

func (h *hiding) mask() Mask {
	m := Mask{All: h.hidden[len(h.hidden)-1]}
	for i := range h.rows {
		row := h.hidden[h.at(i, 0):h.at(i, h.columns-1)]
		if i == h.rows-1 {
			m.Columns = row
			break
		}
		m.Cells, m.Rows = append(m.Cells, row), append(m.Rows, h.hidden[h.at(i, h.columns-1)])
	}
	return m
}

// lines hides more where a total is shown and what is hidden under it comes to less than k.
func (h *hiding) lines() (more bool) {
	for i := range h.rows {
		more = h.line(h.at(i, 0), 1, h.columns) || more
	}
	for j := range h.columns {
		more = h.line(j, h.columns, h.rows) || more
	}
	return more
}

func (h *hiding) line(first, step, count int) (more bool) {
	total := first + step*(count-1)
	if h.hidden[total] || h.n[total] == 0 {
		return false
	}
	for {
		sum, any, least := int64(0), false, -1
		for e := first; e < total; e += step {
			switch {
			case h.hidden[e]:
				sum, any = sum+h.n[e], true
			case h.n[e] > 0 && !h.vain[e] && (least < 0 || h.n[e] < h.n[least]):
				least = e
			}
		}
		if !any || sum >= h.k || least < 0 {
			return more
		}
		h.hidden[least], more = true, true
	}
}

// together joins the rows whose totals are hidden by another table.
func (h *hiding) together() (more bool) {
	first := -1
	for i := range h.rows {
		switch {
		case !h.under || !h.hidden[h.at(i, h.columns-1)]:
		case first < 0:
			first = i
		default:
			more = h.way(first, i, -1) || more
		}
	}
	return more
}

// rounds puts every hidden edge that is in no cycle of hidden ones into one, if it is in any.
func (h *hiding) rounds() (more bool) {
	for _, e := range h.alone(func(e int) bool { return h.hidden[e] }) {
		if !h.vain[e] {
			from, to := h.ends(e)
			more = h.way(from, to, e) || more
		}
	}
	return more
}

// vertices are the rows, then the columns; ends gives those of an edge.
func (h *hiding) ends(e int) (row, column int) { return e / h.columns, h.rows + e%h.columns }

// around calls visit for the edges at a vertex that are not zero, and for their other ends.
func (h *hiding) around(v int, visit func(e, to int)) {
	columns := h.columns
	if h.under {
		columns--
	}
	if v < h.rows {
		for j := range columns {
			if e := h.at(v, j); h.n[e] != 0 {
				visit(e, h.rows+j)
			}
		}
		return
	}
	for i := range h.rows {
		if e := h.at(i, v-h.rows); v-h.rows < columns && h.n[e] != 0 {
			visit(e, i)
		}
	}
}

// alone lists the bridges of the graph of some edges (Tarjan 1974).
func (h *hiding) alone(of func(e int) bool) (out []int) {
	seen := make([]int, h.rows+h.columns) // order of visit, from 1
	low := make([]int, len(seen))
	order := 0
	var walk func(v, by int)
	walk = func(v, by int) {
		order++
		seen[v], low[v] = order, order
		h.around(v, func(e, to int) {
			switch {
			case !of(e) || e == by:
			case seen[to] > 0:
				low[v] = min(low[v], seen[to])
			default:
				walk(to, e)
				if low[v] = min(low[v], low[to]); low[to] > seen[v] {
					out = append(out, e)
				}
			}
		})
	}
	for v := range seen {
		if seen[v] == 0 {
			walk(v, -1)
		}
	}
	return out
}

// way hides the cheapest way between two vertices, the one on which the least is hidden anew
// (Dijkstra), without one edge. It reports whether anything was.
func (h *hiding) way(from, to, without int) (more bool) {
	const far = int64(1) << 62
	cost := make([]int64, h.rows+h.columns)
	by := make([]int, len(cost))
	for v := range cost {
		cost[v], by[v] = far, -1
	}
	cost[from] = 0
	for q := (&queue{{0, from}}); q.Len() > 0; {
		at := heap.Pop(q).(step) //nolint:forcetypeassert // nothing else is in it
		if at.cost > cost[at.v] {
			continue
		}
		h.around(at.v, func(e, next int) {
			c := at.cost + 1 // of two ways the shorter
			if !h.hidden[e] {
				c += h.n[e] << 8
			}
			if e != without && c < cost[next] {
				cost[next], by[next] = c, e
				heap.Push(q, step{c, next})
			}
		})
	}
	for v := to; v != from && by[v] >= 0; {
		e := by[v]
		more = more || !h.hidden[e]
		h.hidden[e] = true
		row, column := h.ends(e)
		v = row + column - v
	}
	return more
}

// step is a vertex to go on from, queue the nearest first.
type step struct {
	cost int64
	v    int
}
type queue []step

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].cost < q[j].cost }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(step)) } //nolint:forcetypeassert // see round
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// Totals gives what of a column is hidden, and last its total: for the table of what the column
// divides into, see [Hide].
func (m *Mask) Totals(column int) (out []bool) {
	for _, row := range m.Cells {
		out = append(out, row[column])
	}
	return append(out, m.Columns[column])
}
