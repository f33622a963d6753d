package watch

import (
	"math"
	"strings"

	"garita/border/watch/match"
)

// Floor is the least probability of a hit. Below it nothing is worth anybody's look, and a
// search need not go.
const Floor = 0.05

var floorOdds = logOdds(Floor)

func logOdds(p float64) float64 { return math.Log(p / (1 - p)) }

// usual is how many entries the lists have that the model learned from.
const usual = 5500

// leastGain is what a listed word must say, in centinats, to be looked for.
const leastGain = 60

// Limits of one check, for the rare name of which everything is common.
const (
	maxCompared = 1000   // identities compared in full
	maxPostings = 60_000 // postings walked, until words that are spelt very otherwise are left out
)

// ask is one check under way, and its memory, which is used again.
type ask struct {
	l      *List
	model  *match.Model
	scorer *match.Scorer
	crowd  float64 // how much less likely than with a list of usual length an entry is

	traveller match.Traveller
	date      match.Date
	sex       string
	nation    uint16
	day       uint32
	direction string

	number   []byte
	joint    []byte
	near     nearby
	until    [match.MaxWords]int // end of each word's part of near
	fits     fits
	masks    [match.MaxWords + 1]uint32 // letters of the traveller's words
	terms    []term                     // by word
	joints   term                       // listed words that take two of the traveller's, or words of which two are one of his
	parts    []match.Part
	boards   [2]board // base, changes
	outcomes []outcome

	touched    uint32 // nothing: what was read only to have it near
	left       int    // postings that may still be walked
	bounds     bounds
	traits     traitWeights
	dates      dateWeights
	walked     []*term // as they are searched for
	rest       []int   // what the terms from one on can say together
	regions    regions
	candidates []candidate
	top        []float64 // log-odds of the best hits, descending
}

// term is one word of the traveller, with the listed words that could be it.
type term struct {
	words []found
	best  int // gain of the best of them, centinats
	at    int // place in the name
	small bool
	joint bool
}

type found struct {
	id   uint32
	gain int
}

// outcome is an identity that was compared in full.
type outcome struct {
	segment  int
	identity uint32
	odds     float64
	name     int
	document float64 // probability by documents
	repaired bool
}

func newAsk(l *List) *ask {
	a := &ask{l: l, model: match.Default(), crowd: math.Log(max(1, float64(l.Len())/usual))}
	a.scorer = match.NewScorer(a.model, l.overlay.dict, l.base.letters)
	return a
}

func (a *ask) segment(i int) *segment {
	if i == 0 {
		return &a.l.base.segment
	}
	return a.l.overlay
}

// begin reads what is the same for all spellings of a name.
func (a *ask) begin(q *Query) {
	a.traveller.Words = a.traveller.Words[:0]
	a.date = match.ParseDate(q.BirthDate)
	a.sex, a.nation, a.direction = q.Sex, code(q.Nationality), q.Direction
	a.day, _ = dayNumber(q.Day)
	a.outcomes = a.outcomes[:0]
}

// name begins with one spelling of the traveller's name; false if it has no word.
func (a *ask) name(surname, given, full string, cut bool) bool {
	words := match.Words(a.traveller.Words[:0], surname, given, full)
	if cut {
		match.CutWords(words)
	}
	a.traveller.Words = words
	if len(words) == 0 {
		return false
	}
	a.scorer.Ask(&a.traveller)
	a.near.reset()
	for i, w := range words {
		a.masks[i] = letterMask(w.Text)
		a.near.find(a.scorer, i, w, a.l.overlay.dict)
		a.until[i] = len(a.near.words)
	}
	for len(a.terms) < len(words) {
		if len(a.terms) < cap(a.terms) {
			a.terms = a.terms[:len(a.terms)+1]
			continue
		}
		a.terms = append(a.terms, term{})
	}
	a.terms = a.terms[:len(words)]
	a.fits.clear()
	from := 0
	for i := range a.terms { // only now it is known how common each of the traveller's words is
		t := &a.terms[i]
		t.words, t.best, t.at, t.small = t.words[:0], 0, i, words[i].Form&forms != 0
		for _, n := range a.near.words[from:a.until[i]] {
			if gain := a.scorer.Gain(i, n.initial, a.l.overlay.dict.Rarity(n.id), int(n.cost)); gain >= leastGain {
				t.add(n.id, gain)
				a.fits.add(n.id, i, gain)
			}
		}
		from = a.until[i]
	}
	a.joins(words)
	return true
}

// joins adds the listed words of names that write two words as one, or one as two: JALALMAAB and
// JALAL MAAB. The comparison tells whether they do.
func (a *ask) joins(words []match.Word) {
	a.joints.words, a.joints.best = a.joints.words[:0], 0
	for i := range words {
		w := words[i].Text
		if _, says := a.known(w); says == 0 && len(w) >= minJoint {
			a.split(w)
		}
		k := (i + 1) % len(words)
		if n := len(w) + len(words[k].Text); k == i || n < minJoint || n > match.MaxLetters {
			continue
		}
		a.joint = append(append(a.joint[:0], w...), words[k].Text...)
		for _, id := range a.near.whole(a.joint, a.l.overlay.dict) {
			before := max(a.fits.gain(id, i), a.fits.gain(id, k))
			if gain := a.scorer.JoinGain(i, k, a.l.overlay.dict.Text(id), a.l.overlay.dict.Rarity(id), before); gain > 0 {
				a.join(id, gain, max(1, identifying(words[i])+identifying(words[k])))
			}
		}
	}
}

// minJoint is the least letters of two words written as one.
const minJoint = 6

