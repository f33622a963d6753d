package match

const (
	joinCost    = 120 // of two words of one name that are one of the other, in centinats
	joinGain    = 50  // what joining must say beyond what the words say alone
	joinLetters = 5   // a shorter word is none joined of two
)

// joinListed lays a word of the traveller's beside two neighbours of the listed name that
// nothing else fits, where that says more.
func (s *Scorer) joinListed(parts []Part) {
	g := &s.grid
	for i := range s.n {
		w := &s.words[i]
		if w.code.n < joinLetters {
			continue
		}
		for j := 0; j+1 < len(parts); j++ {
			a, b := g.rows[j], g.rows[j+1]
			x, y := g.listed[j], g.listed[j+1]
			if x >= 0 && y >= 0 || x >= 0 && int(x) != i || y >= 0 && int(y) != i {
				continue
			}
			both, ok := join(&a.code, &b.code, w.code.n)
			if !ok {
				continue
			}
			c := s.model.Spelling.cost(&w.code, &both, w.form&Cut != 0)
			gain := min(w.common, a.rarity+b.rarity+c) - c - joinCost
			before := int32(0)
			if k := g.asked[i]; k >= 0 {
				before = g.gain[i][k]
			}
			if c >= never || gain <= before+joinGain {
				continue
			}
			if k := g.asked[i]; k >= 0 {
				g.listed[k] = -1
			}
			g.asked[i], g.listed[j], g.listed[j+1] = int8(j), int8(i), int8(i)
			g.joined(i, j, gain, before, c)
		}
	}
}

// joinAsked lays two neighbours of the traveller's name, the last and the first among them,
// beside one listed word.
func (s *Scorer) joinAsked(parts []Part) {
	g := &s.grid
	for j := range parts {
		r := g.rows[j]
		if r.code.n < joinLetters {
			continue
		}
		for i := range s.n {
			k := (i + 1) % s.n
			if s.n == 1 || s.n == 2 && k == 0 {
				break
			}
			a, b := &s.words[i], &s.words[k]
			if x, y := g.asked[i], g.asked[k]; x >= 0 && int(x) != j || y >= 0 && int(y) != j {
				continue
			}
			both, ok := join(&a.code, &b.code, r.code.n)
			if !ok {
				continue
			}
			c := s.model.Spelling.cost(&both, &r.code, b.form&Cut != 0)
			gain := min(a.common+b.common, r.rarity+c) - c - joinCost
			before := int32(0)
			if x := g.listed[j]; x >= 0 {
				before = g.gain[x][j]
			}
			if c >= never || gain <= before+joinGain {
				continue
			}
			if x := g.listed[j]; x >= 0 {
				g.asked[x] = -1
			}
			g.asked[i], g.asked[k], g.listed[j] = int8(j), int8(j), int8(i)
			g.joined(i, j, gain, before, c)
		}
	}
}

// Joins reports whether two words of so many letters together can be one of that many.
func Joins(letters, whole int) bool {
	return letters <= MaxLetters && letters >= whole-1 && letters <= whole+2
}

// JoinGain is what a listed word says at best, in centinats, if it is word i of the traveller and word
// k after it written as one, once all have been looked at; 0 or less if that says nothing beyond
// before, which is what it says for one of the two.
func (s *Scorer) JoinGain(i, k int, text string, rarity Rarity, before int) int {
	a, b := &s.words[i], &s.words[k]
	most := min(a.common+b.common, int32(rarity)) - joinCost
	both, ok := join(&a.code, &b.code, len(text))
	if !ok || most <= int32(before)+joinGain {
		return 0
	}
	var listed code
	listed.set(text)
	c := s.model.Spelling.costBelow(&both, &listed, b.form&Cut != 0, never)
	gain := min(a.common+b.common, int32(rarity)+c) - c - joinCost
	if c >= never || gain <= int32(before)+joinGain {
		return 0
	}
	return int(gain)
}

// join writes two words as one, if that is about as long as the whole.
func join(a, b *code, whole int) (code, bool) {
	n := a.n + b.n
	if !Joins(n, whole) {
		return code{}, false
	}
	both := *a
	copy(both.c[both.n:], b.c[:b.n])
	both.n = n
	both.mask |= b.mask
	return both, true
}

// joined notes that the traveller's word i and the listed word j fit with a neighbour, in
// place of what they said before.
func (g *grid) joined(i, j int, gain, before, cost int32) {
	g.gain[i][j] = gain
	g.sum -= before
	g.take(gain, cost)
	g.feat[FeatJoined]++
	if before <= 0 {
		g.feat[FeatMatched]++
	}
}
