package register

import (
	"slices"
	"strings"

	"garita/border"
	"garita/border/icao"
)

// proposeAt is the lowest score that is proposed to people.
const proposeAt = 60

// propose compares what a document has without its other half with everybody else's of the
// same birth date. It merges nothing: a person decides. The parts are opened for the
// comparison and forgotten; a key that is not held proposes nothing.
func (p *projection) propose(d border.BlindIndex, proposed bool, own []loose) error {
	if proposed {
		if err := p.t.deleteProposals(d); err != nil {
			return err
		}
	}
	for i := range own {
		if own[i].born == nil {
			continue
		}
		others, err := p.t.otherHalves(&own[i])
		if err != nil {
			return err
		}
		others = slices.DeleteFunc(others, func(o loose) bool { return !fits(&own[i], &o) })
		if len(others) == 0 {
			continue
		}
		who, ok, err := p.particulars(own[i].crossing)
		if err != nil {
			return err
		}
		for j := 0; j < len(others) && ok; j++ {
			if err := p.compare(&own[i], &who, &others[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// fits reports whether one is an entry, the other a later exit on another document.
func fits(a, b *loose) bool {
	if a.document == b.document || a.entry == b.entry {
		return false
	}
	if b.entry {
		return b.before(a.place)
	}
	return a.before(b.place)
}

// compare proposes a pair that fits if the people look alike; who is that of a.
func (p *projection) compare(a *loose, who *particulars, b *loose) error {
	other, ok, err := p.particulars(b.crossing)
	if err != nil || !ok {
		return err
	}
	entry, in, exit, out := a, who, b, &other
	if b.entry {
		entry, in, exit, out = b, &other, a, who
	}
	if score := likeness(in, out); score >= proposeAt {
		return p.t.putProposal(proposalRow{entry: entry.crossing, exit: exit.crossing, entryDocument: entry.document,
			exitDocument: exit.document, score: score})
	}
	return nil
}

// particulars reads those of a crossing as it stands.
func (p *projection) particulars(id border.ID) (who particulars, ok bool, err error) {
	c, ok, err := p.t.crossingByID(id)
	if err != nil || !ok {
		return who, false, err
	}
	e, ok, err := p.inForce(&c)
	if err != nil || !ok {
		return who, false, err
	}
	who, part := p.read(e)
	return who, part == partOpen, nil
}

// likeness says how much two people with one birth date look like one, 0 to 100: names 70,
// sex 15, nationality 15. Names are compared token by token in any order, as an MRZ prints
// them; a token that one of them lacks counts half, because documents leave names out.
func likeness(a, b *particulars) int {
	if a.Sex != b.Sex && a.Sex != "" && b.Sex != "" && a.Sex != "X" && b.Sex != "X" {
		return 0
	}
	score := 70 * nameLikeness(tokens(a), tokens(b))
	switch {
	case a.Sex == b.Sex && a.Sex != "":
		score += 15
	default:
		score += 8
	}
	if a.Nationality == b.Nationality && a.Nationality != "" {
		score += 15
	}
	return int(score)
}

func tokens(p *particulars) []string {
	t := strings.Fields(icao.NormaliseName(p.Surname) + " " + icao.NormaliseName(p.GivenNames))
	slices.Sort(t)
	return t[:min(len(t), 10)]
}

// nameLikeness is between 0 and 1. Each token of the shorter name takes its best partner.
func nameLikeness(a, b []string) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 0 {
		return 0
	}
	free := slices.Clone(b)
	sum := 0.0
	for _, t := range a {
		best, at := 0.0, -1
		for i, u := range free {
			if s := tokenLikeness(t, u); s > best {
				best, at = s, i
			}
		}
		if at >= 0 {
			free = slices.Delete(free, at, at+1)
		}
		sum += best
	}
	return sum / (float64(len(a)) + float64(len(b)-len(a))/2)
}

// tokenLikeness falls from 1 with the share of letters that must be changed; below two
// thirds it is nothing.
func tokenLikeness(a, b string) float64 {
	a, b = a[:min(len(a), 40)], b[:min(len(b), 40)]
	longest := max(len(a), len(b))
	if longest == 0 {
		return 0
	}
	s := 1 - float64(distance(a, b))/float64(longest)
	if s < 2.0/3 {
		return 0
	}
	return s
}

// distance is Levenshtein's, of letters A to Z.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
