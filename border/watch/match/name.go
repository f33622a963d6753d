package match

// minGain is what a pair of words must say to be taken for one word, in centinats.
const minGain = 0

// grid is one comparison of names: the traveller's words beside the listed ones.
type grid struct {
	rows         [MaxWords]*row            // of the listed words
	gain         [MaxWords][MaxWords]int32 // what each pair says
	asked        [MaxWords]int8            // the listed word of each of the traveller's, -1 if none
	listed       [MaxWords]int8            // and the other way round
	sum          int32                     // what the pairs say that were taken
	small        int32                     // and those of particles and titles
	best, second int32
	cost         int32 // of their spellings
	letters      int   // of their shorter words
	same         bool  // the pairs are the same letter by letter
	feat         Features
}

// Name compares the traveller with one listed name. The result is a natural log-likelihood
// ratio: above 0 it speaks for the same person.
func (s *Scorer) Name(parts []Part, low bool) float64 {
	return s.model.weigh(s.compare(parts, low))
}

// Compare gives the measures that Name weighs.
func (s *Scorer) Compare(parts []Part, low bool) Features { return *s.compare(parts, low) }

func (s *Scorer) compare(parts []Part, low bool) *Features {
	parts = parts[:min(len(parts), MaxWords)]
	g := &s.grid
	g.feat = Features{FeatOne: 1}
	g.sum, g.small, g.best, g.second, g.cost, g.letters, g.same = 0, 0, 0, 0, 0, 0, true
	s.memo.reserve(len(parts))
	for j := range parts {
		g.rows[j] = s.row(parts[j].ID)
		low = low || parts[j].Form&Bare != 0
		g.listed[j] = -1
	}
	for i := range s.n {
		g.asked[i] = -1
		for j := range parts {
			g.gain[i][j] = s.gain(g.rows[j], i)
		}
	}
	if low {
		g.feat[FeatLow] = 1
	}
	s.pair(parts)
	s.joinListed(parts)
	s.joinAsked(parts)
	s.leftover(parts)
	g.measure(s.n)
	return &g.feat
}

// pair takes the pair of words that says most, then the next of what is left, and so on.
func (s *Scorer) pair(parts []Part) {
	g := &s.grid
	for {
		bi, bj, gain := -1, -1, int32(minGain)
		for i := range s.n {
			if g.asked[i] >= 0 {
				continue
			}
			for j := range parts {
				if g.listed[j] < 0 && g.gain[i][j] > gain {
					bi, bj, gain = i, j, g.gain[i][j]
				}
			}
		}
		if bi < 0 {
			return
		}
		g.asked[bi], g.listed[bj] = int8(bj), int8(bi)
		w, r := &s.words[bi], g.rows[bj]
		if w.code != r.code {
			g.same = false
		}
		if small(w.form | parts[bj].Form) {
			g.small += gain
			continue
		}
		g.feat[FeatMatched]++
		g.letters += min(w.code.n, r.code.n)
		g.take(gain, int32(r.cost[bi]))
		x, y := w.form&(Surname|Given), parts[bj].Form&(Surname|Given)
		if x != 0 && y != 0 && x != y {
			g.feat[FeatCrossed]++
		}
	}
}

// small reports whether a word of this form hardly identifies.
func small(f Form) bool { return f&(Particle|Title) != 0 }

// take adds what words say that fit.
func (g *grid) take(gain, cost int32) {
	g.sum += gain
	g.cost += cost
	if gain > g.best {
		g.best, g.second = gain, g.best
	} else if gain > g.second {
		g.second = gain
	}
}

// leftover looks at the words that nothing fits.
func (s *Scorer) leftover(parts []Part) {
	g, f := &s.grid, &s.grid.feat
	var surnames, surname, givens, given, smallGivens bool
	words, longest := 0, 0
	for i := range s.n {
		w := &s.words[i]
		left := g.asked[i] < 0
		if small(w.form) {
			if left {
				f[FeatSmallLeft]++
				g.same = false
			}
			smallGivens = smallGivens || w.form&Given != 0
			continue
		}
		if left {
			f[FeatAskedLeft]++
			f[FeatAskedSays] += float64(w.common)
		}
		words++
		longest = max(longest, w.code.n)
		if w.form&Surname != 0 {
			surnames, surname = true, surname || !left
		} else {
			givens, given = true, given || !left
		}
	}
	for j := range parts {
		left := g.listed[j] < 0
		switch {
		case !small(parts[j].Form):
			longest = max(longest, g.rows[j].code.n)
			if left {
				f[FeatListedLeft]++
				f[FeatListedSays] += float64(g.rows[j].rarity)
			}
		case left:
			f[FeatSmallLeft]++
			g.same = false
		}
	}
	f.mark(FeatSurname, surnames && !surname)
	f.mark(FeatGiven, givens && !given)
	f.mark(FeatBare, smallGivens && !givens)
	f.mark(FeatOneFits, f[FeatMatched] == 1)
	f.mark(FeatOneAsked, f[FeatMatched] == 1 && words == 1)
	none := f[FeatAskedLeft]+f[FeatListedLeft] == 0
	f.mark(FeatSyllables, longest <= 6 && words >= 2 && none)
	f.mark(FeatSyllablesLeft, longest <= 6 && words >= 2 && !none)
}

// measure fills in what follows from the pairs and the words left over.
func (g *grid) measure(n int) {
	f := &g.feat
	f[FeatGain], f[FeatBest], f[FeatSecond] = float64(g.sum), float64(g.best), float64(g.second)
	f[FeatParticle], f[FeatCost] = float64(g.small), float64(g.cost)
	f[FeatShort] = float64(max(0, 10-g.letters))
	f[FeatOrder] = float64(g.disorder(n))
	f[FeatBothLeft] = min(f[FeatAskedLeft], f[FeatListedLeft])
	f.mark(FeatAllAsked, f[FeatAskedLeft] == 0)
	f.mark(FeatAllListed, f[FeatListedLeft] == 0)
	f.mark(FeatAll, f[FeatAskedLeft]+f[FeatListedLeft] == 0)
	f.mark(FeatExact, f[FeatAll] == 1 && g.same && f[FeatJoined] == 0)
}

// mark sets a measure that is there or not.
func (f *Features) mark(i Feature, there bool) {
	if there {
		f[i] = 1
	}
}

// disorder counts how often the fitting words go back to an earlier one, but once: names that
// begin with another part are in order.
func (g *grid) disorder(n int) int {
	first, last, back := int8(-1), int8(-1), 0
	for i := range n {
		j := g.asked[i]
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
