package trial

import (
	"fmt"
	"math"
	"slices"

	"garita/border"
)

// Rates are the false-positive rates of the metric; OperatingRate is the one that counts.
var Rates = []float64{0.05, 0.01, 0.005, 0.002, 0.001}

// OperatingRate is the share of innocent travellers who may be stopped.
const OperatingRate = 0.002

// first is how many hits of an answer count.
const first = 10

// Point is one point of the curve: the share of listed persons found when at most a share of
// Rate of the innocent is stopped.
type Point struct {
	Rate      float64 `json:"rate"`
	Recall    float64 `json:"recall"`
	Threshold float64 `json:"threshold"` // -1: any hit is above it
	Over      int     `json:"negatives_over"`
}

// Group is a share of the listed persons and how many of them are found at [OperatingRate].
type Group struct {
	N      int     `json:"n"`
	Recall float64 `json:"recall"`
}

// Result is what a run comes to. It counts as score.py of the development set does.
type Result struct {
	Positives int              `json:"positives"` // without sanity
	Negatives int              `json:"negatives"`
	Top1      float64          `json:"top1_any_score"`
	Top10     float64          `json:"top10_any_score"`
	Curve     []Point          `json:"curve"`
	Sanity    float64          `json:"sanity_recall"` // at OperatingRate; 1 if there are none
	Groups    map[string]Group `json:"groups"`        // stratum=ocr, dob=missing, ...
	Over      map[string]Group `json:"over"`          // innocent travellers over the threshold; Recall is their share
}

// At gives the point of the curve for one of [Rates].
func (r *Result) At(rate float64) Point {
	for _, p := range r.Curve {
		if p.Rate == rate {
			return p
		}
	}
	return Point{}
}

// none is the score of who was not found, below every threshold.
var none = math.Inf(-1)

// scored is a question with the score that counts.
type scored struct {
	truth *Truth
	score float64
}

// Score computes the metric. A line of hits without a question, or a question with two
// lines, fails with Invalid.
func Score(truth []*Truth, answers []*Answer) (*Result, error) {
	by := make(map[string]*Answer, len(answers))
	for _, a := range answers {
		if by[a.ID] != nil {
			return nil, &border.Error{Code: border.Invalid, Op: "score", Message: fmt.Sprintf("There are two answers for %q.", a.ID)}
		}
		by[a.ID] = a
	}
	known := 0
	r := &Result{Sanity: 1, Groups: make(map[string]Group), Over: make(map[string]Group)}
	var positive, sane, negative []scored
	top1 := 0
	for _, t := range truth {
		a := by[t.ID]
		if a == nil {
			a = &Answer{}
		} else {
			known++
		}
		s, rank := a.best(t.Expect)
		switch {
		case len(t.Expect) == 0:
			negative = append(negative, scored{t, s})
		case t.Stratum == Sanity:
			sane = append(sane, scored{t, s})
		default:
			positive = append(positive, scored{t, s})
			if rank == 0 {
				top1++
			}
		}
	}
	if known != len(by) {
		return nil, &border.Error{Code: border.Invalid, Op: "score", Message: "There are answers to questions that are not in the truth."}
	}
	r.Positives, r.Negatives = len(positive), len(negative)
	r.Top1, r.Top10 = float64(top1)/float64(max(1, len(positive))), over(positive, none)
	for _, f := range Rates {
		th := threshold(negative, f)
		p := Point{Rate: f, Recall: over(positive, th), Threshold: max(-1, th)}
		for _, n := range negative {
			if n.score > th {
				p.Over++
			}
		}
		r.Curve = append(r.Curve, p)
	}
	th := threshold(negative, OperatingRate)
	if len(sane) > 0 {
		r.Sanity = over(sane, th)
	}
	group(r.Groups, positive, th)
	group(r.Over, negative, th)
	return r, nil
}

// best gives the score that counts for a question, and the rank of the first right entry,
// -1 if none of the first ten is right.
func (a *Answer) best(expect []Expected) (score float64, rank int) {
	score, rank = none, -1
	for i, h := range a.Hits {
		switch {
		case len(expect) == 0:
			score = max(score, h.Score)
		case i < first && slices.Contains(expect, Expected{h.Source, h.Entry}):
			score = max(score, h.Score)
			if rank < 0 {
				rank = i
			}
		}
	}
	return score, rank
}

// threshold is the score above which are at most a share of f of the innocent.
func threshold(negative []scored, f float64) float64 {
	if len(negative) == 0 {
		return none
	}
	scores := make([]float64, len(negative))
	for i, n := range negative {
		scores[i] = n.score
	}
	slices.SortFunc(scores, func(a, b float64) int {
		if a > b {
			return -1
		} else if a < b {
			return 1
		}
		return 0
	})
	return scores[min(int(f*float64(len(scores))+1e-9), len(scores)-1)]
}

// over is the share above a threshold.
func over(all []scored, th float64) float64 {
	n := 0
	for _, s := range all {
		if s.score > th {
			n++
		}
	}
	return float64(n) / float64(max(1, len(all)))
}

// group counts by stratum and by label.
func group(into map[string]Group, all []scored, th float64) {
	of := make(map[string][]scored)
	for _, s := range all {
		of["stratum="+s.truth.Stratum] = append(of["stratum="+s.truth.Stratum], s)
		for k, v := range s.truth.Labels {
			of[k+"="+v] = append(of[k+"="+v], s)
		}
	}
	for k, v := range of {
		into[k] = Group{N: len(v), Recall: over(v, th)}
	}
}
