package trial

import (
	"fmt"
	"math"
	"slices"
)

// Bin is a stretch of scores, and how often the engine was right there.
type Bin struct {
	Score    float64 // mean probability that the engine gave
	Observed float64 // share of hits that were right, if listed persons came as often as the prior says
	Right    int
	Wrong    int
}

// Calibration puts the hits of answers into bins by score, at least least of right and of
// wrong ones together in each, and compares the probability they were given with how often
// they were right. A test set has far more listed persons among its travellers than a border;
// prior is the share for which the scores are meant, 0 to 1, and right hits are weighed down to it.
// Of each answer the best hit counts.
func Calibration(truth []*Truth, answers []*Answer, prior float64, least int) []Bin {
	by := make(map[string]*Answer, len(answers))
	for _, a := range answers {
		by[a.ID] = a
	}
	type hit struct {
		score float64
		right bool
	}
	var hits []hit
	var listed, innocent float64
	for _, t := range truth {
		if t.Stratum == Sanity {
			continue
		}
		if len(t.Expect) > 0 {
			listed++
		} else {
			innocent++
		}
		if a := by[t.ID]; a != nil && len(a.Hits) > 0 {
			h := a.Hits[0]
			hits = append(hits, hit{h.Score, slices.Contains(t.Expect, Expected{h.Source, h.Entry})})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return 0
	})
	var bins []Bin
	for len(hits) > 0 {
		n := min(least, len(hits))
		if len(hits)-n < least {
			n = len(hits)
		}
		var b Bin
		var odds float64
		for _, h := range hits[:n] {
			odds += logit(h.score)
			if h.right {
				b.Right++
			} else {
				b.Wrong++
			}
		}
		b.Score = 1 / (1 + math.Exp(-odds/float64(n)))
		// Half a hit more of either kind, for none of a hundred is not never.
		right := (float64(b.Right) + 0.5) / max(1, listed) * prior
		wrong := (float64(b.Wrong) + 0.5) / max(1, innocent) * (1 - prior)
		b.Observed = right / (right + wrong)
		bins = append(bins, b)
		hits = hits[n:]
	}
	return bins
}

// logit is the log-odds of a probability, kept finite.
func logit(p float64) float64 {
	p = min(max(p, 1e-9), 1-1e-9)
	return math.Log(p / (1 - p))
}

// Step is a point of the recall curve at any false-positive rate.
type Step struct{ Rate, Recall float64 }

// Recall gives the curve at many rates between two, evenly on a logarithmic scale.
func Recall(truth []*Truth, answers []*Answer, from, to float64, steps int) ([]Step, error) {
	by := make(map[string]*Answer, len(answers))
	for _, a := range answers {
		by[a.ID] = a
	}
	var positive, negative []scored
	for _, t := range truth {
		a := by[t.ID]
		if a == nil {
			a = &Answer{}
		}
		s, _ := a.best(t.Expect)
		switch {
		case len(t.Expect) == 0:
			negative = append(negative, scored{t, s})
		case t.Stratum != Sanity:
			positive = append(positive, scored{t, s})
		}
	}
	if from <= 0 || to <= from || steps < 2 {
		return nil, fmt.Errorf("a curve goes up from a rate above 0 in two steps or more")
	}
	var curve []Step
	for i := range steps {
		f := from * math.Pow(to/from, float64(i)/float64(steps-1))
		curve = append(curve, Step{f, over(positive, threshold(negative, f))})
	}
	return curve, nil
}
