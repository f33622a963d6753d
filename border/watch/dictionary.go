package watch

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"garita/border/watch/match"
)

// dictionary is the words of a list's names, and the keys by which similar ones are found.
// That of the changes continues the base's: its words have the numbers after the base's.
type dictionary struct {
	base     *dictionary // nil for the base itself
	first    uint32      // number of the first word
	facts    words32     // three for each word: where its text begins, glance, and rarity with the word's forms above it
	text     string
	slots    words32
	bits     int // of the number of slots
	keys     words32
	alphabet words32 // words by text, for those that the zone has cut
	nearAt   words32 // by word, as far as it goes, and one more
	near     words32 // see nearby
	small    uint32  // words below hardly identify, and have forms
}

const (
	factsSize  = 12
	rarityBits = 12 // match.Rarity is at most 2500
)

// forms are what a word is by itself.
const forms = match.Particle | match.Title

func (d *dictionary) len() int { return len(d.facts) / factsSize }

// Text gives a word.
func (d *dictionary) Text(id uint32) string {
	if id < d.first {
		return d.base.Text(id)
	}
	facts := d.facts[factsSize*(id-d.first):]
	at := facts.at(0)
	return d.text[at : at+uint32(match.Glance(facts.at(1)).Letters())]
}

// Rarity tells how rare a word is.
func (d *dictionary) Rarity(id uint32) match.Rarity {
	return match.Rarity(d.info(id) & (1<<rarityBits - 1))
}

func (d *dictionary) form(id uint32) match.Form {
	if id >= d.first+d.small {
		return 0
	}
	return match.Form(d.info(id) >> rarityBits << 2)
}

func (d *dictionary) info(id uint32) uint32 {
	if id < d.first {
		return d.base.info(id)
	}
	return d.facts[factsSize*(id-d.first):].at(2)
}

// There are 2^n slots, and more than words. The first n bits of a key tell its slot; a key in its
// slot is the other bits, above n bits for the word.

// slot gives the keys that begin as k does.
func (d *dictionary) slot(k match.Key) words32 {
	i := int(uint64(k) >> (32 - d.bits))
	return d.keys[4*d.slots.at(i) : 4*d.slots.at(i+1)]
}

func (d *dictionary) glance(id uint32) match.Glance {
	if id < d.first {
		return d.base.glance(id)
	}
	return match.Glance(d.facts[factsSize*(id-d.first):].at(1))
}

// similar appends the words that have one of the keys, but for those that a glance tells apart
// from the word they are the keys of, or further than so many letters; some of them twice. Initials
// are no letters too far.
func (d *dictionary) similar(dst []uint32, keys []match.Key, g match.Glance, far int, cut bool) []uint32 {
	if d.len() == 0 {
		return dst
	}
	// Memory is far away: what does not depend on each other is asked for in one go.
	var slots [32]span
	from := len(dst)
	for len(keys) > 0 {
		n := min(len(keys), len(slots))
		for i, k := range keys[:n] {
			at := int(uint64(k) >> (32 - d.bits))
			slots[i] = span{d.slots.at(at), d.slots.at(at + 1)}
		}
		for i, k := range keys[:n] {
			tag := uint32(uint64(k) << d.bits)
			for at := slots[i].from; at < slots[i].to; at++ {
				if x := d.keys.at(int(at)); x&^(1<<d.bits-1) == tag {
					dst = append(dst, x&(1<<d.bits-1))
				}
			}
		}
		keys = keys[n:]
	}
	found := dst[from:]
	dst = dst[:from]
	for _, i := range found {
		if listed := match.Glance(d.facts.at(int(3*i + 1))); !g.Apart(listed, cut) && (listed.Letters() == 1 || !g.Beyond(listed, far, cut)) {
			dst = append(dst, d.first+i)
		}
	}
	return dst
}

// touch reads the beginnings of words, for memory is far away: what is asked for in one go comes
// sooner than one after the other.
func (d *dictionary) touch(ids []uint32) (sum uint32) {
	for _, id := range ids {
		sum += uint32(d.Text(id)[0])
	}
	return sum
}

