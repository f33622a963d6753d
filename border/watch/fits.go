package watch

import (
	"math/bits"

	"garita/border/watch/match"
)

// fits tells which listed words could be which of the traveller's, and what they would say: a
// hash table that is emptied without touching all of it.
type fits struct {
	slots []fit
	used  []uint32
}

type fit struct {
	id   uint32 // of the word, plus 1; 0: free
	term uint16
	gain uint16
}

func (f *fits) slot(id uint32) uint32 {
	return id * 2654435769 >> 12 & uint32(len(f.slots)-1)
}

func (f *fits) clear() {
	for _, i := range f.used {
		f.slots[i] = fit{}
	}
	f.used = f.used[:0]
	if f.slots == nil {
		f.slots = make([]fit, 1<<11)
	}
}

func (f *fits) add(id uint32, term, gain int) {
	if 2*len(f.used) >= len(f.slots) {
		old := f.slots
		f.slots = make([]fit, 2*len(old))
		kept := f.used
		f.used = make([]uint32, 0, len(f.slots)/2)
		for _, i := range kept {
			f.put(old[i])
		}
	}
	f.put(fit{id + 1, uint16(term), uint16(min(gain, 1<<16-1))})
}

// gain is what a listed word says for a term; 0 if nothing.
func (f *fits) gain(id uint32, term int) int {
	for i := f.slot(id); f.slots[i].id != 0; i = (i + 1) & uint32(len(f.slots)-1) {
		if x := f.slots[i]; x.id == id+1 && int(x.term) == term {
			return int(x.gain)
		}
	}
	return 0
}

func (f *fits) put(x fit) {
	i := f.slot(x.id - 1)
	for f.slots[i].id != 0 {
		i = (i + 1) & uint32(len(f.slots)-1)
	}
	f.slots[i] = x
	f.used = append(f.used, i)
}

// reaches reports whether a listed name may say as much as it takes to matter. It is quick:
// most names end here. A name of which no word fits never matters, whatever else agrees.
func (a *ask) reaches(s *segment, parts []match.Part, low bool, need float64) bool {
	var gains [match.MaxWords]int32
	joints, bestJoint, joined := 0, 0, 0 // what joints say, and how many words they take
	halves := 0                          // whether a listed word more may be taken with one
	var open uint32                      // listed words that fit nothing
	listed := 0
	mask := uint32(len(a.fits.slots) - 1)
	for j, p := range parts {
		if p.Form&forms == 0 {
			listed++
		}
		found, words, most := false, 0, uint16(0)
		for i := a.fits.slot(p.ID); a.fits.slots[i].id != 0; i = (i + 1) & mask {
			if x := a.fits.slots[i]; x.id == p.ID+1 {
				found, most = true, max(most, x.gain)
				if x.term == halfTerm {
					words, halves = max(words, 1), 1
				} else {
					words = max(words, int(x.term)-jointTerm)
				}
			}
		}
		switch {
		case !found:
			open |= 1 << j
		case words > 0: // a joint, or by itself one of the words
			joints += int(most)
			bestJoint = max(bestJoint, int(most))
			joined += words
		default:
			for i := a.fits.slot(p.ID); a.fits.slots[i].id != 0; i = (i + 1) & mask {
				if x := a.fits.slots[i]; x.id == p.ID+1 {
					gains[x.term] = max(gains[x.term], int32(x.gain))
				}
			}
		}
	}
	sum, best, words := 0, 0, 0
	var left uint32                                      // words of the traveller that nothing fits
	surname, given := !a.bounds.surname, !a.bounds.given // whether some fit, or there are none
	for i, w := range a.traveller.Words {
		g := int(gains[i])
		if loose(w) && g < looseGain && a.begins(s, parts, open, w.Text[0]) {
			g = looseGain
		}
		switch {
		case g == 0:
			left |= 1 << i
		case w.Form&forms == 0:
			sum += g
			best = max(best, g)
			words++
			surname = surname || w.Form&match.Surname != 0
			given = given || w.Form&match.Surname == 0
		}
	}
	if joined > 0 {
		sum += joints
		best = max(best, bestJoint)
		words += joined
		surname, given = true, true
	}
	if words == 0 {
		return false
	}
	b, w := &a.bounds, &a.model.Weights
	more := max(0, listed-words-halves)
	bound := b.fixed[min(words, b.words)] + b.slope*float64(sum) + b.best*float64(best) + b.listed(words, more) +
		max(0, w[match.FeatBothLeft])*float64(min(more, max(0, b.words-words)))
	if !surname {
		bound += w[match.FeatSurname]
	}
	if !given {
		bound += w[match.FeatGiven]
	}
	if low {
		bound += w[match.FeatLow]
	}
	if says := w[match.FeatListedSays]; says < 0 && more > 0 && halves == 0 && bound >= need {
		for j, p := range parts {
			if open>>j&1 == 1 && p.Form&forms == 0 {
				bound += says * float64(s.dict.Rarity(p.ID))
			}
		}
	}
	switch {
	case bound >= need:
		return true
	case bound+bonus < need || left == 0 || open == 0:
		return false
	case left&(left-1) == 0 && a.akin(s, parts, left, open):
		return true
	}
	return (left&(left-1) != 0 || open&(open-1) != 0) && a.joined(s, parts, left, open)
}

