package watch

import (
	"cmp"
	"slices"
)

// A search takes the listed words that the traveller's could be and finds the identities that
// have enough of them. How much is enough depends on the date of birth, sex and nationality,
// which each posting tells: nearly everybody's date contradicts, and then a common name cannot make a hit.

// candidate is an identity and the log-odds that it cannot exceed.
type candidate struct {
	bound    float64
	identity uint32
}

// region is a run of identities, and what the date of birth says of them at most.
type region struct {
	from, to uint32
	weight   float64
}

// search finds the identities worth comparing, and compares them.
func (a *ask) search() {
	a.order()
	a.top, a.left = a.top[:0], maxPostings
	for k := range 2 {
		s := a.segment(k)
		if s.len() == 0 {
			continue
		}
		a.candidates = a.candidates[:0]
		a.regions(s)
		a.boards[k].begin(a, s)
		for _, i := range [maxRegions]int{nearRegion, 0, 1, maxRegions - 1} { // where most is found first
			if i < len(a.runs) && a.runs[i].from < a.runs[i].to {
				a.walk(s, &a.boards[k], i)
			}
		}
		slices.SortFunc(a.candidates, func(x, y candidate) int {
			return cmp.Or(cmp.Compare(y.bound, x.bound), cmp.Compare(x.identity, y.identity))
		})
		for i, c := range a.candidates {
			if c.bound < a.threshold() || i == maxCompared {
				break
			}
			if k == 0 && a.l.masked(c.identity) {
				continue
			}
			if odds, name, ok := a.compare(s, c.identity, a.threshold()); ok && odds >= floorOdds {
				a.outcomes = append(a.outcomes, outcome{segment: k, identity: c.identity, odds: odds, name: name})
				a.keep(odds)
			}
		}
	}
}

// threshold is what an identity must reach to be among the hits.
func (a *ask) threshold() float64 {
	if len(a.top) < MaxHits {
		return floorOdds
	}
	return a.top[MaxHits-1]
}

// keep notes the log-odds of a hit among the best.
func (a *ask) keep(odds float64) {
	i, _ := slices.BinarySearchFunc(a.top, odds, func(x, y float64) int { return cmp.Compare(y, x) })
	if i == MaxHits {
		return
	}
	if len(a.top) == MaxHits {
		a.top = a.top[:MaxHits-1]
	}
	a.top = slices.Insert(a.top, i, odds)
}

// order puts the terms into the order in which they are walked: what says most first. Words
// that hardly identify are not walked, unless there are no others.
func (a *ask) order() {
	a.bounds.set(a)
	a.traits.set(a)
	words := a.bounds.words
	a.terms = slices.DeleteFunc(a.terms, func(t term) bool { return len(t.words) == 0 || words > 0 && t.small })
	slices.SortFunc(a.terms, func(x, y term) int { return cmp.Or(cmp.Compare(y.best, x.best), cmp.Compare(x.at, y.at)) })
	a.rest = append(a.rest[:0], make([]int, len(a.terms)+1)...)
	for t := len(a.terms) - 1; t >= 0; t-- {
		a.rest[t] = a.rest[t+1] + a.terms[t].best
		slices.SortFunc(a.terms[t].words, func(x, y found) int { return cmp.Or(cmp.Compare(y.gain, x.gain), cmp.Compare(x.id, y.id)) })
	}
}
