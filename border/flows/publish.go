package flows

import (
	"slices"

	"garita/border"
)

// Publication is what may be told of the crossings of some days. Every page and every file about the same days takes
// its numbers from one made of the same counts, so that whoever lays them side by side has one set of tables, and
// not two that were hidden each in its own way: what one of them hides the other would give back.
//
// The table of posts by group decides first; what a group divides into stands under its totals, see [Hide].
type Publication struct {
	k      int64
	groups Published
}

// Published is a table as it may be shown: posts by codes.
type Published struct {
	Grid Grid
	Mask Mask
}

// Number is a count as it may be shown; N is 0 where it is hidden.
type Number struct {
	N      int64
	Hidden bool
	Merged bool // the code is so rare that it is counted among all others, see [Other]
}

// Publish decides what is told of some days by their crossings by post and group, "entry/admitted", of all posts and
// groups. k is the number below which counts are hidden; 0: none is, for whoever may see them all.
func Publish(groups Grid, k int64) *Publication {
	return &Publication{k: k, groups: Published{groups, Hide(groups, k, nil)}}
}

// Groups is the table of posts by group.
func (p *Publication) Groups() *Published { return &p.groups }

// Divide decides about a table of all posts whose rows sum to a group, counted from the same state of the
// register.
func (p *Publication) Divide(grid Grid, g Group) Published {
	grid = p.aligned(grid)
	if p.k == 0 {
		return Published{grid, Hide(grid, 0, nil)}
	}
	grid = grid.Merge(p.k)
	return Published{grid, Hide(grid, p.k, p.totals(g))}
}

// Course decides about a table of one row, of all posts together, that sums to a group, like its days. None of a
// single post is told: there are too many small numbers in it.
func (p *Publication) Course(grid Grid, g Group) Published {
	if p.k == 0 {
		return Published{grid, Hide(grid, 0, nil)}
	}
	total := p.totals(g)
	return Published{grid, Hide(grid, p.k, []bool{total[len(total)-1], total[len(total)-1]})}
}

// aligned gives a table the rows of the table of groups, by their names: what is hidden of a total is hidden of the
// row of the same name. Of a post that the table of groups does not have nothing can be told.
func (p *Publication) aligned(grid Grid) Grid {
	if slices.Equal(grid.Rows, p.groups.Grid.Rows) {
		return grid
	}
	out := Grid{Rows: p.groups.Grid.Rows, Columns: grid.Columns}
	for _, name := range out.Rows {
		row := grid.Row(name)
		if row == nil {
			row = make([]int64, len(grid.Columns))
		}
		out.N = append(out.N, row)
	}
	return out
}

// totals gives what is hidden of a group's total at each post, and last of its total. Of a group that nobody was in
// nothing is.
func (p *Publication) totals(g Group) []bool {
	if j := slices.Index(p.groups.Grid.Columns, g.String()); j >= 0 {
		return p.groups.Mask.Totals(j)
	}
	return make([]bool, len(p.groups.Grid.Rows)+1)
}

// Of gives the number of a column at one post or ("") at all.
func (t *Published) Of(post border.PostID, column string) Number {
	j := slices.Index(t.Grid.Columns, column)
	if j < 0 {
		return Number{}
	}
	var n Number
	if post == "" {
		n.Hidden = t.Mask.Columns[j]
		for _, row := range t.Grid.N {
			n.N += row[j]
		}
	} else if i := slices.Index(t.Grid.Rows, string(post)); i >= 0 {
		n = Number{N: t.Grid.N[i][j], Hidden: t.Mask.Cells[i][j]}
	}
	if n.Hidden {
		n.N = 0
	}
	return n
}

// Total gives the total of one post, of all columns.
func (t *Published) Total(post border.PostID) Number {
	i := slices.Index(t.Grid.Rows, string(post))
	if i < 0 {
		return Number{}
	}
	n := Number{Hidden: t.Mask.Rows[i]}
	for _, x := range t.Grid.N[i] {
		n.N += x
	}
	if n.Hidden {
		n.N = 0
	}
	return n
}

// String writes a group as the register does: "entry/admitted".
func (g Group) String() string { return g.Direction + "/" + g.Outcome }
