package demo

import (
	"math/rand/v2"
	"strings"
	"time"

	"garita/border"
	"garita/border/counter"
)

// scene is something that happens at one counter, with what it will leave in the journal.
type scene struct {
	kind   string
	people int // who come to the counter
	want   tally
	play   func(h *hand)
	// after and handed go on after a power cut, and in the next shift; nil: nothing is left.
	after, handed func(h *hand)

	who   *Specimen // who comes alone, of some kinds
	parts int       // that were played
}

// all is how many parts a scene has.
func (c *scene) all() int {
	n := 1
	for _, more := range []func(*hand){c.after, c.handed} {
		if more != nil {
			n++
		}
	}
	return n
}

// shifts of the day.
const shifts = 3

// Script is a day at a post: for each shift, what happens at each counter, in order. The same
// seed and number of travellers give the same script.
type Script struct {
	rng    *rand.Rand
	people *people
	today  time.Time
	listed []Specimen // for the sample list and the national one
	late   *Specimen  // is put on the national list after they have passed; nil: nobody is
	all    []Specimen // everybody in it
	words  []string   // of everything that officers write

	lanes  [shifts][][]scene // by shift and counter
	tables [shifts][][]scene // at the end of a shift, around a power cut or an outage
}

// kinds lists the kinds of scenes: how each is made, and how often it comes among 100. Those
// that come never by chance are played once for each counter.
func (s *Script) kinds() []struct {
	make  func() scene
	often int
} {
	type k = struct {
		make  func() scene
		often int
	}
	return []k{
		{s.firstTime, 18}, {s.returning, 10}, {s.leaving, 6}, {s.borderWorker, 8}, {s.ownNational, 10}, {s.transit, 3},
		{s.resident, 3}, {s.passportThenCard, 3}, {s.cardUnconfirmed, 2}, {s.severalDocuments, 2}, {s.minorLeaves, 2},
		{s.refusal, 4}, {s.refusedThenAdmitted, 2}, {s.withdrawal, 2}, {s.abandonment, 2}, {s.preventedDeparture, 2}, {s.handing, 1},
		{s.referral, 2}, {s.ownCorrection, 2}, {s.secondCorrection, 2}, {s.voided, 1}, {s.extension, 2},
		{s.laissezPasser, 1}, {s.borderCard, 2}, {s.declared, 1}, {s.lostDocument, 1}, {s.refugee, 2}, {s.diplomat, 1},
		{s.asksProtection, 1}, {s.needLifted, 1}, {s.childAlone, 1},
		{s.family, 3}, {s.lorry, 2}, {s.crew, 1}, {s.bus, 0},
	}
}

// WriteDay makes the script of a day with about n travellers, at least as many as it takes for
// every kind to come once.
func WriteDay(n, counters int, seed uint64, today time.Time) *Script {
	s := &Script{rng: rand.New(rand.NewPCG(seed, 0x6761726974610002)), people: newPeople(seed, today), today: today}
	for i := range s.lanes {
		s.lanes[i], s.tables[i] = make([][]scene, counters), make([][]scene, counters)
	}
	left := n
	add := func(c scene) {
		turn := s.rng.IntN(shifts)
		at := s.rng.IntN(counters)
		s.lanes[turn][at] = append(s.lanes[turn][at], c)
		left -= c.people
	}
	for i := range counters {
		for turn, make := range [shifts]func(first bool) []scene{s.powerCut, s.powerCut, s.paper} {
			s.tables[turn][i] = make(i == 0)
			for _, c := range s.tables[turn][i] {
				left -= c.people
			}
		}
	}
	var lots []func() scene
	for _, k := range s.kinds() {
		add(k.make())
		for range k.often {
			lots = append(lots, k.make)
		}
	}
	for buses := 0; left > 0; {
		if buses < n/400 && left > 60 {
			buses++
			add(s.bus())
			continue
		}
		add(lots[s.rng.IntN(len(lots))]())
	}
	return s
}

// Listed are those of the travellers who are to stand on the sample list.
func (s *Script) Listed() []Specimen { return s.listed }

// Watch puts one traveller on the national list, and one who passes in the first shift on it
// when they have passed. Neither is stopped: a hit is no refusal.
func (s *Script) Watch() {
	var one *Specimen
	s.scenes(func(turn int, c *scene) {
		switch {
		case c.kind != "first_time" || strings.Contains(c.who.birth, "<"):
		case turn == 0 && s.late == nil:
			s.late = c.who
		case turn > 0 && one == nil:
			one = c.who
		}
	})
	if one != nil {
		one.listed = "national refer"
		s.listed = append(s.listed, *one)
	}
}

// scenes calls visit for each scene, with its shift.
func (s *Script) scenes(visit func(turn int, c *scene)) {
	for turn := range shifts {
		for _, lanes := range [][][]scene{s.lanes[turn], s.tables[turn]} {
			for _, lane := range lanes {
				for i := range lane {
					visit(turn, &lane[i])
				}
			}
		}
	}
}

// want is what the whole day leaves in the journal, without regard to counters.
func (s *Script) want() tally {
	t := make(tally)
	s.scenes(func(_ int, c *scene) { t.add(c.want) })
	t.other(border.TypeShiftOpened, "", shifts).other(border.TypeShiftClosed, "", shifts)
	t.other(border.TypeCounterTaken, "", int64(shifts*len(s.lanes[0])))
	return t
}

// traveller makes the holder of a passport of a country.
func (s *Script) traveller(state string) Specimen { return s.print(s.people.of(state)) }

func (s *Script) print(p person) Specimen {
	return s.keep(p.specimen("Passport of "+neighbours[p.state].name, "in order", p.passport()))
}

func (s *Script) keep(one Specimen) Specimen {
	s.all = append(s.all, one)
	return one
}

// foreigner is a passport of one of the neighbours.
func (s *Script) foreigner() Specimen {
	return s.traveller([]string{"QRU", "QRU", "QRU", "QSY", "QZE"}[s.rng.IntN(5)])
}

// particulars are those that an officer keys for a person.
func (p *person) particulars(kind string) counter.Particulars {
	sex := p.sex
	if sex == "<" {
		sex = "X"
	}
	k := counter.Particulars{Kind: kind, Surname: p.surname, GivenNames: p.given, Nationality: p.nationality, Sex: sex, BirthDate: p.born}
	if kind != "" {
		k.DocumentNumber, k.IssuingState = p.number, p.state
	}
	return k
}

// note is what an officer writes: invented, like no other, and about nobody.
func (s *Script) note(about string) string {
	words := []string{s.people.word(4), s.people.word(4)}
	s.words = append(s.words, words...)
	return about + " " + words[0] + " " + words[1]
}
