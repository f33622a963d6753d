package watch

import (
	"slices"

	"garita/border/watch/match"
)

// prior is the log-odds before any evidence.
func (a *ask) prior() float64 { return a.model.Prior - a.crowd }

// bounds says what a name can reach at best.
type bounds struct {
	words          int  // of the traveller that identify
	surname, given bool // some of them are in the surname, in the given names
	slope, best    float64
	all            float64                                         // when no listed word is left over
	left           float64                                         // of each that is
	rest           float64                                         // of what listed words that are left over would say
	whole          float64                                         // when nothing is left over at all
	fixed          [match.MaxWords + 1]float64                     // by how many words fit: what does not depend on the listed name
	most           [match.MaxWords + 1][match.MaxWords + 4]float64 // by how many fit at most, and how many the shortest name has
}

// set reads them off the model's weights. Measures that a search does not know count as
// nothing if they speak against, and at their most if they speak for.
func (b *bounds) set(a *ask) {
	w := &a.model.Weights
	*b = bounds{slope: max(0, w[match.FeatGain]), best: max(0, w[match.FeatBest]), all: w[match.FeatAllListed], left: min(0, w[match.FeatListedLeft]), rest: min(0, w[match.FeatListedSays]),
		whole: max(0, w[match.FeatAll]) + max(0, w[match.FeatExact])}
	small, best, loosely := 0, 0, 0
	for i, x := range a.traveller.Words {
		if x.Form&forms != 0 {
			small += a.terms[i].best
			continue
		}
		b.words++
		best = max(best, a.terms[i].best)
		if loose(x) {
			loosely++
		}
		if x.Form&match.Surname != 0 {
			b.surname = true
		} else {
			b.given = true
		}
	}
	base := w[match.FeatOne] + max(0, w[match.FeatSecond])*float64(best) + max(0, w[match.FeatParticle])*float64(small)
	for _, f := range []match.Feature{match.FeatSmallLeft, match.FeatCrossed, match.FeatShort, match.FeatOrder, match.FeatBare, match.FeatSyllables, match.FeatSyllablesLeft} {
		base += max(0, w[f])
	}
	for k := range b.fixed {
		sum := base + w[match.FeatAskedLeft]*float64(max(0, b.words-k)) + w[match.FeatMatched]*float64(k)
		if k >= b.words {
			sum += w[match.FeatAllAsked]
		}
		if k == 1 {
			sum += w[match.FeatOneFits]
			if b.words == 1 {
				sum += w[match.FeatOneAsked]
			}
		}
		b.fixed[k] = sum
	}
	for k := range b.most {
		for m := range b.most[k] {
			all := min(k+loosely, match.MaxWords)
			x := b.fixed[all] + b.slope*float64(looseGain*loosely) + max(0, w[match.FeatBothLeft])*float64(min(max(0, m-all), max(0, b.words-all)))
			if b.surname && b.given && all == 1 {
				x += max(w[match.FeatSurname], w[match.FeatGiven])
			}
			x += b.listed(all, max(0, m-all))
			if k > 1 {
				x = max(x, b.most[k-1][m])
			}
			b.most[k][m] = x
		}
	}
}

// listed is what it says that so many words of a listed name fit and so many more do not.
func (b *bounds) listed(words, more int) float64 {
	switch {
	case more > 0:
		return b.left * float64(more)
	case words >= b.words:
		return b.all + b.whole
	}
	return b.all
}

// gain is what words that fit say, in all and the best of them.
func (b *bounds) gain(gain, best int) float64 {
	return b.slope*float64(gain) + b.best*float64(best)
}

// name is the most that a name can say of which so many words fit, with so much gain, and
// that has at least so many words.
func (b *bounds) name(gain, best, words, shortest int) float64 {
	return b.most[min(words, match.MaxWords)][shortest] + b.gain(gain, best)
}

// traitWeights is what sex and nationality say.
type traitWeights struct {
	sex                  [4]float64
	same, other, several float64      // nationality
	nations              [256]float64 // by the nationality of a brief
	asked                uint16
	most                 float64
}

func (w *traitWeights) set(a *ask) {
	m := a.model
	*w = traitWeights{asked: a.nation}
	for i := range w.sex {
		w.sex[i] = m.Sexes[match.CompareSex(a.sex, sexes[i])]
	}
	if a.nation != 0 {
		w.same, w.other = m.Nations[match.TraitSame], m.Nations[match.TraitOther]
		w.several = max(w.same, w.other, m.Nations[match.TraitRelated], 0)
	}
	for i := range w.nations {
		w.nations[i] = w.other
	}
	w.nations[noNation], w.nations[someNations] = 0, w.several
	if a.nation != 0 {
		w.nations[briefNation(a.nation)] = max(w.same, w.other)
	}
	w.most = slices.Max(w.sex[:]) + max(w.several, 0)
}

// brief is what a posting's sex and nationality say at most.
func (w *traitWeights) brief(b brief) float64 { return w.sex[b.sex()] + w.nations[b.nation()] }

func (w *traitWeights) weight(t traits) float64 {
	x := w.sex[t.sex()]
	switch n := t.nation(); n {
	case 0:
		return x
	case severalNations:
		return x + w.several
	case w.asked:
		return x + w.same
	}
	return x + w.other
}
