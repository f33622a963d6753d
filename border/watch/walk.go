package watch

// board is the memory of a walk: which identities have which of the traveller's words.
type board struct {
	done  []uint64     // bits of identities: looked at closely
	seen  []uint32     // those whose bits are set
	terms []membership // by term
}

// membership is which identities have a word that the traveller's could be.
type membership struct {
	lists []list // what says most first
	few   filter // of short lists
	many  whole  // of long lists, in the regions that were noted
	long  int    // postings of long lists
	weak  int    // the most that those say which are not strong
	// assumed is how little a date says, or less, of identities that nobody has looked at: all may
	// have the word.
	assumed float64
}

// list is the postings of a word.
type list struct {
	postings
	gain int
	ends [maxEdges]int32 // of a long list, by edge
	days []byte          // postings of single days
}

// longList is how many postings are not looked at each, but by region.
const longList = 512

// whole is bits of the identities that have a word, and those of them that have one which says most of what
// the term can say.
type whole struct {
	any, strong []uint64
	noted       bool
}

// filter are bits of identities by the last digits of their numbers: what has no bit does not have
// the word.
type filter struct {
	any, strong [filterBits / 64]uint64
	noted       bool
}

const filterBits = 1 << 16

// strongly reports whether a gain is nearly the best of a term.
func strongly(gain, best int) bool { return 4*gain >= 3*best }

// walk finds the candidates of a segment: it looks at the identities that have a term, beginning
// with the term that says most, and at what they can have of the terms after it.
func (a *ask) walk(s *segment, b *board) {
	need := floorOdds - a.prior()
	b.begin(a, s)
	b.note(a, s, need)
	for t := range a.walked {
		m := &b.terms[t]
		for i := range m.lists {
			l := &m.lists[i]
			say := a.say(t, l.gain) - need
			reach := say + a.bounds.most[a.fitting(t)][0] + a.traits.most
			if reach+a.regions.most < 0 {
				break // the others gain less
			}
			if l.len() <= longList {
				if !a.pass(s, b, t, l.postings, l.gain, say, nil) {
					break
				}
				continue
			}
			for k := range a.regions.all {
				r := &a.regions.all[k]
				if reach+r.weight < 0 {
					continue
				}
				if r.kind == byDay {
					a.pass(s, b, t, l.days, l.gain, say, r)
				}
				for _, e := range r.spans[:r.parts] {
					a.pass(s, b, t, l.postings[postingSize*l.ends[e.from]:postingSize*l.ends[e.to]], l.gain, say, r)
				}
			}
		}
	}
	b.clear(a)
}

// say is what the terms from t on can say, if t gains so much.
func (a *ask) say(t, gain int) float64 {
	next := 0
	if t+1 < len(a.walked) {
		next = a.walked[t+1].best
	}
	return a.bounds.gain(gain+a.rest[t+1], max(gain, next))
}

// pass looks at identities that have term t: at those of a region, or at all if it is nil. False if
// enough was looked at.
func (a *ask) pass(s *segment, b *board, t int, ids postings, gain int, say float64, r *region) bool {
	if a.left < 0 && !strongly(gain, a.walked[t].best) {
		return false
	}
	w := &a.dates
	most := &a.bounds.most[a.fitting(t)]
	alone := 1
	if a.walked[t].joint {
		alone = jointWords
	}
	least := -(say + most[0] + a.traits.most) // that a date must say
	for ; len(ids) > 0; ids = ids[postingSize:] {
		id, x := ids.next()
		date := w.unknown
		switch {
		case !w.known:
			if x.again() {
				continue
			}
		case w.most[x.year()] < least && !x.several():
			continue // most end here
		default:
			if date = w.brief(x); date < least || r != nil && date > r.weight {
				continue
			}
		}
		other := a.traits.brief(x) + date
		if say+most[x.words()]+other < 0 {
			continue
		}
		a.left--
		g, best, count := b.others(a, t, id, date)
		g, best, count = g+gain, max(best, gain), count+alone
		if a.bounds.name(g, best, count, int(x.words()))+other >= floorOdds-a.prior() && b.done[id/64]>>(id%64)&1 == 0 {
			b.done[id/64] |= 1 << (id % 64)
			b.seen = append(b.seen, id)
			a.consider(s, id, g, best, count)
		}
	}
	return true
}