// bonus is the most that is gained where words fit that were not looked up: joined or split
// ones, and the last one of a name of which everything else fits.
const bonus = 6

// akin reports whether the one word of the traveller that nothing fits could be a listed one.
func (a *ask) akin(s *segment, parts []match.Part, left, open uint32) bool {
	w := &a.traveller.Words[bits.TrailingZeros32(left)]
	g := match.GlanceOf(w.Text)
	for ; open != 0; open &= open - 1 {
		if !g.Apart(s.dict.glance(parts[bits.TrailingZeros32(open)].ID), w.Form&match.Cut != 0) {
			return true
		}
	}
	return false
}

// loose reports whether a word may stand for any that begins so: initials, and what the zone
// has left of a word. Too many do for all of them to be looked up.
func loose(w match.Word) bool { return len(w.Text) == 1 || len(w.Text) <= 3 && w.Form&match.Cut != 0 }

// looseGain is the most that such a word says, in centinats.
const looseGain = 400

// begins reports whether a listed word that nothing fits begins with a letter.
func (a *ask) begins(s *segment, parts []match.Part, open uint32, letter byte) bool {
	for j, p := range parts {
		if open>>j&1 == 1 && s.dict.Text(p.ID)[0] == letter {
			return true
		}
	}
	return false
}

// joined reports whether a word that nothing fits could be two neighbours of the other name
// that nothing fits, by their lengths and letters.
func (a *ask) joined(s *segment, parts []match.Part, left, open uint32) bool {
	var listed [match.MaxWords + 1]string
	for j := range parts {
		if open>>j&1 == 1 {
			listed[j] = s.dict.Text(parts[j].ID)
		}
	}
	words := a.traveller.Words
	for i := range words {
		if left>>i&1 == 0 {
			continue
		}
		one, other, k := words[i].Text, "", (i+1)%len(words) // the last word goes with the first: REZA GHOLAM, GHOLAMREZA
		if left>>k&1 == 1 && k != i {
			other = words[k].Text
		}
		for j := range parts {
			if open>>j&1 == 0 {
				continue
			}
			if t, u := listed[j], listed[j+1]; u != "" && alike(len(one), len(t)+len(u)) &&
				bits.OnesCount32(a.masks[i]^(letterMask(t)|letterMask(u))) <= joinedLetters ||
				other != "" && alike(len(one)+len(other), len(t)) && bits.OnesCount32((a.masks[i]|a.masks[k])^letterMask(t)) <= joinedLetters {
				return true
			}
		}
	}
	return false
}

const joinedLetters = 3 // letters that only one side may have

// alike compares lengths of a word and two words.
func alike(n, length int) bool { return n >= 5 && max(n-length, length-n) <= 2 }

func letterMask(word string) uint32 {
	m := uint32(0)
	for i := range len(word) {
		m |= 1 << (word[i] - 'A')
	}
	return m
}
