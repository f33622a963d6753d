package watch

import "slices"

// Check appends to hits who the traveller could be, best first and at most [MaxHits], and
// returns the extended slice. It looks neither at handling nor at what is remembered: the
// asker does. Hits have at least the probability [Floor].
func (l *List) Check(q *Query, hits []Hit) []Hit {
	return l.check(q, hits, false)
}

func (l *List) check(q *Query, hits []Hit, exhaustive bool) []Hit {
	a := l.asks.Get().(*ask)
	defer l.asks.Put(a)
	a.begin(q)
	q.spellings(func(surname, given, full string, cut bool) {
		if !a.name(surname, given, full, cut) {
			return
		}
		if exhaustive {
			a.everything()
			return
		}
		a.search()
	})
	a.documents(q)
	if len(a.outcomes) == 0 {
		return hits
	}
	a.merge()
	for i := range a.outcomes[:min(len(a.outcomes), MaxHits)] {
		hits = append(hits, a.hit(&a.outcomes[i]))
	}
	return hits
}

// merge makes one outcome of those of an entry, and sorts them.
func (a *ask) merge() {
	slices.SortFunc(a.outcomes, func(x, y outcome) int {
		switch {
		case x.segment != y.segment:
			return x.segment - y.segment
		case x.identity != y.identity:
			return int(x.identity) - int(y.identity)
		case x.odds > y.odds:
			return -1
		case x.odds < y.odds:
			return 1
		}
		return x.name - y.name
	})
	n := 0
	for _, o := range a.outcomes {
		if n > 0 && a.outcomes[n-1].segment == o.segment && a.outcomes[n-1].identity == o.identity {
			if b := &a.outcomes[n-1]; o.document > b.document {
				b.document, b.repaired = o.document, o.repaired
			}
			continue
		}
		a.outcomes[n] = o
		n++
	}
	a.outcomes = a.outcomes[:n]
	slices.SortFunc(a.outcomes, a.before)
}

func (a *ask) hit(o *outcome) Hit {
	s := a.segment(o.segment)
	id := s.identity(o.identity)
	h := Hit{Entry: a.key(o), Score: o.score(), Handling: id.handling, Applies: id.applies, Name: o.name, Repaired: o.repaired}
	if o.document > 0 {
		h.Basis = ByDocument
	}
	return h
}

// documents looks for entries with one of the traveller's documents.
func (a *ask) documents(q *Query) {
	for i := range q.Documents {
		d := &q.Documents[i]
		document(a, d, d.Number, false)
		if d.DigitWrong && len(d.Number) <= maxNumber {
			a.number = append(a.number[:0], d.Number...)
			repairs(a.number, d.CheckDigit, func(number []byte) { document(a, d, number, true) })
		}
	}
}

// document looks for entries with one number.
func document[T string | []byte](a *ask, d *QueryDocument, number T, repaired bool) {
	h, ok := hashNumber(number)
	if !ok {
		return
	}
	for k := range 2 {
		s := a.segment(k)
		lo, hi := s.documents.find(h)
		for ; lo < hi; lo++ {
			a.listed(k, s.documents.entry(lo), d.Issuer, string(number), repaired)
		}
	}
}

// listed adds an entry whose document has the number's hash, if it has the number.
func (a *ask) listed(segment int, entry uint32, issuer, number string, repaired bool) {
	var e *Entry
	var at uint32
	if segment == 1 {
		e, at = a.l.latest[entry], a.l.identity.at(int(entry))
	} else {
		if a.l.masked(int(entry)) {
			return
		}
		if e = a.l.base.entry(int(entry)); e == nil {
			return
		}
		at = a.l.base.identity.at(int(entry))
	}
	p := documentScore(e, issuer, number)
	if repaired {
		p *= repairedFactor
	}
	id := a.segment(segment).identity(at)
	if p == 0 || !id.holds(a.day, a.direction) {
		return
	}
	o := outcome{segment: segment, identity: at, odds: never, name: -1, document: p, repaired: repaired}
	if odds, name, ok := a.compare(a.segment(segment), at, floorOdds); ok && odds >= floorOdds {
		o.odds, o.name = odds, name
	}
	a.outcomes = append(a.outcomes, o)
}

// never is the log-odds of what cannot be.
const never = -100