// consider makes a candidate of an identity, unless what its summary tells speaks against it.
func (a *ask) consider(s *segment, id uint32, gain, best, words int) {
	x := traits(s.summaries.at(int(2*id + 1)))
	bound := a.bounds.name(gain, best, words, x.words()) + a.bounds.rest*float64(max(0, x.says()-gain-sayingSlack)) +
		a.traits.weight(x) + a.dates.listed(s.summaries.at(int(2*id)), x) + a.prior()
	if bound >= floorOdds {
		a.candidates = append(a.candidates, candidate{bound, id})
	}
}

// sayingSlack is by how much words that fit may say less than they would at best, in centinats.
const sayingSlack = 300

// begin takes the postings of a segment.
func (b *board) begin(a *ask, s *segment) {
	if b.done == nil {
		b.done = make([]uint64, s.len()/64+1)
	}
	for len(b.terms) < len(a.walked) {
		b.terms = append(b.terms, membership{})
	}
	for t := range a.walked {
		m := &b.terms[t]
		m.lists, m.long = m.lists[:0], 0
		for _, f := range a.walked[t].words {
			p := s.list(f.id)
			if len(p) == 0 {
				continue
			}
			if len(m.lists) < cap(m.lists) {
				m.lists = m.lists[:len(m.lists)+1]
			} else {
				m.lists = append(m.lists, list{})
			}
			l := &m.lists[len(m.lists)-1]
			l.postings, l.gain, l.days = p, f.gain, l.days[:0]
			a.touched += p.id(0)
		}
		for i := range m.lists {
			if l := &m.lists[i]; l.len() > longList {
				m.long += l.len()
				l.cut(a, s)
			}
		}
	}
}

// cut finds where a long list goes over the edges of regions, and its postings of single days.
func (l *list) cut(a *ask, s *segment) {
	r := &a.regions
	n := l.len()
	per := float64(n) / float64(s.len())
	at := 0
	l.ends[0] = 0
	for i := 1; i < r.edges; i++ {
		if r.edge[i] > r.edge[i-1] {
			at += l.postings[postingSize*at:].search(r.edge[i], int(per*float64(r.edge[i]-r.edge[i-1])))
		}
		l.ends[i] = int32(at)
	}
	k := 1
	for _, d := range r.days {
		for r.edge[k] <= d.from {
			k++
		}
		p := l.postings[postingSize*l.ends[k-1] : postingSize*l.ends[k]]
		for p = p[postingSize*p.search(d.from, int(per*float64(d.from-r.edge[k-1]))):]; len(p) > 0 && p.id(0) < d.to; p = p[postingSize:] {
			l.days = append(l.days, p[:postingSize]...)
		}
	}
}

// manyPostings is by how much noting who has a term may outweigh what it is noted for.
const manyPostings = 8

// note notes who has which term, the first left out: nobody asks for that.
func (b *board) note(a *ask, s *segment, need float64) {
	var before [maxRegions]float64 // postings that will be looked at, by region
	for t := range a.walked {
		m := &b.terms[t]
		m.weak, m.assumed = 0, never
		best := a.walked[t].best
		if t > 0 {
			for k := range a.regions.all {
				r := &a.regions.all[k]
				if r.far && float64(m.long*a.regions.size(r)) > (manyPostings*before[k]+32)*float64(s.len()) {
					m.assumed = max(m.assumed, r.weight)
				}
			}
			for i := range m.lists {
				m.noteList(a, &m.lists[i], best, len(b.done))
			}
		}
		for k := range a.regions.all {
			r := &a.regions.all[k]
			if !r.far {
				continue
			}
			n := 0
			for i := range m.lists {
				l := &m.lists[i]
				if a.say(t, l.gain)-need+a.bounds.most[a.fitting(t)][0]+a.traits.most+r.weight < 0 {
					break
				}
				n += l.len()
			}
			before[k] += float64(n) * float64(a.regions.size(r)) / float64(s.len())
		}
	}
}

