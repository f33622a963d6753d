package watch

import (
	"cmp"
	"slices"

	"garita/border/watch/match"
)

// A search takes the listed words that the traveller's could be and finds the identities that
// have enough of them. How much is enough depends on the date of birth, sex and nationality,
// which each posting tells: nearly everybody's date contradicts, and then a common name cannot make a hit.

// candidate is an identity and the log-odds that it cannot exceed.
type candidate struct {
	bound    float64
	identity uint32
}

// search finds the identities worth comparing, and compares them.
func (a *ask) search() {
	a.order()
	a.dates.set(a.model, a.date)
	a.top, a.left = a.top[:0], maxPostings
	for k := range 2 {
		s := a.segment(k)
		if s.len() == 0 {
			continue
		}
		a.candidates = a.candidates[:0]
		a.regions.set(s, &a.dates)
		a.walk(s, &a.boards[k])
		a.compareAll(k, s)
	}
}

// compareAll compares the candidates of a segment: those with the highest bounds, if there are many.
func (a *ask) compareAll(k int, s *segment) {
	if len(a.candidates) > maxCompared {
		slices.SortFunc(a.candidates, func(x, y candidate) int {
			return cmp.Or(cmp.Compare(y.bound, x.bound), cmp.Compare(x.identity, y.identity))
		})
		a.candidates = a.candidates[:maxCompared]
	}
	for _, c := range a.candidates {
		a.touched += uint32(s.record(c.identity)[0])
	}
	from := len(a.outcomes)
	for _, c := range a.candidates {
		if c.bound < a.threshold() {
			continue
		}
		odds, name, ok := a.compare(s, c.identity, a.threshold())
		if !ok || odds < floorOdds {
			continue
		}
		entry := int(s.entryOf.at(int(c.identity)))
		if k == 0 && a.l.masked(entry) {
			continue
		}
		o := outcome{segment: k, identity: a.first(k, entry), odds: odds, name: name}
		if !slices.ContainsFunc(a.outcomes[from:], func(x outcome) bool { return x.identity == o.identity }) {
			a.outcomes = append(a.outcomes, o)
			a.keep(odds)
		}
	}
}

// first gives the first identity of an entry.
func (a *ask) first(segment, entry int) uint32 {
	if segment == 0 {
		return a.l.base.identity.at(entry)
	}
	return a.l.identity.at(entry)
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

// order puts the terms into the order in which they are walked: joints, then what says most. Words
// that hardly identify are not walked, unless there are no others.
func (a *ask) order() {
	a.bounds.set(a)
	a.traits.set(a)
	a.walked = a.walked[:0]
	if len(a.joints.words) > 0 {
		a.joints.joint = true
		a.walked = append(a.walked, &a.joints)
	}
	for i := range a.terms {
		if t := &a.terms[i]; len(t.words) > 0 && (a.bounds.words == 0 || !t.small) {
			a.walked = append(a.walked, t)
		}
	}
	slices.SortFunc(a.walked, func(x, y *term) int {
		switch {
		case x.joint:
			return -1
		case y.joint:
			return 1
		}
		return cmp.Or(cmp.Compare(y.best, x.best), cmp.Compare(x.at, y.at))
	})
	a.rest = append(a.rest[:0], make([]int, len(a.walked)+1)...)
	for t := len(a.walked) - 1; t >= 0; t-- {
		a.rest[t] = a.rest[t+1] + a.walked[t].best
		slices.SortFunc(a.walked[t].words, func(x, y found) int { return cmp.Or(cmp.Compare(y.gain, x.gain), cmp.Compare(x.id, y.id)) })
	}
}

// fitting is how many of the traveller's words can fit if term t does and none before it.
func (a *ask) fitting(t int) int {
	n := len(a.walked) - t
	if a.walked[t].joint {
		n = max(n-1, 0) + jointWords
	}
	return min(n, match.MaxWords)
}

// jointWords is how many of the traveller's words a joint takes.
const jointWords = 2