// split adds the rarer part of each way to take word i for two listed ones.
func (a *ask) split(w string) {
	for at := 2; at+2 <= len(w); at++ {
		x, gx := a.known(w[:at])
		y, gy := a.known(w[at:])
		switch {
		case gx == 0 || gy == 0 || max(gx, gy) < minTelling:
		case gx > gy:
			a.half(x, gx+gy)
		default:
			a.half(y, gx+gy)
		}
	}
}

// identifying is 1 for a word that identifies.
func identifying(w match.Word) int {
	if w.Form&forms != 0 {
		return 0
	}
	return 1
}

// join notes a listed word that could be two of the traveller's, and how many of
// his that identify it takes.
func (a *ask) join(id uint32, gain, words int) {
	a.joints.add(id, gain)
	a.fits.add(id, jointTerm+words, gain)
}

// half notes a listed word that could be half of one of the traveller's.
func (a *ask) half(id uint32, gain int) {
	a.joints.add(id, gain)
	a.fits.add(id, halfTerm, gain)
}

// Numbers that stand for joints among the words of a traveller: above the first by how many of his
// words a joint takes, and for one that takes half a word.
const (
	jointTerm = match.MaxWords
	halfTerm  = jointTerm + jointWords + 1
)

// minTelling is how rare, in centinats, a word must be to look for others beside it.
const minTelling = 600

// known gives a listed word and how much it says; 0 if no name has it.
func (a *ask) known(word string) (id uint32, says int) {
	id, ok := a.l.overlay.dict.find(word)
	if !ok {
		return 0, 0
	}
	return id, int(a.l.overlay.dict.Rarity(id))
}

// add notes a listed word that the traveller's could be.
func (t *term) add(id uint32, gain int) {
	t.words = append(t.words, found{id, gain})
	t.best = max(t.best, gain)
}

// compare compares the traveller with an identity: the log-odds, and which name fits best.
// False if the identity does not count for this query, or cannot reach least.
func (a *ask) compare(s *segment, i uint32, least float64) (odds float64, name int, ok bool) {
	var id identity
	r := reader{b: s.record(i)}
	id.read(&r)
	if !id.holds(a.day, a.direction) {
		return 0, 0, false
	}
	return a.weigh(s, &id, least)
}

// weigh compares the traveller with an identity, whether it counts for this query or not; with
// least -Inf also names of which no word fits.
func (a *ask) weigh(s *segment, id *identity, least float64) (odds float64, name int, ok bool) {
	if len(a.traveller.Words) == 0 {
		return 0, 0, false
	}
	e := a.evidence(id)
	need := least - a.odds(&e)
	r := reader{b: id.names}
	e.Name = math.Inf(-1)
	for n := range id.count {
		parts, low := r.nextName(a.parts[:0], s.dict)
		a.parts = parts
		if len(parts) == 0 || !math.IsInf(least, -1) && !a.reaches(s, parts, low, max(need, e.Name)) {
			continue
		}
		if x := a.scorer.Name(parts, low); x > e.Name {
			e.Name, name = x, n
		}
	}
	if math.IsInf(e.Name, -1) {
		return 0, 0, false
	}
	return a.odds(&e), name, true
}

// evidence gives what everything but the name says.
func (a *ask) evidence(id *identity) match.Evidence {
	return match.Evidence{Names: id.count, Date: id.birth(a.date, a.model), Sex: match.CompareSex(a.sex, sexes[id.sex]), Nation: id.nation(a.nation)}
}

// odds adds the evidence up. The longer the list, the more people on it are like anybody: the
// model's prior is for a list of usual entries, and a longer one has a lower one.
func (a *ask) odds(e *match.Evidence) float64 { return a.model.LogOdds(e) - a.crowd }

// everything compares with all identities: what the search is measured against.
func (a *ask) everything() {
	for k := range 2 {
		s := a.segment(k)
		for i := range uint32(s.len()) {
			entry := int(s.entryOf.at(int(i)))
			if a.first(k, entry) != i || k == 0 && a.l.masked(entry) {
				continue
			}
			if odds, name, ok := a.compare(s, i, never); ok && odds >= floorOdds {
				a.outcomes = append(a.outcomes, outcome{segment: k, identity: i, odds: odds, name: name})
			}
		}
	}
}

// spellings calls yield with each way in which the traveller's name is given.
func (q *Query) spellings(yield func(surname, given, full string, cut bool)) {
	yield(q.Surname, q.GivenNames, "", q.Truncated)
	for i := range q.Alternatives {
		n := &q.Alternatives[i]
		yield(n.Surname, n.GivenNames, n.Full, false)
	}
}

// key gives the key of an outcome's entry.
func (a *ask) key(o *outcome) Key {
	if o.segment == 1 {
		return a.l.latest[a.l.overlay.entryOf.at(int(o.identity))].Key()
	}
	return a.l.base.key(int(a.l.base.entryOf.at(int(o.identity))))
}

// before orders outcomes: the more probable first, then by key.
func (a *ask) before(x, y outcome) int {
	if x.score() != y.score() {
		if x.score() > y.score() {
			return -1
		}
		return 1
	}
	kx, ky := a.key(&x), a.key(&y)
	if c := strings.Compare(kx.Source, ky.Source); c != 0 {
		return c
	}
	return strings.Compare(kx.ID, ky.ID)
}

// score is the probability that the traveller is, or travels on a document of, the entry.
func (o *outcome) score() float64 {
	if o.document == 0 {
		return match.Probability(o.odds)
	}
	return 1 - float64((1-o.document)*(1-match.Probability(o.odds)))
}
