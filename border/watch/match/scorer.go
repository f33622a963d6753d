package match

// Dictionary holds the words of a list's names.
type Dictionary interface {
	Text(id uint32) string
	Rarity(id uint32) Rarity
}

// Part is one word of a listed name.
type Part struct {
	ID   uint32 // in the dictionary
	Form Form
}

// Traveller is a prepared query.
type Traveller struct {
	Words []Word // of the name; the forms of CutWords where the zone was full
}

// Scorer compares one traveller at a time with the names of one dictionary. It remembers
// what words it has compared. It is not for concurrent use; it does not allocate once warm.
type Scorer struct {
	model   *Model
	dict    Dictionary
	letters *Letters

	words [MaxWords]askedWord
	n     int
	all   bool // an index has looked words up: others are compared when a name has them

	memo memo
	grid grid
}

// askedWord is a word of the traveller's name.
type askedWord struct {
	code code
	form Form
	text string
	// common is -100 ln of the probability that somebody is written with this word, however his
	// name is spelt: the rarity of the word or of the likeliest word behind it.
	common int32
}

// NewScorer makes a scorer for a dictionary and its table of letters.
func NewScorer(model *Model, dict Dictionary, letters *Letters) *Scorer {
	s := &Scorer{model: model, dict: dict, letters: letters}
	s.memo.grow(1 << 10)
	return s
}

// Ask begins with another traveller.
func (s *Scorer) Ask(t *Traveller) {
	s.n = min(len(t.Words), MaxWords)
	for i := range s.n {
		w := &s.words[i]
		w.text, w.form = t.Words[i].Text, t.Words[i].Form
		w.code.set(w.text)
		w.common = int32(s.letters.Rarity(w.text, w.form&Cut != 0))
	}
	s.memo.clear()
	s.all = false
}

// Consider makes the scorer regard a dictionary word as what could stand behind the
// traveller's words, so that a common word spelt oddly does not count as a rare one. The index
// calls it for each word that its keys find, before Name. It returns what the word says at best
// for one of the traveller's words, in centinats, and for which: what to look for first.
func (s *Scorer) Consider(id uint32) (gain int, word int) {
	row := s.row(id)
	best, at := int32(-never), 0
	for i := range s.n {
		c := s.cost(row, i)
		if c >= never {
			continue
		}
		if !s.initial(row, i) {
			s.words[i].common = min(s.words[i].common, row.rarity+c)
		}
		if g := s.gain(row, i); g > best {
			best, at = g, i
		}
	}
	return int(best), at
}

// Look is Consider for one of the traveller's words, the one whose keys found the listed word, and
// nothing is remembered but how common the traveller's word is. It returns what the listed word
// costs; what is as dear as the traveller's word is rare cannot say anything and is not told apart.
func (s *Scorer) Look(i int, text string, rarity Rarity) (cost int) {
	s.all = true
	w := &s.words[i]
	var listed code
	listed.set(text)
	c := s.model.wordCost(&w.code, &listed, w.form&Cut != 0, w.common)
	if c < never && (listed.n == 1) == (w.code.n == 1) {
		w.common = min(w.common, int32(rarity)+c)
	}
	return int(min(c, never))
}

// Tell is Look for a listed word of which it is known what it costs; neither is an initial.
func (s *Scorer) Tell(i int, rarity Rarity, cost int) {
	s.all = true
	s.words[i].common = min(s.words[i].common, int32(rarity)+int32(cost))
}

// Gain is what a listed word of that cost says at best for word i of the traveller, in centinats,
// once all have been looked at. With initial, one of the two is an initial and the other is not.
func (s *Scorer) Gain(i int, initial bool, rarity Rarity, cost int) int {
	switch {
	case cost >= never:
		return -never
	case initial:
		return initialGain
	}
	return int(min(s.words[i].common, int32(rarity)+int32(cost))) - cost
}

