package watch

// region is a set of identities of which the date of birth says at most so much.
type region struct {
	weight float64
	kind   regionKind
	spans  [2]edges // without single days
	parts  int      // how many spans
	far    bool     // so many that not every word that they have is noted
}

// edges are the numbers of the edges between which a span lies.
type edges struct{ from, to int }

// span is a run of identities.
type span struct{ from, to uint32 }

type regionKind uint8

const (
	byDate  regionKind = iota // the posting tells what the date says; what says more is in another region
	uniform                   // the date says the same of all
	byDay                     // single days
)

// Limits of regions. Single days of other years that say more than these: the same day of the next
// and the last, and of years with another digit, and the years that stand for others.
const (
	maxDays    = 48
	maxEdges   = 8
	maxRegions = 6
)

// regions are the identities of a segment, by what their dates can say.
type regions struct {
	all   []region // what says most first
	most  float64  // that any date says
	edge  [maxEdges]uint32
	edges int
	days  []span
}

// set parts a segment's identities.
func (r *regions) set(s *segment, w *dateWeights) {
	r.all, r.days, r.edges = r.all[:0], r.days[:0], 0
	first := func(place int) uint32 { return s.years.at(min(max(place, dated), places)) }
	r.at(0)
	switch d := w.asked; {
	case !d.Known():
		r.at(uint32(s.len()))
		r.add(region{weight: w.unknown, kind: uniform, far: true}, edges{0, 1})
	case w.vague:
		r.at(s.years.at(undated + 1))
		r.at(uint32(s.len()))
		r.add(region{weight: w.near, far: true}, edges{1, 2})
		r.add(region{weight: w.unknown, kind: uniform}, edges{0, 1})
	default:
		from, to := yearPlace(int(d.Year)), yearPlace(int(d.Until))+1
		for _, e := range [...]uint32{s.years.at(undated + 1), first(dated), first(from - 2), first(from), first(to), first(to + 2), uint32(s.len())} {
			r.at(e)
		}
		this := w.near
		if !w.full {
			this = w.year[w.day.year()]
		}
		r.add(region{weight: this}, edges{4, 5})
		r.add(region{weight: w.near}, edges{1, 2})
		if w.full {
			r.findDays(s, w)
		}
		r.add(region{weight: w.unknown, kind: uniform}, edges{0, 1})
		r.add(region{weight: w.year[briefYear(int(d.Year)-1)], far: true}, edges{3, 4}, edges{5, 6})
		r.add(region{weight: w.year[briefYear(int(d.Year)-10)], far: true}, edges{2, 3}, edges{6, 7})
	}
	r.most = r.all[0].weight
	for i := range r.all {
		r.most = max(r.most, r.all[i].weight)
	}
}

// at adds an edge.
func (r *regions) at(identity uint32) {
	r.edge[r.edges] = identity
	r.edges++
}

func (r *regions) add(x region, spans ...edges) {
	x.parts = copy(x.spans[:], spans)
	r.all = append(r.all, x)
}

// size counts the identities of a region.
func (r *regions) size(x *region) (n int) {
	for _, e := range x.spans[:x.parts] {
		n += int(r.edge[e.to] - r.edge[e.from])
	}
	return n
}

// findDays adds the days of other years that say more than their years.
func (r *regions) findDays(s *segment, w *dateWeights) {
	most := w.turned
	note := func(d span) {
		if d.from < d.to && len(r.days) < maxDays {
			r.days = append(r.days, d)
		}
	}
	note(span{s.years.at(yearPlace(firstYear)), s.years.at(yearPlace(firstYear) + 1)})
	if w.turn != 0 && w.asked.Month == 1 {
		note(s.day(int(w.asked.Year)-1, 12, 31))
	}
	for y := firstYear + 1; y < lastYear; y++ {
		if at := briefYear(y); w.same[at] > w.year[at] && at != w.day.year() {
			most = max(most, w.same[at])
			note(s.day(y, int(w.asked.Month), int(w.asked.Day)))
		}
	}
	if w.turn != 0 && w.asked.Month != 1 {
		note(s.day(int(w.asked.Year)+1, 1, 1))
	}
	note(span{s.years.at(yearPlace(lastYear)), s.years.at(yearPlace(lastYear) + 1)})
	r.add(region{weight: most, kind: byDay})
}
