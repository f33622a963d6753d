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
	cells   []cell   // by identity
	marks   []uint64 // bits of the identities that were touched: few enough to stay near the processor
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
			b.cells, b.marks = make([]cell, s.len()), make([]uint64, s.len()/64+1)
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
	a.traits.set(a)
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
	need := floorOdds - a.prior()
	left, leftWords := 0, 0 // of words that are not walked
	for t := range a.terms {
		term := &a.terms[t]
		words := len(a.terms) - t
		admit := a.bounds.name(a.rest[t], words, 0)+a.traits.most+r.weight >= need
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
			say := a.bounds.gain(f.gain+a.rest[t+1]) - need
			if !admit || say+a.bounds.most[min(words, match.MaxWords)][0]+a.traits.most+r.weight < 0 {
				for ; len(ids) > 0; ids = ids[postingSize:] {
					if id := ids.id(0); b.marks[id/64]>>(id%64)&1 == 1 {
						b.cells[id] = b.cells[id].add(t, gain)
					}
				}
				continue
			}
			most := &a.bounds.most[min(words, match.MaxWords)]
			for ; len(ids) > 0; ids = ids[postingSize:] {
				id, x := ids.next()
				if b.marks[id/64]>>(id%64)&1 == 0 {
					if say+most[x.words()]+a.traits.brief(x)+a.dates.brief(x) < 0 {
						continue
					}
					b.touched = append(b.touched, id)
					b.marks[id/64] |= 1 << (id % 64)
				}
				b.cells[id] = b.cells[id].add(t, gain)
			}
		}
	}
	for _, id := range b.touched {
		c := b.cells[id]
		b.cells[id] = 0
		b.marks[id/64] &^= 1 << (id % 64)
		x := traits(s.summaries.at(int(2*id + 1)))
		gain := c.gain()*gainUnit + left
		bound := a.bounds.name(gain, c.count()+leftWords, x.words()) + a.bounds.rest*float64(max(0, x.says()-gain-sayingSlack)) + a.traits.weight(x) + r.weight + a.prior()
		if bound < floorOdds {
			continue
		}
		if bound += a.dateWeight(s, id, x) - r.weight; bound < floorOdds {
			continue
		}
		a.candidates = append(a.candidates, candidate{bound, id})
	}
}

// sayingSlack is by how much words that fit may say less than they would at best, in centinats.
const sayingSlack = 300

// prior is the log-odds before any evidence.
func (a *ask) prior() float64 { return a.model.Prior - a.crowd }

