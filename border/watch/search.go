package watch

import (
	"cmp"
	"math"
	"slices"

	"garita/border/watch/match"
)

// A search walks the postings of the words that the traveller's could be, from what says
// most to what says least, and adds up for each identity what its words would say at best.
// A word whose identities cannot reach the floor with all that is still to come is not
// walked. How much can still come depends on the date of birth, so years are walked apart:
// nearly everybody's date contradicts, and then a common name cannot make a hit.

// board is where a search adds up.
type board struct {
	cells   []cell // by identity
	touched []uint32
}

// cell is what is known of an identity: gain 12 bits, the last word that added to it 4, what
// that word added 9, how many words have added 4. Gains are in units, rounded up. 0: nothing.
type cell uint32

const (
	gainUnit = 8 // centinats
	maxGain  = 1<<12 - 1
	maxLast  = 1<<9 - 1
)

func (c cell) gain() int  { return int(c >> 17) }
func (c cell) word() int  { return int(c >> 13 & 15) }
func (c cell) last() int  { return int(c >> 4 & maxLast) }
func (c cell) count() int { return int(c & 15) }

// add notes that word t is there with a gain in units. Of several listed words that one of
// the traveller's could be, the best counts.
func (c cell) add(t, gain int) cell {
	gain = min(gain, maxLast)
	sum, count := c.gain(), c.count()
	if c != 0 && c.word() == t {
		if gain <= c.last() {
			return c
		}
		sum += gain - c.last()
	} else {
		sum += gain
		count++
	}
	return cell(min(sum, maxGain))<<17 | cell(t)<<13 | cell(gain)<<4 | cell(min(count, 15))
}

// candidate is an identity and the log-odds that it cannot exceed.
type candidate struct {
	bound    float64
	identity uint32
}

// region is a run of identities, and what the date of birth says of them at most.
type region struct {
	from, to uint32
	weight   float64
	tell     bool // the date is told identity by identity
}

