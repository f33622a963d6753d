package match

import (
	"math/bits"
	"slices"
)

// Costs are centinats: -100 ln of a probability.
const (
	never   = 1000 // of two words that have too little in common to be one
	cutCost = 20   // of a word that goes on beyond the zone
)

// code is a word as numbers 0 to 25.
type code struct {
	n    int
	mask uint32 // of its letters
	c    [MaxLetters]uint8
}

func (w *code) set(text string) {
	*w = code{} // words are compared whole: nothing of a longer one may stay behind
	w.add(text)
}

// add writes text behind what the word has. Anything but A to Z is left out, what is too long cut.
func (w *code) add(text string) {
	for i := 0; i < len(text) && w.n < MaxLetters; i++ {
		if c := text[i] - 'A'; c < 26 {
			w.c[w.n] = c
			w.mask |= 1 << c
			w.n++
		}
	}
}

// Glance is what tells quickly that two words have too little in common: which letters they
// have, and how many.
type Glance uint32

const glanceLetters = 1<<26 - 1

// GlanceOf takes a word of A to Z in at a glance.
func GlanceOf(word string) Glance {
	g := Glance(min(len(word), MaxLetters)) << 26
	for i := 0; i < len(word) && i < MaxLetters; i++ {
		g |= 1 << (word[i] - 'A')
	}
	return g
}

// Letters is how many letters the word has.
func (g Glance) Letters() int { return int(g >> 26) }

// Beyond reports whether two words differ in more than so many letters for certain. With prefix,
// the asked word may go on.
func (g Glance) Beyond(listed Glance, letters int, prefix bool) bool {
	a, b := uint32(g&glanceLetters), uint32(listed&glanceLetters)
	n, m := g.Letters(), listed.Letters()
	return bits.OnesCount32(a&^b) > letters || n-m > letters || !prefix && (m-n > letters || bits.OnesCount32(b&^a) > letters)
}

func (w *code) glance() Glance { return Glance(w.mask) | Glance(w.n)<<26 }

// Apart reports whether a listed word is another word for certain. With prefix, the asked word
// may go on.
func (g Glance) Apart(listed Glance, prefix bool) bool {
	a, b := uint32(g&glanceLetters), uint32(listed&glanceLetters)
	n, m := int(g>>26), int(listed>>26)
	return bits.OnesCount32(a&^b) > 3 || n-m > 6 ||
		!prefix && (m-n > 6 || bits.OnesCount32(a^b) > min(2+min(n, m)/2, 6))
}

// Spelling is the noisy channel between two spellings of one word: what it costs to keep,
// change, drop or add a letter. The costs are symmetric: either word may be the changed one.
type Spelling struct {
	// Change[0] is for the first letter of a word, Change[1] for the others. The diagonal is what
	// keeping a letter costs.
	Change [2][26][26]int16
	// Drop is the cost of a letter that only one of the words has: first, middle, last.
	Drop [3][26]int16
	// Double is the cost of a letter doubled in one of the words.
	Double int16
	// Swap is the cost of two neighbours in the other order.
	Swap int16
	// Article is the cost of AL or EL written on the word in one of them.
	Article int16
	// Pair is the cost of two letters of one word for one of the other (KH and H, TS and C).
	Pair [26][26][26]int16

	paired [26]uint32 // by letter, bits of the letters after it with which it has a Pair below never
}

// index notes which pairs there are. It is to be called when Pair is whole.
func (s *Spelling) index() {
	for x := range s.Pair {
		for y := range s.Pair[x] {
			if slices.Min(s.Pair[x][y][:]) < never {
				s.paired[x] |= 1 << y
			}
		}
	}
}

// Cost is what it takes to write one word as the other, in centinats; never or more when they
// have too little in common. With prefix, the asked word may go on.
func (s *Spelling) Cost(asked, listed string, prefix bool) int {
	var a, b code
	a.set(asked)
	b.set(listed)
	return int(s.cost(&a, &b, prefix))
}