// bounds says what a name can reach at best.
type bounds struct {
	words          int  // of the traveller that identify
	surname, given bool // some of them are in the surname, in the given names
	slope, best    float64
	bestGain       float64                                         // of any word
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
	b.bestGain = float64(best)
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

// gain is what words that fit say.
func (b *bounds) gain(gain int) float64 {
	return b.slope*float64(gain) + b.best*min(float64(gain), b.bestGain)
}

// name is the most that a name can say of which so many words fit, with so much gain, and
// that has at least so many words.
func (b *bounds) name(gain, words, shortest int) float64 {
	return b.most[min(words, match.MaxWords)][shortest] + b.gain(gain)
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

// dateWeights is what dates say at most.
type dateWeights struct {
	near, middle, far float64      // by how many years they are apart
	year              [256]float64 // by the year of a brief
	same              [256]float64 // the same if day and month are those asked for
	days              [8]uint64    // bits of the days that are nearly those asked for, in the same year
	asked             brief        // year and day
	until             uint8        // last year
	turning           bool         // the day is the first or last of a year: its neighbours are in another
	several           bool         // ask by the years of several dates
}

func (w *dateWeights) set(a *ask) {
	m, d := a.model, a.date
	unknown := m.Dates[match.DateUnknown]
	w.near = math.Inf(-1)
	for l := range m.Dates {
		if match.DateLevel(l) != match.DateUnknown {
			w.near = max(w.near, m.Dates[l])
		}
	}
	w.far = max(m.Dates[match.DateOther], m.Dates[match.DateDigit])
	w.middle = max(w.far, m.Dates[match.DateFar])
	w.several, w.turning, w.days = d.Known(), false, [8]uint64{}
	if !d.Known() {
		for y := range w.year {
			w.year[y], w.same[y] = unknown, unknown
		}
		return
	}
	full := d.Month != 0 && d.Day != 0 && !d.Circa && d.Until == d.Year
	for y := range w.year {
		w.year[y] = w.apart(firstYear-1+y, firstYear-1+y, d)
		w.same[y] = w.year[y]
	}
	if full {
		for y := 1; y < len(w.year); y++ {
			listed := match.Date{Year: int16(firstYear - 1 + y), Until: int16(firstYear - 1 + y), Month: d.Month, Day: d.Day}
			w.same[y] = m.Dates[match.CompareDates(d, listed)]
			switch apart := max(int(d.Year)-int(listed.Year), int(listed.Year)-int(d.Year)); {
			case apart == 0:
				w.year[y] = max(m.Dates[match.DateSameYear], m.Dates[match.DateNear])
			case apart <= 2:
				w.year[y] = m.Dates[match.DateNear]
			case apart <= 10:
				w.year[y] = m.Dates[match.DateFar]
			default:
				w.year[y] = m.Dates[match.DateOther]
			}
		}
		w.turning = d.Month == 1 && d.Day == 1 || d.Month == 12 && d.Day == 31
		w.nearDays(d)
	} else {
		for y := range w.year {
			w.same[y] = w.year[y]
		}
	}
	w.asked = brief(briefYear(int(d.Year)))<<24 | brief(briefDay(d.Month, d.Day))<<15
	w.until = briefYear(int(d.Until))
	w.year[0], w.same[0] = unknown, unknown
}

// nearDays notes the days that may say more than that they lie in the same year: not known to
// the day, crossed, one digit another, the day before or after.
func (w *dateWeights) nearDays(d match.Date) {
	for month := range int8(13) {
		for day := range int8(32) {
			crossed := month == d.Day && day == d.Month
			digits := (month == d.Month && (day/10 == d.Day/10 || day%10 == d.Day%10)) || (day == d.Day && (month/10 == d.Month/10 || month%10 == d.Month%10))
			next := month == d.Month && max(day-d.Day, d.Day-day) <= 1 || day == 1 || d.Day == 1 && day >= 28
			if month == 0 || day == 0 || crossed || digits || next {
				at := briefDay(month, day)
				w.days[at/64] |= 1 << (at % 64)
			}
		}
	}
}

// apart is what dates of the years first to last say at most.
func (w *dateWeights) apart(first, last int, d match.Date) float64 {
	switch apart := max(first-int(d.Until), int(d.Year)-last); {
	case apart <= 2:
		return w.near
	case apart <= 10:
		return w.middle
	}
	return w.far
}

// brief is what a posting's date says at most.
func (w *dateWeights) brief(b brief) float64 {
	y, d := b.year(), b.day()
	switch {
	case b.several() && w.several:
		switch apart := max(int(y)-int(w.until), int(w.asked.year())-int(y)-int(d)); {
		case apart <= 2:
			return w.near
		case apart <= 10:
			return w.middle
		}
		return w.far
	case d == w.asked.day():
		return w.same[y]
	case y == w.asked.year() && w.days[d/64]>>(d%64)&1 == 1, w.turning && y != 0:
		return max(w.near, w.year[y])
	}
	return w.year[y]
}

// regions gives the identities in runs, by what their dates can say.
func (a *ask) regions(s *segment) []region {
	w := &a.dates
	w.set(a)
	unknown := a.model.Dates[match.DateUnknown]
	n := uint32(s.len())
	if !a.date.Known() {
		a.runs = append(a.runs[:0], region{0, n, unknown})
		return a.runs
	}
	at := func(place int) uint32 { return s.years.at(min(max(place, dated), places)) }
	from, to := yearPlace(int(a.date.Year)), yearPlace(int(a.date.Until))
	near, nearEnd := at(from-2), at(to+3)
	mid, midEnd := at(from-10), at(to+11)
	a.runs = append(a.runs[:0],
		region{0, s.years.at(scattered), unknown}, region{s.years.at(scattered), s.years.at(dated), w.near},
		region{near, nearEnd, w.near}, region{mid, near, w.middle}, region{nearEnd, midEnd, w.middle},
		region{at(dated), mid, w.far}, region{midEnd, n, w.far})
	return a.runs
}

// dateWeight is what the date of an identity says, at most.
func (a *ask) dateWeight(s *segment, id uint32, x traits) float64 {
	switch listed := s.summaries.at(int(2 * id)); {
	case listed == 0 || !a.date.Known():
		return a.model.Dates[match.DateUnknown]
	case x.years():
		return a.dates.apart(int(listed>>16), int(listed&0xFFFF), a.date)
	default:
		return a.model.Dates[match.CompareDates(a.date, match.Date{Year: int16(listed >> 16), Until: int16(listed >> 16), Month: int8(listed >> 8), Day: int8(listed)})]
	}
}
