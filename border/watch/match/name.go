package match

// pairing is how two names were laid beside each other.
type pairing struct {
	asked  [MaxWords]int8 // the listed word of each of the traveller's, -1 if none
	listed [MaxWords]int8
}

// grid is the scratch of one comparison of names.
type grid struct {
	rows [MaxWords]row // copies: the memo may move
	gain [MaxWords][MaxWords]int32
	pairing
	feat Features
}

// Feature is one measure of how two names fit, in centinats or as a count.
type Feature int

// The features.
const (
	FeatOne           Feature = iota // always 1
	FeatGain                         // what the words that fit say
	FeatBest                         // the best of them
	FeatSecond                       // the second best
	FeatParticle                     // what particles and titles say
	FeatCost                         // how much their spellings differ
	FeatAskedLeft                    // the traveller's words that nothing fits
	FeatListedLeft                   // the listed words that nothing fits
	FeatBothLeft                     // the less of the two: names that differ
	FeatSmallLeft                    // particles and titles left over
	FeatMatched                      // words that fit
	FeatCrossed                      // surname fits a given name
	FeatSurname                      // the surname fits nothing
	FeatGiven                        // no given name fits
	FeatAll                          // nothing is left over on either side
	FeatAllAsked                     // nothing is left of the traveller's name
	FeatAllListed                    // nothing is left of the listed name
	FeatExact                        // all is the same, letter by letter
	FeatJoined                       // words joined or split
	FeatLow                          // a name of low quality
	FeatShort                        // how short of letters the fitting words are
	FeatOrder                        // fitting words in another order, but for surname and given names crossed
	FeatOneFits                      // only one word fits
	FeatOneAsked                     // only one word fits, and it is all that the traveller has
	FeatBare                         // the traveller has particles and titles for given names
	FeatSyllables                    // words of few letters on both sides, none left over
	FeatSyllablesLeft                // words of few letters, some left over
	FeatAskedSays                    // how much the traveller's words left over would say
	FeatListedSays                   // how much the listed words left over would say
	Feats
)

// Features are the measures of a comparison.
type Features [Feats]float64

// Name compares the traveller with one listed name. The result is a natural log-likelihood
// ratio: above 0 it speaks for the same person.
func (s *Scorer) Name(parts []Part, low bool) float64 {
	return s.model.weigh(s.compare(parts, low))
}

// Compare gives the measures that Name weighs.
func (s *Scorer) Compare(parts []Part, low bool) Features { return *s.compare(parts, low) }

func (s *Scorer) compare(parts []Part, low bool) *Features {
	g := &s.grid
	n, m := s.n, min(len(parts), MaxWords)
	g.feat = Features{FeatOne: 1}
	for j := range m {
		r := s.row(parts[j].ID)
		for i := range n {
			s.cost(r, i)
		}
		g.rows[j] = *r
		low = low || parts[j].Form&Bare != 0
		g.listed[j] = -1
	}
	for i := range n {
		g.asked[i] = -1
		w := &s.words[i]
		for j := range m {
			c := int32(g.rows[j].cost[i])
			gain := int32(-never)
			if c < never {
				gain = min(w.common, g.rows[j].rarity+c) - c
			}
			g.gain[i][j] = gain
		}
	}
	f := &g.feat
	exact := true
	var best, second, sum, small, cost int32
	letters := 0
	for {
		bi, bj, bg := -1, -1, int32(minGain)
		for i := range n {
			if g.asked[i] >= 0 {
				continue
			}
			for j := range m {
				if g.listed[j] < 0 && g.gain[i][j] > bg {
					bi, bj, bg = i, j, g.gain[i][j]
				}
			}
		}
		if bi < 0 {
			break
		}
		g.asked[bi], g.listed[bj] = int8(bj), int8(bi)
		w, r := &s.words[bi], &g.rows[bj]
		if w.code.n != r.code.n || w.code.c != r.code.c {
			exact = false
		}
		if w.form&(Particle|Title) != 0 || parts[bj].Form&(Particle|Title) != 0 {
			small += bg
			continue
		}
		f[FeatMatched]++
		sum += bg
		cost += int32(r.cost[bi])
		letters += min(w.code.n, r.code.n)
		if bg > best {
			best, second = bg, best
		} else if bg > second {
			second = bg
		}
		x, y := w.form&(Surname|Given), parts[bj].Form&(Surname|Given)
		if x != 0 && y != 0 && x != y {
			f[FeatCrossed]++
		}
	}
	s.joins(parts, n, m, f, &sum, &best, &second, &cost)
	surname, given := false, false
	surnames, givens := false, false
	smallGivens, words, longest := 0, 0, 0
	var askedLeft, listedLeft int32
	for i := range n {
		w := &s.words[i]
		left := g.asked[i] < 0
		switch {
		case w.form&(Particle|Title) != 0:
			if left {
				f[FeatSmallLeft]++
				exact = false
			}
			if w.form&Given != 0 {
				smallGivens++
			}
			continue
		case left:
			f[FeatAskedLeft]++
			askedLeft += w.common
		}
		words++
		longest = max(longest, w.code.n)
		if w.form&Surname != 0 {
			surnames = true
			surname = surname || !left
		} else {
			givens = true
			given = given || !left
		}
	}
	for j := range m {
		small := parts[j].Form&(Particle|Title) != 0
		if !small {
			longest = max(longest, g.rows[j].code.n)
		}
		if g.listed[j] >= 0 {
			continue
		}
		if small {
			f[FeatSmallLeft]++
			exact = false
		} else {
			f[FeatListedLeft]++
			listedLeft += g.rows[j].rarity
		}
	}
	f[FeatGain] = float64(sum)
	f[FeatBest] = float64(best)
	f[FeatSecond] = float64(second)
	f[FeatParticle] = float64(small)
	f[FeatCost] = float64(cost)
	f[FeatBothLeft] = min(f[FeatAskedLeft], f[FeatListedLeft])
	if surnames && !surname {
		f[FeatSurname] = 1
	}
	if givens && !given {
		f[FeatGiven] = 1
	}
	if f[FeatAskedLeft] == 0 {
		f[FeatAllAsked] = 1
	}
	if f[FeatListedLeft] == 0 {
		f[FeatAllListed] = 1
	}
	if f[FeatAskedLeft]+f[FeatListedLeft] == 0 {
		f[FeatAll] = 1
		if exact && f[FeatJoined] == 0 {
			f[FeatExact] = 1
		}
	}
	f[FeatShort] = float64(max(0, 10-letters))
	f[FeatOrder] = float64(g.disorder(n))
	f[FeatAskedSays] = float64(askedLeft)
	f[FeatListedSays] = float64(listedLeft)
	if f[FeatMatched] == 1 {
		f[FeatOneFits] = 1
		if words == 1 {
			f[FeatOneAsked] = 1
		}
	}
	if smallGivens > 0 && !givens {
		f[FeatBare] = 1
	}
	if longest <= 6 && words >= 2 {
		if f[FeatAll] == 1 {
			f[FeatSyllables] = 1
		} else {
			f[FeatSyllablesLeft] = 1
		}
	}
	if low {
		f[FeatLow] = 1
	}
	return f
}