// gain is what a listed word says for one of the traveller's words.
func (s *Scorer) gain(r *row, i int) int32 {
	c := s.cost(r, i)
	switch {
	case c >= never:
		return -never
	case s.initial(r, i):
		return initialGain
	}
	return min(s.words[i].common, r.rarity+c) - c
}

// initial reports whether one of two words is an initial and the other is not. An initial is
// no spelling of a word: that the words begin alike is all it says.
func (s *Scorer) initial(r *row, i int) bool { return (r.code.n == 1) != (s.words[i].code.n == 1) }

// initialGain is what an initial says for a word that begins with it, either way.
const initialGain = 150

// row compares a dictionary word with all words of the traveller, or remembers.
func (s *Scorer) row(id uint32) *row {
	r, found := s.memo.row(id)
	if found {
		return r
	}
	r.code.set(s.dict.Text(id))
	r.rarity = int32(s.dict.Rarity(id))
	for i := range s.n {
		w := &s.words[i]
		if s.all && w.code.n > 1 && r.code.n > 1 {
			r.cost[i] = unseen
			continue
		}
		r.cost[i] = int16(min(never, s.model.wordCost(&w.code, &r.code, w.form&Cut != 0, never)))
	}
	return r
}

// unseen stands for a cost that nobody has looked at: the index found the word otherwise.
const unseen = -1

// cost of one of the traveller's words beside a word of the dictionary.
func (s *Scorer) cost(r *row, i int) int32 {
	if r.cost[i] == unseen {
		w := &s.words[i]
		r.cost[i] = int16(min(never, s.model.wordCost(&w.code, &r.code, w.form&Cut != 0, never)))
	}
	return int32(r.cost[i])
}

// initialCost is what an initial for a word costs.
const initialCost = 150

// wordCost is the channel between two words, initials known. A cost of limit or more need not be
// told.
func (m *Model) wordCost(a, b *code, cut bool, limit int32) int32 {
	if a.n == 0 || b.n == 0 {
		return never
	}
	if a.n == 1 || b.n == 1 {
		switch {
		case a.c[0] != b.c[0]:
			return never
		case a.n == b.n:
			return 20
		}
		return initialCost
	}
	return m.Spelling.costBelow(a, b, cut, min(limit, never))
}

// row is what the scorer remembers of a dictionary word.
type row struct {
	id     uint32
	rarity int32
	cost   [MaxWords]int16
	code   code
}

// memo is a hash table of rows by the word. It keeps its room from traveller to traveller.
type memo struct {
	rows  []row
	slots []uint32 // index into rows, plus 1
	used  int
}

func (m *memo) grow(n int) {
	m.slots = make([]uint32, 2*n)
	rows := make([]row, 0, n)
	m.rows = append(rows, m.rows[:m.used]...)
	for i := range m.rows {
		m.slots[m.find(m.rows[i].id)] = uint32(i) + 1
	}
}

// reserve makes room for n rows, so that pointers to rows hold until there are so many more.
func (m *memo) reserve(n int) {
	if cap(m.rows)-len(m.rows) < n {
		m.grow(2 * cap(m.rows))
	}
}

func (m *memo) clear() {
	m.used = 0
	m.rows = m.rows[:0]
	clear(m.slots)
}

func (m *memo) find(id uint32) int {
	mask := len(m.slots) - 1
	at := int(id*2654435769>>7) & mask
	for {
		k := m.slots[at]
		if k == 0 || m.rows[k-1].id == id {
			return at
		}
		at = (at + 1) & mask
	}
}

// row returns the row of a word, and whether it was there. The pointer holds until the next call.
func (m *memo) row(id uint32) (*row, bool) {
	at := m.find(id)
	if k := m.slots[at]; k != 0 {
		return &m.rows[k-1], true
	}
	if len(m.rows) == cap(m.rows) {
		m.grow(2 * cap(m.rows))
		at = m.find(id)
	}
	m.rows = m.rows[:len(m.rows)+1]
	m.used = len(m.rows)
	m.slots[at] = uint32(m.used)
	r := &m.rows[m.used-1]
	r.id = id
	return r, false
}
