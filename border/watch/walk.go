package watch

// board is the memory of a walk: bits of identities, few enough to stay near the processor.
type board struct {
	done  []uint64     // looked at
	terms []membership // by term
}

// whole is all the postings of a word, cut into regions.
type whole struct {
	postings
	gain int
	ends [maxRegions]int32
}

// Regions; nearRegion is of the years about the one asked for.
const (
	maxRegions = 4
	nearRegion = 2
)

// membership is which identities have a word that the traveller's could be.
type membership struct {
	words    []whole
	lists    []cut // those of the region
	postings int
	strong   []uint64 // with a gain above weak
	any      []uint64
	weak     int  // the most that others have
	noted    bool // the bits are set
	assumed  bool // nobody has looked: all may have it
}

// cut is the part of a word's postings that lies in a region.
type cut struct {
	postings
	gain int
}

// walk finds the candidates of a region. Each identity is looked at once, at the term that says
// most of those it has; the bits tell which of the others it has as well.
func (a *ask) walk(s *segment, b *board, at int) {
	r := &a.runs[at]
	need := floorOdds - a.prior()
	brings := 0 // terms that may bring somebody in, alone or with those after them
	for brings < len(a.terms) && a.bounds.name(a.rest[brings], len(a.terms)-brings, 0)+a.traits.most+r.weight >= need {
		brings++
	}
	if brings == 0 {
		return
	}
	b.prepare(a, s, at, brings)
	for t := range brings {
		rest := a.rest[t+1]
		words := len(a.terms) - t
		most := &a.bounds.most[words]
		for _, list := range b.terms[t].lists {
			say := a.bounds.gain(list.gain+rest) - need
			if say+most[0]+a.traits.most+r.weight < 0 {
				break // the others gain less
			}
			if a.left -= list.len(); a.left < 0 && 4*list.gain < 3*a.terms[t].best {
				break
			}
			usual := say + most[0] + a.traits.most
			asked := uint32(a.dates.asked) >> 15 & 511
			for ids := list.postings; len(ids) > 0; ids = ids[postingSize:] {
				id, x := ids.next()
				// Nearly all end here: of another day, and of a year that says too little.
				if usual+a.dates.year[x.year()] < 0 && uint32(x)>>15&511 != asked && x.year() != a.dates.asked.year() && !x.several() && !a.dates.turning {
					continue
				}
				other := a.traits.brief(x) + a.dates.brief(x)
				if say+most[x.words()]+other < 0 || b.done[id/64]>>(id%64)&1 == 1 {
					continue
				}
				b.done[id/64] |= 1 << (id % 64)
				gain, count := b.others(a, t, id)
				gain += list.gain
				if a.bounds.gain(gain)+a.bounds.most[count+1][x.words()]+other >= need {
					a.consider(s, id, gain, count+1, need)
				}
			}
		}
	}
	b.clear(r)
}

// consider makes a candidate of an identity, unless what its summary tells speaks against it.
func (a *ask) consider(s *segment, id uint32, gain, words int, need float64) {
	x := traits(s.summaries.at(int(2*id + 1)))
	bound := a.bounds.name(gain, words, x.words()) + a.bounds.rest*float64(max(0, x.says()-gain-sayingSlack)) +
		a.traits.weight(x) + a.dateWeight(s, id, x)
	if bound >= need {
		a.candidates = append(a.candidates, candidate{bound + a.prior(), id})
	}
}

// sayingSlack is by how much words that fit may say less than they would at best, in centinats.
const sayingSlack = 300

// begin cuts the postings of a segment into the regions.
func (b *board) begin(a *ask, s *segment) {
	if b.done == nil {
		b.done = make([]uint64, s.len()/64+1)
	}
	for len(b.terms) < len(a.terms) {
		b.terms = append(b.terms, membership{})
	}
	for t := range a.terms {
		m := &b.terms[t]
		m.words = m.words[:0]
		for _, f := range a.terms[t].words {
			p := s.list(f.id)
			if len(p) == 0 {
				continue
			}
			w := whole{postings: p, gain: f.gain}
			last := 0
			for i := range a.runs {
				last += p[postingSize*last:].search(a.runs[i].to)
				w.ends[i] = int32(last)
			}
			m.words = append(m.words, w)
		}
	}
}

// prepare takes the postings of a region and notes who has which term.
func (b *board) prepare(a *ask, s *segment, at, brings int) {
	before := 0
	for t := range a.terms {
		m := &b.terms[t]
		m.lists, m.postings, m.assumed, m.noted, m.weak = m.lists[:0], 0, false, false, 0
		for i := range m.words {
			w := &m.words[i]
			from := int32(0)
			if at > 0 {
				from = w.ends[at-1]
			}
			if n := w.ends[at] - from; n > 0 {
				m.lists = append(m.lists, cut{w.postings[postingSize*from : postingSize*w.ends[at]], w.gain})
				m.postings += int(n)
			}
		}
		switch {
		case t == 0: // nobody asks: each identity that has it is looked at here
		case t >= brings && m.postings > manyPostings*before:
			m.assumed = true
		case m.postings > 0:
			m.note(s, a.terms[t].best)
		}
		if t < brings {
			before += m.postings
		}
	}
}

// manyPostings is by how much noting who has a term may outweigh what it is noted for.
const manyPostings = 8

// note sets the bits of who has the term.
func (m *membership) note(s *segment, best int) {
	m.noted = true
	if m.any == nil {
		m.any, m.strong = make([]uint64, s.len()/64+1), make([]uint64, s.len()/64+1)
	}
	for _, l := range m.lists {
		bits := m.any
		if 4*l.gain >= 3*best {
			bits = m.strong
		} else {
			m.weak = max(m.weak, l.gain)
		}
		for ids := l.postings; len(ids) > 0; ids = ids[postingSize:] {
			id := ids.id(0)
			bits[id/64] |= 1 << (id % 64)
		}
	}
}

// others tells how many of the terms after t an identity has, and what they gain at most.
func (b *board) others(a *ask, t int, id uint32) (gain, count int) {
	for t++; t < len(a.terms); t++ {
		m := &b.terms[t]
		switch {
		case m.assumed, m.noted && m.strong[id/64]>>(id%64)&1 == 1:
			gain += a.terms[t].best
		case m.noted && m.any[id/64]>>(id%64)&1 == 1:
			gain += m.weak
		default:
			continue
		}
		count++
	}
	return gain, count
}

// clear takes back what the walk of a region has set.
func (b *board) clear(r *region) {
	from, to := r.from/64, (r.to+63)/64
	clear(b.done[from:to])
	for i := range b.terms {
		if m := &b.terms[i]; m.noted {
			m.noted = false
			clear(m.any[from:to])
			clear(m.strong[from:to])
		}
	}
}
