package watch

// pattern is a word prepared for counting the letters in which others differ from it.
type pattern struct {
	at   [26]uint32 // by letter: bits of the places where it stands
	last uint32     // bit of the last place
	n    int
}

func newPattern(word string) pattern {
	p := pattern{n: len(word), last: 1 << (len(word) - 1)}
	for i := range len(word) {
		p.at[word[i]-'A'] |= 1 << i
	}
	return p
}

// distance is Levenshtein's, computed for all places of the pattern at once (Myers 1999, as
// written by Hyyrö). With prefix, the pattern may be the beginning of the word.
func (p *pattern) distance(word string, prefix bool) int {
	up, down, d := ^uint32(0), uint32(0), p.n
	least := d
	for i := range len(word) {
		eq := p.at[word[i]-'A']
		diagonal := ((eq & up) + up) ^ up | eq | down
		plus, minus := down|^(diagonal|up), up&diagonal
		if plus&p.last != 0 {
			d++
		}
		if minus&p.last != 0 {
			d--
		}
		plus = plus<<1 | 1
		minus <<= 1
		up, down = minus|^(diagonal|plus), plus&diagonal
		least = min(least, d)
	}
	if prefix {
		return least
	}
	return d
}

// near is in how many letters a listed word may differ that is worth a closer look: of those
// further away hardly one in ten says anything.
func (p *pattern) near() int {
	switch {
	case p.n <= 3:
		return 2
	case p.n <= 5:
		return 3
	}
	return 4
}
