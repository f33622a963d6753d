package demo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"garita/border"
)

// tally counts events by what they were: the cells have no N.
type tally map[border.Count]int64

// admittedVisitor is the cell of most entries.
var admittedVisitor = border.Count{Type: border.TypeCrossingRecorded, Direction: border.Entry, Category: "visitor", Outcome: string(border.Admitted)}

// in, out and ended add crossings to what a scene will leave in the journal; other adds
// events that are none.
func (t tally) in(categories ...string) tally {
	for _, c := range categories {
		t.ended(border.Entry, border.Admitted, c)
	}
	return t
}

func (t tally) out(categories ...string) tally {
	for _, c := range categories {
		t.ended(border.Exit, border.Departed, c)
	}
	return t
}

func (t tally) ended(direction string, o border.Outcome, category string) tally {
	t[border.Count{Type: border.TypeCrossingRecorded, Direction: direction, Outcome: string(o), Category: category}]++
	return t
}

func (t tally) corrected(direction string, o border.Outcome, category string) tally {
	t[border.Count{Type: border.TypeCrossingCorrected, Direction: direction, Outcome: string(o), Category: category}]++
	return t
}

func (t tally) other(typ, direction string, n int64) tally {
	t[border.Count{Type: typ, Direction: direction}] += n
	return t
}

// add puts another tally to this one.
func (t tally) add(other tally) {
	for c, n := range other {
		t[c] += n
	}
}

// everywhere counts without regard to the counter.
func (t tally) everywhere() tally {
	all := make(tally)
	for c, n := range t {
		c.Counter = ""
		all[c] += n
	}
	return all
}

// lines writes a tally down in a fixed order.
func (t tally) lines() []border.Count {
	out := make([]border.Count, 0, len(t))
	for c, n := range t {
		c.N = n
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b border.Count) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Counter, b.Counter), cmp.Compare(a.Direction, b.Direction),
			cmp.Compare(a.Category, b.Category), cmp.Compare(a.Outcome, b.Outcome))
	})
	return out
}

// tallyOf reads a report.
func tallyOf(counts []border.Count) tally {
	t := make(tally)
	for _, c := range counts {
		n := c.N
		c.N = 0
		t[c] += n
	}
	return t
}

// differs says in what one tally is not the other: nothing if they are equal.
func differs(what string, want, got tally) (faults []string) {
	cells := maps.Clone(want)
	maps.Copy(cells, got)
	for _, c := range cells.lines() {
		c.N = 0
		if want[c] != got[c] {
			faults = append(faults, fmt.Sprintf("%s: %s %s %s %s %s: %d, not %d", what, c.Type, c.Counter, c.Direction, c.Category, c.Outcome, got[c], want[c]))
		}
	}
	return faults
}