// disorder counts how often the fitting words go back to an earlier one, but once: names that
// begin with another part are in order.
func (p *pairing) disorder(n int) int {
	first, last, back := int8(-1), int8(-1), 0
	for i := range n {
		j := p.asked[i]
		if j < 0 {
			continue
		}
		if first < 0 {
			first = j
		} else if j < last {
			back++
		}
		last = j
	}
	if last > first {
		back++
	}
	return max(0, back-1)
}

// minGain is what a pair of words must say to be taken for one word.
const minGain = 0

// joinCost is what it costs that two words of one name are one of the other.
const joinCost = 120

// joins lays one word beside two neighbours of the other name, where that says more than what
// they say alone.
func (s *Scorer) joins(parts []Part, n, m int, f *Features, sum, best, second, cost *int32) {
	g := &s.grid
	var both code
	try := func(one, whole *code, other *code) bool {
		if one.n+other.n > MaxLetters || one.n+other.n < whole.n-1 || one.n+other.n > whole.n+2 {
			return false
		}
		both = *one
		copy(both.c[both.n:], other.c[:other.n])
		both.n += other.n
		both.mask |= other.mask
		return true
	}
	take := func(gain, before, c int32, i, j int) {
		*sum += gain - before
		*cost += c
		f[FeatJoined]++
		if gain > *best {
			*best, *second = gain, *best
		} else if gain > *second {
			*second = gain
		}
		if before <= 0 {
			f[FeatMatched]++
		}

	}
	had := func(i int) int32 { // what the traveller's word i says so far
		if j := g.asked[i]; j >= 0 {
			return g.gain[i][j]
		}
		return 0
	}
	for i := range n {
		w := &s.words[i]
		if w.code.n < 5 {
			continue
		}
		for j := 0; j+1 < m; j++ {
			if g.listed[j] >= 0 && g.listed[j+1] >= 0 || g.listed[j] >= 0 && int(g.listed[j]) != i || g.listed[j+1] >= 0 && int(g.listed[j+1]) != i {
				continue
			}
			if !try(&g.rows[j].code, &w.code, &g.rows[j+1].code) {
				continue
			}
			c := s.model.Spelling.cost(&w.code, &both, w.form&Cut != 0)
			if c >= never {
				continue
			}
			gain := min(w.common, g.rows[j].rarity+g.rows[j+1].rarity+c) - c - joinCost
			before := had(i)
			if gain <= before+50 {
				continue
			}
			if k := g.asked[i]; k >= 0 {
				g.listed[k] = -1
			}
			g.asked[i], g.listed[j], g.listed[j+1] = int8(j), int8(i), int8(i)
			g.gain[i][j] = gain
			take(gain, before, c, i, j)
		}
	}
	for j := range m {
		r := &g.rows[j]
		if r.code.n < 5 {
			continue
		}
		for i := range n {
			k := (i + 1) % n
			if k == i || n == 2 && k == 0 {
				break
			}
			a, b := &s.words[i], &s.words[k]
			if g.asked[i] >= 0 && int(g.asked[i]) != j || g.asked[k] >= 0 && int(g.asked[k]) != j {
				continue
			}
			if !try(&a.code, &r.code, &b.code) {
				continue
			}
			c := s.model.Spelling.cost(&both, &r.code, b.form&Cut != 0)
			if c >= never {
				continue
			}
			gain := min(a.common+b.common, r.rarity+c) - c - joinCost
			var before int32
			if k := g.listed[j]; k >= 0 {
				before = g.gain[k][j]
			}
			if gain <= before+50 {
				continue
			}
			if had := g.listed[j]; had >= 0 {
				g.asked[had] = -1
			}
			g.asked[i], g.asked[k], g.listed[j] = int8(j), int8(j), int8(i)
			g.gain[i][j] = gain
			take(gain, before, c, i, j)
		}
	}
}