func (s *Spelling) cost(a, b *code, prefix bool) int32 { return s.costBelow(a, b, prefix, never) }

// costBelow is the cost if it is below limit, else never or more.
func (s *Spelling) costBelow(a, b *code, prefix bool, limit int32) int32 {
	if a.glance().Apart(b.glance(), prefix) {
		return never // what most pairs of words come to
	}
	c := s.edit(a, b, 0, 0, prefix, limit)
	if a.n >= 5 && a.n < b.n+3 && article(a) && !prefix {
		c = min(c, s.edit(a, b, 2, 0, false, limit)+int32(s.Article))
	}
	if b.n >= 5 && (b.n < a.n+3 || prefix) && article(b) {
		c = min(c, s.edit(a, b, 0, 2, prefix, limit)+int32(s.Article))
	}
	return c
}

// article reports whether a word may begin with an article: AL, EL, or one that has become
// the next letter.
func article(w *code) bool {
	return (w.c[0] == 0 || w.c[0] == 'E'-'A') && (w.c[1] == 'L'-'A' || w.c[1] == w.c[2])
}

// edit is the cheapest way from one word, from letter fromA on, to the other, from fromB on.
func (s *Spelling) edit(wa, wb *code, fromA, fromB int, prefix bool, limit int32) int32 {
	a, b := wa.c[fromA:wa.n], wb.c[fromB:wb.n]
	n, m := len(a), len(b)
	if n == 0 || m == 0 || n-m > 4 || m-n > 4 && !prefix {
		return never
	}
	var rows [3][MaxLetters + 1]int32
	var drops [MaxLetters]int32      // of the letters of b
	var pairs [MaxLetters]*[26]int16 // of the letters before and at a place of b
	before, last, row := &rows[2], &rows[0], &rows[1]
	lowestBefore := int32(0)
	for j := range m {
		drops[j] = s.drop(b, j)
		last[j+1] = last[j] + drops[j]
		if j > 0 && s.paired[b[j-1]]>>b[j]&1 == 1 {
			pairs[j] = &s.Pair[b[j-1]][b[j]]
		}
	}
	first := &s.Change[0]
	for i := range n {
		x, z := a[i], uint8(0)
		dropped := s.drop(a, i)
		change := &s.Change[1][x]
		var pair *[26]int16
		if i == 0 {
			change = &first[x]
		} else if z = a[i-1]; s.paired[z]>>x&1 == 1 {
			pair = &s.Pair[z][x]
		}
		row[0] = last[0] + dropped
		c := min(last[0]+int32(first[x][b[0]]), last[1]+dropped, row[0]+drops[0])
		if pair != nil {
			c = min(c, before[0]+int32(pair[b[0]]))
		}
		row[1] = c
		lowest := min(row[0], c)
		for j := 1; j < m; j++ {
			y := b[j]
			c = min(last[j]+int32(change[y]), last[j+1]+dropped, c+drops[j])
			if pair != nil {
				c = min(c, before[j]+int32(pair[y]))
			}
			if i > 0 && z == y && x != y && b[j-1] == x {
				c = min(c, before[j-1]+int32(s.Swap))
			}
			if p := pairs[j]; p != nil {
				c = min(c, last[j-1]+int32(p[x]))
			}
			row[j+1] = c
			lowest = min(lowest, c)
		}
		if min(lowest, lowestBefore) >= limit { // two rows: a step may leave one out
			return never
		}
		lowestBefore = lowest
		before, last, row = last, row, before
	}
	best := last[m]
	if prefix {
		for j := max(n-1, 1); j < m; j++ {
			best = min(best, last[j]+cutCost)
		}
	}
	return best
}

// drop is the cost of letter i of a word which the other word lacks.
func (s *Spelling) drop(w []uint8, i int) int32 {
	switch {
	case i > 0 && w[i-1] == w[i]:
		return int32(s.Double)
	case i == 0:
		return int32(s.Drop[0][w[i]])
	case i == len(w)-1:
		return int32(s.Drop[2][w[i]])
	}
	return int32(s.Drop[1][w[i]])
}