// noteList notes the postings of one list, in so many words of bits.
func (m *membership) noteList(a *ask, l *list, best, size int) {
	strong := strongly(l.gain, best)
	if !strong {
		m.weak = max(m.weak, l.gain)
	}
	if l.len() <= longList {
		m.few.note(l.postings, strong)
		return
	}
	m.many.note(l.days, strong, size)
	for k := range a.regions.all {
		r := &a.regions.all[k]
		if r.weight <= m.assumed && r.far {
			continue
		}
		for _, e := range r.spans[:r.parts] {
			m.many.note(l.postings[postingSize*l.ends[e.from]:postingSize*l.ends[e.to]], strong, size)
		}
	}
}

func (f *filter) note(ids postings, strong bool) {
	f.noted = true
	for ; len(ids) > 0; ids = ids[postingSize:] {
		id := ids.id(0) % filterBits
		f.any[id/64] |= 1 << (id % 64)
		if strong {
			f.strong[id/64] |= 1 << (id % 64)
		}
	}
}

func (f *whole) note(ids postings, strong bool, size int) {
	if len(ids) == 0 {
		return
	}
	f.noted = true
	if len(f.any) < size {
		f.any, f.strong = make([]uint64, size), make([]uint64, size)
	}
	of := f.any
	if strong {
		of = f.strong
	}
	for ; len(ids) > 0; ids = ids[postingSize:] {
		id := ids.id(0)
		of[id/64] |= 1 << (id % 64)
	}
}

// others tells how many of the terms after t an identity can have, and what they gain at most,
// together and the best of them.
func (b *board) others(a *ask, t int, id uint32, date float64) (gain, best, count int) {
	for t++; t < len(a.walked); t++ {
		m := &b.terms[t]
		var g int
		f := id % filterBits
		switch {
		case date <= m.assumed,
			m.many.noted && m.many.strong[id/64]>>(id%64)&1 == 1,
			m.few.noted && m.few.strong[f/64]>>(f%64)&1 == 1:
			g = a.walked[t].best
		case m.few.noted && m.few.any[f/64]>>(f%64)&1 == 1,
			m.many.noted && m.many.any[id/64]>>(id%64)&1 == 1:
			g = m.weak
		default:
			continue
		}
		gain += g
		best = max(best, g)
		count++
	}
	return gain, best, count
}

// clear takes back what was noted.
func (b *board) clear(a *ask) {
	for _, id := range b.seen {
		b.done[id/64] = 0
	}
	b.seen = b.seen[:0]
	for t := range b.terms {
		m := &b.terms[t]
		if m.few.noted {
			m.few = filter{}
		}
		if m.many.noted {
			m.many.noted = false
			m.clear(&a.regions)
		}
	}
}

// clear takes back what was noted of long lists.
func (m *membership) clear(r *regions) {
	for i := range m.lists {
		if l := &m.lists[i]; l.len() > longList {
			m.many.unset(l.days)
		}
	}
	for k := range r.all {
		x := &r.all[k]
		if x.weight <= m.assumed && x.far {
			continue
		}
		for _, e := range x.spans[:x.parts] {
			noted := 0
			for i := range m.lists {
				if l := &m.lists[i]; l.len() > longList {
					noted += int(l.ends[e.to] - l.ends[e.from])
				}
			}
			from, to := r.edge[e.from]/64, (r.edge[e.to]+63)/64
			if noted > int(to-from)/8 {
				clear(m.many.any[from:to])
				clear(m.many.strong[from:to])
				continue
			}
			for i := range m.lists {
				if l := &m.lists[i]; l.len() > longList {
					m.many.unset(l.postings[postingSize*l.ends[e.from] : postingSize*l.ends[e.to]])
				}
			}
		}
	}
}

func (f *whole) unset(ids postings) {
	for ; len(ids) > 0; ids = ids[postingSize:] {
		id := ids.id(0)
		f.any[id/64], f.strong[id/64] = 0, 0
	}
}