// search finds the identities worth comparing, and compares them.
func (a *ask) search() {
	a.order()
	a.top = a.top[:0]
	for k := range 2 {
		s := a.segment(k)
		if s.len() == 0 {
			continue
		}
		b := &a.boards[k]
		if b.cells == nil {
			b.cells = make([]cell, s.len())
		}
		a.candidates = a.candidates[:0]
		for _, r := range a.regions(s) {
			if r.from < r.to {
				a.walk(s, b, &r)
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
	words := a.bounds.words
	a.terms = slices.DeleteFunc(a.terms, func(t term) bool { return len(t.words) == 0 || words > 0 && t.small })
	slices.SortFunc(a.terms, func(x, y term) int { return cmp.Or(cmp.Compare(y.best, x.best), cmp.Compare(x.at, y.at)) })
	a.rest = append(a.rest[:0], make([]int, len(a.terms)+1)...)
	for t := len(a.terms) - 1; t >= 0; t-- {
		a.rest[t] = a.rest[t+1] + a.terms[t].best
	}
}

// walk finds the candidates of a region.
func (a *ask) walk(s *segment, b *board, r *region) {
	b.touched = b.touched[:0]
	need := floorOdds - a.bounds.other
	left, leftWords := 0, 0 // of words that are not walked
	for t := range a.terms {
		term := &a.terms[t]
		words := len(a.terms) - t
		admit := a.bounds.name(a.rest[t], words)+r.weight >= need
		if !admit {
			if len(b.touched) == 0 {
				break
			}
			total := 0
			for _, f := range term.words {
				total += s.list(f.id).within(r.from, r.to).len()
			}
			if total > 8*len(b.touched) {
				left += term.best
				leftWords++
				continue
			}
		}
		for _, f := range term.words {
			ids := s.list(f.id).within(r.from, r.to)
			if len(ids) == 0 {
				continue
			}
			gain := (f.gain + gainUnit - 1) / gainUnit
			enough := need - a.bounds.name(f.gain+a.rest[t+1], words) // of the date
			fits := admit && r.weight >= enough
			for ; len(ids) > 0; ids = ids[4:] {
				id := ids.at(0)
				c := b.cells[id]
				if c == 0 {
					if !fits || r.tell && a.dateWeight(s, id, r) < enough {
						continue
					}
					b.touched = append(b.touched, id)
				}
				b.cells[id] = c.add(t, gain)
			}
		}
	}
	for _, id := range b.touched {
		c := b.cells[id]
		b.cells[id] = 0
		weight := r.weight
		if r.tell {
			weight = a.dateWeight(s, id, r)
		}
		bound := a.bounds.name(c.gain()*gainUnit+left, c.count()+leftWords) + weight + a.bounds.other
		if bound >= floorOdds {
			a.candidates = append(a.candidates, candidate{bound, id})
		}
	}
}

// bounds says what a comparison can reach at best.
type bounds struct {
	words          int  // of the traveller that identify
	surname, given bool // some of them are in the surname, in the given names
	other          float64
	slope          float64                     // of the gain
	most           [match.MaxWords + 1]float64 // by how many words fit at most: name and all
	fixed          [match.MaxWords + 1]float64 // by how many words fit: what does not depend on the listed name
}

// set reads them off the model's weights.
func (b *bounds) set(a *ask) {
	m := a.model
	w := &m.Weights
	*b = bounds{slope: max(0, w[match.FeatGain]), other: m.Prior - a.crowd}
	small, best, initials := 0, 0, 0
	for i, x := range a.traveller.Words {
		if x.Form&forms != 0 {
			small += a.terms[i].best
			continue
		}
		b.words++
		best = max(best, a.terms[i].best)
		if len(x.Text) == 1 { // found with other words only
			initials++
		}
		if x.Form&match.Surname != 0 {
			b.surname = true
		} else {
			b.given = true
		}
	}
	base := w[match.FeatOne] + max(0, w[match.FeatSecond])*float64(best) + max(0, w[match.FeatParticle])*float64(small)
	base += max(0, w[match.FeatBothLeft])*4 + max(0, w[match.FeatSmallLeft])*4 + max(0, w[match.FeatCrossed]) + max(0, w[match.FeatShort])
	full := max(0, w[match.FeatBest])*float64(best) + max(0, w[match.FeatAllListed])
	for k := range b.fixed {
		sum := base + w[match.FeatAskedLeft]*float64(max(0, b.words-k)) + w[match.FeatMatched]*float64(k)
		if k >= b.words {
			sum += w[match.FeatAllAsked]
		}
		b.fixed[k] = sum
		b.most[k] = sum + full
		if k+initials >= b.words && k < b.words {
			b.most[k] = max(b.most[k], b.most[k]-w[match.FeatAskedLeft]*float64(b.words-k)+w[match.FeatMatched]*float64(b.words-k)+w[match.FeatAllAsked])
		}
		b.most[k] += b.slope * float64(initialGain*initials)
		if k >= b.words-initials {
			b.most[k] += max(0, w[match.FeatAll]) + max(0, w[match.FeatExact])
		}
		if k > 0 {
			b.most[k] = max(b.most[k], b.most[k-1])
		}
	}
	if a.sex == "M" || a.sex == "F" {
		b.other += max(0, m.Sexes[match.TraitSame])
	}
	if a.nation != 0 {
		b.other += max(0, m.Nations[match.TraitSame], m.Nations[match.TraitRelated])
	}
}

// exactly is what a name says of which so many words fit, apart from what depends on it.
func (b *bounds) exactly(words int) float64 { return b.fixed[words] }

// name is the most that a name can say of which so many words fit, with so much gain.
func (b *bounds) name(gain, words int) float64 {
	return b.most[min(max(words, 0), match.MaxWords)] + b.slope*float64(gain)
}

// regions gives the identities in runs, by what their dates can say.
func (a *ask) regions(s *segment) []region {
	m := a.model
	out := a.runs[:0]
	n := uint32(s.len())
	if !a.date.Known() {
		a.runs = append(out, region{0, n, m.Dates[match.DateUnknown], false})
		return a.runs
	}
	most := math.Inf(-1)
	for l := range m.Dates {
		if match.DateLevel(l) != match.DateUnknown {
			most = max(most, m.Dates[l])
		}
	}
	at := func(place int) uint32 { return s.years.at(min(max(place, dated), places)) }
	far := max(m.Dates[match.DateOther], m.Dates[match.DateDigit])
	middle := max(far, m.Dates[match.DateFar], m.Dates[match.DateNear])
	from, to := yearPlace(int(a.date.Year)), yearPlace(int(a.date.Until))
	near, nearEnd := at(from-2), at(to+3)
	mid, midEnd := at(from-10), at(to+11)
	a.runs = append(out,
		region{0, s.years.at(scattered), m.Dates[match.DateUnknown], false},
		region{s.years.at(scattered), s.years.at(dated), most, false},
		region{near, nearEnd, most, true},
		region{mid, near, middle, true}, region{nearEnd, midEnd, middle, true},
		region{at(dated), mid, far, true}, region{midEnd, n, far, true})
	return a.runs
}

// bcd writes a date as YYYYMMDD, four bits a digit; 0 for months and days not known.
func bcd(d match.Date) uint32 {
	y := uint32(d.Year)
	return y/1000%10<<28 | y/100%10<<24 | y/10%10<<20 | y%10<<16 | bcd2(d.Month)<<8 | bcd2(d.Day)
}

func bcd2(n int8) uint32 { return uint32(n)/10%10<<4 | uint32(n)%10 }

func unbcd(x uint32) match.Date {
	y := int16(bcdYear(x))
	return match.Date{Year: y, Until: y, Month: int8(x>>12&15*10 + x>>8&15), Day: int8(x>>4&15*10 + x&15)}
}

func bcdYear(x uint32) int {
	return int(x>>28)*1000 + int(x>>24&15)*100 + int(x>>20&15)*10 + int(x>>16&15)
}

// dateWeight is what the date of an identity in a region says, at most.
func (a *ask) dateWeight(s *segment, id uint32, r *region) float64 {
	listed := s.births.at(int(id))
	if listed == 0 {
		return r.weight
	}
	return a.model.Dates[a.dateLevel(listed)]
}

// dateLevel is [match.CompareDates] for a listed date in BCD, fast for the dates that say
// against.
func (a *ask) dateLevel(listed uint32) match.DateLevel {
	x := a.bcd ^ listed
	full := a.full && listed&0xFF != 0 && listed&0xFF00 != 0
	if !full || x>>16 == 0 || x&0xFFFF == 0 || oneDigit(x) || a.turning ||
		listed>>8&0xFF == a.bcd&0xFF && a.bcd>>8&0xFF == listed&0xFF {
		return match.CompareDates(a.date, unbcd(listed))
	}
	apart := bcdYear(listed) - int(a.date.Year)
	switch apart = max(apart, -apart); {
	case apart <= 2:
		return match.DateNear
	case apart <= 10:
		return match.DateFar
	}
	return match.DateOther
}

// oneDigit reports whether all bits are of one digit.
func oneDigit(x uint32) bool {
	x |= x >> 2
	x |= x >> 1
	x &= 0x11111111
	return x&(x-1) == 0
}
