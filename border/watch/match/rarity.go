package match

import (
	"encoding/binary"
	"errors"
	"math"
)

// Rarity says how rare a word is among people's names: -100 ln of the probability that a word
// of somebody's name is this one. 300 is very common, 1000 rare.
type Rarity uint16

// Letters tells the rarity of words that nobody has counted, from their letters in threes.
type Letters struct {
	next   [27 * 27 * 27]uint8 // cost of a letter after two others, in units of 5 centinats
	unseen Rarity              // that a word is one nobody has counted
}

const (
	lettersSize = 27*27*27 + 2
	unit        = 5
)

// Rarity of a word that was never counted. The end of a cut word says nothing.
func (l *Letters) Rarity(word string, cut bool) Rarity {
	sum, a, b := int(l.unseen), 26, 26
	for i := 0; i < len(word); i++ {
		c := int(word[i] - 'A')
		if c > 25 {
			continue
		}
		sum += unit * int(l.next[(a*27+b)*27+c])
		a, b = b, c
	}
	if !cut {
		sum += unit * int(l.next[(a*27+b)*27+26])
	}
	return Rarity(min(sum, 2500))
}

// AppendBinary appends the table as the base stores it.
func (l *Letters) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, l.next[:]...)
	return binary.LittleEndian.AppendUint16(dst, uint16(l.unseen)), nil
}

// LettersSize is the length of what AppendBinary appends, in bytes.
const LettersSize = lettersSize

// UnmarshalBinary reads what AppendBinary wrote.
func (l *Letters) UnmarshalBinary(data []byte) error {
	if len(data) != lettersSize {
		return errors.New("match: a table of letters has another length")
	}
	copy(l.next[:], data)
	l.unseen = Rarity(binary.LittleEndian.Uint16(data[len(l.next):]))
	return nil
}

// Census counts the words of many people's names. The same people give the same figures in
// any order.
type Census struct {
	words map[string]int
	total int
}

// NewCensus returns an empty census.
func NewCensus() *Census { return &Census{words: map[string]int{}} }

// Add counts a word, once for each person that has it.
func (c *Census) Add(word string) {
	c.words[word]++
	c.total++
}

// Letters makes the table for words that were not counted. How likely such a word is follows
// from how many words were seen but once (Good and Turing).
func (c *Census) Letters() *Letters {
	var three [27 * 27 * 27]int
	var two [27 * 27]int
	once := 0
	for word, n := range c.words {
		if n == 1 {
			once++
		}
		a, b := 26, 26
		for i := 0; i <= len(word); i++ {
			x := 26
			if i < len(word) {
				x = int(word[i] - 'A')
			}
			three[(a*27+b)*27+x]++
			two[a*27+b]++
			a, b = b, x
		}
	}
	var one [27]int
	all := 0
	var pair [27 * 27]int // of the last two letters, whatever came before
	var pairs [27]int
	for i, n := range three {
		one[i%27] += n
		pair[i%(27*27)] += n
		pairs[i/27%27] += n
		all += n
	}
	l := &Letters{}
	for i := range three {
		p1 := (float64(one[i%27]) + 1) / (float64(all) + 27)
		p2 := (float64(pair[i%(27*27)]) + float64(5*p1)) / (float64(pairs[i/27%27]) + 5)
		p3 := (float64(three[i]) + float64(5*p2)) / (float64(two[i/27]) + 5)
		l.next[i] = uint8(math.Round(min(255, -100/unit*math.Log(p3))))
	}
	p := (float64(once) + 1) / (float64(c.total) + 2)
	l.unseen = Rarity(math.Round(-100 * math.Log(p)))
	return l
}

// people is how many words a census has at least. On a short list each word would else seem to
// be everybody's.
const people = 20_000

// Rarity of a word that was counted, smoothed by how rare its letters make it.
func (c *Census) Rarity(l *Letters, word string) Rarity {
	n := float64(c.words[word])
	// Half a person is taken off each count for words that were not counted.
	p := math.Exp(-float64(l.Rarity(word, false)) / 100)
	if n > 0 {
		p += (n - 0.5) / float64(max(c.total, people)+1)
	}
	return Rarity(math.Round(min(2500, -100*math.Log(p))))
}
