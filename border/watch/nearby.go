package watch

import (
	"cmp"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"

	"garita/border/watch/match"
)

// nearby collects the listed words that words of a traveller could be.
type nearby struct {
	words []near
	keys  []match.Key
	ids   []uint32

	touched uint32 // see ask
}

// near is a listed word that could be the one asked for, and what its spelling costs.
type near struct {
	id      uint32
	cost    int16
	initial bool // one of the two is an initial
}

// maxBeginnings is how many words are taken that a cut word may be the beginning of.
const maxBeginnings = 256

func (n *nearby) reset() { n.words = n.words[:0] }

// find appends what the traveller's word i could be in a dictionary and its base. For words that
// many have, the base knows already.
func (n *nearby) find(s *match.Scorer, i int, w match.Word, d *dictionary) {
	cut := w.Form&match.Cut != 0
	known := !cut && d.base != nil && n.known(s, i, w.Text, d.base)
	n.ids = n.ids[:0]
	if len(w.Text) > 1 {
		if id, ok := d.find(w.Text[:1]); ok {
			n.ids = append(n.ids, id)
		}
	}
	if !known || d.len() > 0 {
		n.keys = match.MoreKeys(match.Keys(n.keys[:0], w.Text), w.Text)
	}
	p := newPattern(w.Text)
	far := p.near()
	if p.n == 1 {
		far = match.MaxLetters
	}
	for at := d; at != nil; at = at.base {
		if at.len() == 0 || known && at.base == nil {
			continue
		}
		n.ids = at.similar(n.ids, n.keys, match.GlanceOf(w.Text), far, cut)
		if cut && len(w.Text) >= 2 {
			n.ids = at.beginning(n.ids, w.Text, maxBeginnings)
		}
	}
	slices.Sort(n.ids)
	n.touched += d.touch(n.ids)
	for k, id := range n.ids {
		if k > 0 && id == n.ids[k-1] {
			continue
		}
		text := d.Text(id)
		initial := (len(text) == 1) != (p.n == 1)
		if !initial && p.distance(text, cut) > far {
			continue
		}
		n.words = append(n.words, near{id, int16(s.Look(i, text, d.Rarity(id))), initial})
	}
}

// known takes what the base keeps of a word; false if it keeps nothing.
func (n *nearby) known(s *match.Scorer, i int, word string, base *dictionary) bool {
	if len(word) == 1 {
		return false
	}
	id, ok := base.find(word)
	if !ok || int(id) >= base.nearAt.len()-1 {
		return false
	}
	for x := base.near[4*base.nearAt.at(int(id)) : 4*base.nearAt.at(int(id)+1)]; len(x) > 0; x = x[4:] {
		e := near{id: x.at(0) >> costBits, cost: int16(x.at(0) & (1<<costBits - 1))}
		s.Tell(i, base.Rarity(e.id), int(e.cost))
		n.words = append(n.words, e)
	}
	return true
}

// whole gives the words that are nearly two words in one. They hold until the next call.
func (n *nearby) whole(joint []byte, d *dictionary) []uint32 {
	n.keys = match.Keys(n.keys[:0], string(joint))
	n.ids = n.ids[:0]
	p := newPattern(string(joint))
	for at := d; at != nil; at = at.base {
		n.ids = at.similar(n.ids, n.keys, match.GlanceOf(string(joint)), p.near(), false)
	}
	n.ids = slices.DeleteFunc(n.ids, func(id uint32) bool { return !match.Joins(p.n, d.glance(id).Letters()) })
	slices.Sort(n.ids)
	n.touched += d.touch(n.ids)
	n.ids = slices.DeleteFunc(slices.Compact(n.ids), func(id uint32) bool { return p.distance(d.Text(id), false) > p.near() })
	return n.ids
}

// What the base keeps of words that several identities have: for each the words that are
// near, with what their spelling costs.
const (
	costBits = 10     // a cost, beside the word's number
	maxKnown = 80_000 // words, the most frequent
	maxNear  = 64     // to each, those that say most
	maxWord  = 1<<(32-costBits) - 1
)

// learn finds the near words of the first words of a base's dictionary.
func (d *dictionary) learn(letters *match.Letters, frequent int) {
	frequent = min(frequent, maxKnown, d.len())
	if d.len() > maxWord {
		frequent = 0
	}
	found := make([]words32, frequent)
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), 8)
	for k := range workers {
		wg.Go(func() {
			s := match.NewScorer(match.Default(), d, letters)
			var n nearby
			for id := k; id < frequent; id += workers {
				found[id] = d.nearTo(s, &n, uint32(id))
			}
		})
	}
	wg.Wait()
	d.nearAt = binary.LittleEndian.AppendUint32(nil, 0)
	for _, f := range found {
		d.near = append(d.near, f...)
		d.nearAt = binary.LittleEndian.AppendUint32(d.nearAt, uint32(d.near.len()))
	}
}

// nearTo gives the words near a word of a base's dictionary.
func (d *dictionary) nearTo(s *match.Scorer, n *nearby, id uint32) (out words32) {
	w := match.Word{Text: d.Text(id)}
	if len(w.Text) == 1 {
		return nil
	}
	n.reset()
	s.Ask(&match.Traveller{Words: []match.Word{w}})
	n.find(s, 0, w, d)
	gain := func(e near) int { return s.Gain(0, e.initial, d.Rarity(e.id), int(e.cost)) }
	slices.SortFunc(n.words, func(x, y near) int { return cmp.Or(cmp.Compare(gain(y), gain(x)), cmp.Compare(x.id, y.id)) })
	for _, e := range n.words {
		if !e.initial && gain(e) >= leastGain && len(out) < 4*maxNear {
			out = binary.LittleEndian.AppendUint32(out, e.id<<costBits|uint32(e.cost))
		}
	}
	return out
}
