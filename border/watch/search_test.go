package watch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"garita/border/watch/match"
)

// otherDate is what becomes of a date of birth between a list and a document.
func otherDate(rng *rand.Rand, listed string) string {
	d := match.ParseDate(listed)
	y, m, day := int(d.Year), max(1, int(d.Month)), max(1, int(d.Day))
	switch rng.IntN(12) {
	case 0:
		return ""
	case 1:
		m, day = min(day, 12), m
	case 2:
		y++
	case 3:
		y--
	case 4:
		y += 10
	case 5:
		day = day%28 + 1
	case 6:
		return fmt.Sprintf("%04d-XX-XX", y)
	case 7:
		return fmt.Sprintf("%04d/%04d", y, y+2)
	case 8:
		return fmt.Sprintf("%04d-XX-XX~", y+2)
	case 9:
		m, day = 1, 1
	case 10:
		y = []int{1879, 1880, 1885, 2055, 2060, 2070}[rng.IntN(6)]
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, day)
}

// datedQueries gives queries about entries with dates that are the listed ones or nearly.
func datedQueries(seed uint64, entries []*Entry, n int) []Query {
	rng := rand.New(rand.NewPCG(seed, 1))
	queries := asker(seed, entries, n)
	for i := range queries {
		e := entries[rng.IntN(len(entries))]
		if len(e.BirthDates) > 0 {
			queries[i].BirthDate = otherDate(rng, e.BirthDates[rng.IntN(len(e.BirthDates))])
		}
	}
	return queries
}

// populous invents entries that share few words and few birthdays, so that some words have many
// postings, and some entries many dates.
func populous(seed uint64, n int) []*Entry {
	rng := rand.New(rand.NewPCG(seed, 2))
	entries := crowd(seed, n)
	for i, e := range entries {
		if rng.IntN(2) == 0 {
			e.Names[0] = Name{Surname: e.Names[0].Surname + " RIMED", GivenNames: "KOSHA " + e.Names[0].GivenNames}
		}
		switch rng.IntN(8) {
		case 0:
			e.BirthDates = []string{fmt.Sprintf("%d-12-31", 1960+rng.IntN(8)), fmt.Sprintf("%d-01-01", 1960+rng.IntN(8)), "1962/1966"}
		case 1:
			e.BirthDates = []string{fmt.Sprintf("19%d%d-03-12", 3+rng.IntN(6), rng.IntN(10))}
		case 2:
			if i%50 == 0 {
				for range 20 {
					e.BirthDates = append(e.BirthDates, fmt.Sprintf("19%02d-%02d-%02d", 30+rng.IntN(60), 1+rng.IntN(12), 1+rng.IntN(28)))
				}
			}
			e.BirthDates = append(e.BirthDates, []string{"1875-03-12", "2075-03-12", "1880-01-01"}[rng.IntN(3)])
		}
	}
	return entries
}

// reference finds what a search must: it computes the same bound for everybody, by the words that
// they have, and compares those whose bound is high enough.
func (a *ask) reference(k int) (found []outcome, compared int) {
	s := a.segment(k)
	for i := range uint32(s.len()) {
		if k == 0 && a.l.masked(int(s.entryOf.at(int(i)))) {
			continue
		}
		var has []uint32
		id := s.identity(i)
		r := reader{b: id.names}
		for range id.count {
			parts, _ := r.nextName(nil, s.dict)
			for _, p := range parts {
				has = append(has, p.ID)
			}
		}
		gain, best, count := 0, 0, 0
		for _, t := range a.walked {
			g := 0
			for _, f := range t.words {
				if slices.Contains(has, f.id) {
					g = max(g, f.gain)
				}
			}
			if g == 0 {
				continue
			}
			gain, best, count = gain+g, max(best, g), count+1
			if t.joint {
				count += jointWords - 1
			}
		}
		x := traits(s.summaries.at(int(2*i + 1)))
		bound := a.bounds.name(gain, best, count, x.words()) + a.bounds.rest*float64(max(0, x.says()-gain-sayingSlack)) +
			a.traits.weight(x) + a.dates.listed(s.summaries.at(int(2*i)), x) + a.prior()
		if count == 0 || bound < floorOdds {
			continue
		}
		compared++
		if odds, name, ok := a.compare(s, i, floorOdds); ok && odds >= floorOdds {
			o := outcome{segment: k, identity: a.first(k, int(s.entryOf.at(int(i)))), odds: odds, name: name}
			if !slices.ContainsFunc(found, func(x outcome) bool { return x.identity == o.identity }) {
				found = append(found, o)
			}
		}
	}
	return found, compared
}