// beginning appends at most limit words that begin so.
func (d *dictionary) beginning(dst []uint32, prefix string, limit int) []uint32 {
	lo, hi := 0, d.alphabet.len()
	for lo < hi {
		if mid := (lo + hi) / 2; d.Text(d.alphabet.at(mid)) < prefix {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo < d.alphabet.len() && limit > 0; lo++ {
		id := d.alphabet.at(lo)
		if !strings.HasPrefix(d.Text(id), prefix) {
			break
		}
		dst = append(dst, id)
		limit--
	}
	return dst
}

// find gives the number of a word.
func (d *dictionary) find(word string) (uint32, bool) {
	k, g := match.WholeKey(word), match.GlanceOf(word)
	tag := uint32(uint64(k) << d.bits)
	for s := d.slot(k); len(s) > 0; s = s[4:] {
		if x := s.at(0); x&^(1<<d.bits-1) == tag {
			if i := x & (1<<d.bits - 1); match.Glance(d.facts.at(int(3*i+1))) == g && d.Text(d.first+i) == word {
				return d.first + i, true
			}
		}
	}
	if d.base != nil {
		return d.base.find(word)
	}
	return 0, false
}

// newWord is a word that a dictionary is made of.
type newWord struct {
	text   string
	form   match.Form // particle, title
	rarity match.Rarity
	count  int // identities that have it
}

// setSmall counts the words that hardly identify; they come first.
func (d *dictionary) setSmall() {
	for d.small < uint32(d.len()) && d.info(d.first+d.small)>>rarityBits != 0 {
		d.small++
	}
}

// newDictionary numbers words: those that hardly identify, then the others, each the most
// frequent first.
func newDictionary(base *dictionary, words []newWord) *dictionary {
	d := &dictionary{base: base}
	if base != nil {
		d.first = uint32(base.len())
	}
	slices.SortFunc(words, func(a, b newWord) int {
		return cmp.Or(cmp.Compare(b.form, a.form), cmp.Compare(b.count, a.count), strings.Compare(a.text, b.text))
	})
	var text strings.Builder
	var all []uint64 // key, word
	var buf []match.Key
	for i, w := range words {
		d.facts = binary.LittleEndian.AppendUint32(d.facts, uint32(text.Len()))
		d.facts = binary.LittleEndian.AppendUint32(d.facts, uint32(match.GlanceOf(w.text)))
		d.facts = binary.LittleEndian.AppendUint32(d.facts, uint32(min(w.rarity, 1<<rarityBits-1))|uint32(w.form>>2)<<rarityBits)
		text.WriteString(w.text)
		buf = match.Keys(buf[:0], w.text)
		slices.Sort(buf)
		for _, k := range slices.Compact(buf) {
			all = append(all, uint64(k)<<32|uint64(i))
		}
	}
	d.text = text.String()
	d.setSmall()
	slices.Sort(all)
	d.bits = max(bits.Len(uint(len(words))), bits.Len(uint(len(all)))-2)
	next := 0
	for i := range 1<<d.bits + 1 {
		for next < len(all) && int(all[next]>>(64-d.bits)) < i {
			next++
		}
		d.slots = binary.LittleEndian.AppendUint32(d.slots, uint32(next))
	}
	d.keys = make([]byte, 0, 4*len(all))
	for _, k := range all {
		d.keys = binary.LittleEndian.AppendUint32(d.keys, uint32(k>>32)<<d.bits|uint32(k))
	}
	order := make([]uint32, len(words))
	for i := range order {
		order[i] = d.first + uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return strings.Compare(d.Text(a), d.Text(b)) })
	for _, id := range order {
		d.alphabet = binary.LittleEndian.AppendUint32(d.alphabet, id)
	}
	return d
}

// valid checks what was read from a file.
func (d *dictionary) valid() bool {
	n := d.len()
	if len(d.facts)%factsSize != 0 || len(d.keys)%4 != 0 || len(d.slots)%4 != 0 || d.slots.len() != 1<<d.bits+1 ||
		!d.slots.offsets(d.slots.len()-1, d.keys.len()) || len(d.alphabet) != 4*n ||
		len(d.nearAt) < 4 || len(d.near)%4 != 0 || d.nearAt.len() > n+1 || !d.nearAt.offsets(d.nearAt.len()-1, d.near.len()) {
		return false
	}
	rest := d.text
	for i := range n {
		g := match.Glance(d.facts.at(3*i + 1))
		if int(d.facts.at(3*i)) != len(d.text)-len(rest) || g.Letters() == 0 || g.Letters() > min(len(rest), match.MaxLetters) {
			return false
		}
		w := rest[:g.Letters()]
		rest = rest[len(w):]
		for j := range len(w) {
			if w[j] < 'A' || w[j] > 'Z' {
				return false
			}
		}
		if match.GlanceOf(w) != g {
			return false
		}
		if d.alphabet.at(i) >= uint32(n) {
			return false
		}
	}
	if rest != "" {
		return false
	}
	for x := d.near; len(x) > 0; x = x[4:] {
		if x.at(0)>>costBits >= uint32(n) {
			return false
		}
	}
	for k := d.keys; len(k) > 0; k = k[4:] {
		if k.at(0)&(1<<d.bits-1) >= uint32(n) {
			return false
		}
	}
	return true
}