// A search leaves out nobody whose bound is high enough, whatever it skips: days, years, lists, and
// what it assumes. It gives what a walk over everybody gives.
func TestSearchSkipsNobody(t *testing.T) {
	for seed := range uint64(2) {
		entries := populous(30+seed, 3000)
		b := compiled(t, entries[:2850])
		if seed > 0 {
			b.setDays()
		}
		l := changed(t, New(b), put(entries[2850:]...))
		hits, long := 0, 0
		for i, q := range datedQueries(40+seed, entries, 50) {
			a := newAsk(l)
			a.begin(&q)
			if !a.name(q.Surname, q.GivenNames, "", q.Truncated) {
				continue
			}
			a.search()
			for k := range 2 {
				got := map[uint32]float64{}
				for _, o := range a.outcomes {
					if o.segment == k {
						got[o.identity] = o.odds
					}
				}
				a.regions.set(a.segment(k), &a.dates)
				found, compared := a.reference(k)
				if 2*compared > maxCompared || a.left < 0 {
					continue // a limit may be reached
				}
				for _, want := range found {
					if len(a.top) == MaxHits && want.odds <= a.threshold() {
						continue
					}
					if odds, ok := got[want.identity]; !ok || odds != want.odds {
						t.Fatalf("seed %d, query %d (%s %s, %s), segment %d: %v is not found (%v)", seed, i, q.Surname, q.GivenNames, q.BirthDate, k, want, odds)
					}
					hits++
				}
			}
			for _, term := range a.walked {
				for _, f := range term.words {
					if l.base.segment.list(f.id).len() > longList {
						long++
					}
				}
			}
		}
		if hits < 60 || long < 10 {
			t.Errorf("only %d hits, %d long lists", hits, long)
		}
	}
}

// Every identity is in a region that allows what its date says.
func TestRegionsHoldEverybody(t *testing.T) {
	entries := populous(50, 2000)
	b := compiled(t, entries)
	briefs := make([]brief, b.segment.len())
	for p := b.postings; len(p) > 0; p = p[postingSize:] {
		id, x := p.next()
		briefs[id] = x
	}
	var r regions
	var w dateWeights
	for i, q := range datedQueries(51, entries, 240) {
		if i == 120 {
			b.setDays()
		}
		asked := match.ParseDate(q.BirthDate)
		w.set(match.Default(), asked)
		r.set(&b.segment, &w)
		for id := range uint32(b.segment.len()) {
			held := math.Inf(-1)
			for k := range r.all {
				x := &r.all[k]
				for _, e := range x.spans[:x.parts] {
					if id >= r.edge[e.from] && id < r.edge[e.to] {
						held = max(held, x.weight)
					}
				}
				for _, d := range r.days {
					if x.kind == byDay && id >= d.from && id < d.to {
						held = max(held, x.weight)
					}
				}
			}
			date := w.brief(briefs[id])
			if w.known && !briefs[id].several() && date > w.most[briefs[id].year()] {
				t.Fatalf("asked %s, identity %d says %v, and its year at most %v", q.BirthDate, id, date, w.most[briefs[id].year()])
			}
			if date > held {
				t.Fatalf("asked %s, identity %d says %v, and its regions allow %v", q.BirthDate, id, date, held)
			}
		}
	}
}

// An entry with several dates of birth is found by each of them, and is one hit.
func TestSeveralBirths(t *testing.T) {
	var dates []string
	for i := range 40 {
		dates = append(dates, fmt.Sprintf("19%02d-%02d-11", 30+i, 1+i%12))
	}
	e := miras(func(e *Entry) {
		e.Source = "several"
		e.BirthDates = append(append(dates, dates...), "1999/2001", "1990-XX-XX~")
	})
	crowd := crowd(60, 500)
	l := New(opened(t, written(t, compiled(t, append(crowd, e)))))
	over := changed(t, New(compiled(t, crowd)), put(e))
	key := e.Key()
	gone := changed(t, l, []Change{{Remove: &key}})
	if l.Len() != 501 || over.Len() != 501 || gone.Len() != 500 {
		t.Errorf("%d, %d and %d entries", l.Len(), over.Len(), gone.Len())
	}
	for _, date := range append(dates, "2000-05-05", "1990-07-07", "") {
		q := Query{Surname: "SZOLNOK", GivenNames: "MIRABELA TEKLA", BirthDate: date}
		for _, l := range []*List{l, over} {
			hits := l.Check(&q, nil)
			if len(hits) != 1 || hits[0].Entry != key || date != "" && hits[0].Score < 0.99 {
				t.Errorf("born %q: %v", date, hits)
			}
		}
		if hits := gone.Check(&q, nil); len(hits) > 0 {
			t.Errorf("born %q: removed, and found: %v", date, hits)
		}
	}
}

// Words written as one, or one as two, are found.
func TestJoints(t *testing.T) {
	entries := append(crowd(61, 800), miras(func(e *Entry) { e.Source = "joints"; e.Names = []Name{{Full: "SZOLNOKMIRA"}} }),
		&Entry{Source: "joints", ID: "2", Names: []Name{{Full: "KOLOMAN ZRINYI"}}, Handling: Open},
		&Entry{Source: "joints", ID: "3", Names: []Name{{Full: "ZRINYI"}}, Handling: Open})
	l := New(compiled(t, entries))
	for name, id := range map[string]string{"SZOLNOK MIRA TEKLA": "1", "UBUL SZOLNOK MIRO": "1", "KOLOMANZRINYI": "2"} {
		if hits := l.Check(&Query{Surname: name}, nil); len(hits) == 0 || hits[0].Entry.ID != id {
			t.Errorf("%s: %v", name, hits)
		}
	}
}

// Changes may be more than the base has, and common words among them.
func TestManyChanges(t *testing.T) {
	entries := populous(70, 1600)
	for _, base := range [][]*Entry{nil, entries[:3]} {
		l := changed(t, New(compiled(t, base)), put(entries[3:]...))
		found := 0
		for _, q := range datedQueries(71, entries, 20) {
			q.Surname += " RIMED"
			found += len(l.Check(&q, nil))
		}
		if found == 0 {
			t.Error("nothing is found")
		}
	}
}
