package watch

import (
	"iter"
	"maps"
	"slices"
	"sync"

	"garita/border"
)

// List is a base and the changes since: immutable and safe for concurrent use. Lists of the
// same base and the same changes give the same answers, to the last bit, on any machine.
type List struct {
	base       *Base
	changed    map[Key]*Entry // put since
	gone       []uint64       // bits of the base's entries that were replaced or removed
	removed    int            // how many those are
	sources    []Source
	remembered map[memory]Fingerprint
	full       map[Key]*Entry // known in full, see InFull

	// The changed entries, by key, and how they are found.
	latest   []*Entry
	identity words32 // the first, by place in latest
	overlay  *segment
	asks     *sync.Pool // *ask
}

type memory struct {
	document border.BlindIndex
	key      Key
}

// New gives the list of a base without changes.
func New(b *Base) *List {
	l := &List{base: b, changed: map[Key]*Entry{}, sources: b.head.Description.Sources, remembered: make(map[memory]Fingerprint)}
	for _, m := range b.head.Description.Remembered {
		l.remembered[memory{m.Document, Key{m.Source, m.ID}}] = m.Fields
	}
	l.index()
	return l
}

// With gives the list with changes applied in order; l stays as it is. A change that does
// not fit the list (removing or forgetting what is not there, no field or several fields
// set) fails with Invalid. It takes time in proportion to all changes since the base.
func (l *List) With(changes []Change) (*List, error) {
	n := &List{base: l.base, changed: maps.Clone(l.changed), gone: slices.Clone(l.gone), removed: l.removed,
		sources: slices.Clone(l.sources), remembered: maps.Clone(l.remembered), full: maps.Clone(l.full)}
	if n.gone == nil {
		n.gone = make([]uint64, (l.base.entries()+63)/64)
	}
	for _, c := range changes {
		if err := n.apply(c); err != nil {
			return nil, err
		}
	}
	n.index()
	return n, nil
}

func (l *List) apply(c Change) error {
	const op = "change list"
	set := 0
	for _, is := range []bool{c.Put != nil, c.Remove != nil, c.Remember != nil, c.Forget != nil, c.Describe != nil} {
		if is {
			set++
		}
	}
	switch {
	case set != 1:
		return invalid(op, "a change sets exactly one field")
	case c.Put != nil:
		if err := check(op, c.Put); err != nil {
			return err
		}
		l.mask(c.Put.Key())
		l.changed[c.Put.Key()] = c.Put
		delete(l.full, c.Put.Key())
	case c.Remove != nil:
		_, there := l.changed[*c.Remove]
		if !l.mask(*c.Remove) && !there {
			return invalid(op, "entry "+c.Remove.String()+" to be removed is not there")
		}
		delete(l.changed, *c.Remove)
		delete(l.full, *c.Remove)
	case c.Remember != nil:
		l.remembered[memory{c.Remember.Document, Key{c.Remember.Source, c.Remember.ID}}] = c.Remember.Fields
	case c.Forget != nil:
		m := memory{c.Forget.Document, Key{c.Forget.Source, c.Forget.ID}}
		if f, ok := l.remembered[m]; !ok || f != c.Forget.Fields {
			return invalid(op, "a non-match to be forgotten is not there")
		}
		delete(l.remembered, m)
	case c.Describe != nil:
		if i := slices.IndexFunc(l.sources, func(s Source) bool { return s.Name == c.Describe.Name }); i >= 0 {
			l.sources[i] = *c.Describe
		} else {
			l.sources = append(l.sources, *c.Describe)
		}
	}
	return nil
}

// mask hides an entry of the base; false if it is not there or hidden.
func (l *List) mask(k Key) bool {
	i, ok := l.base.find(k)
	if !ok {
		return false
	}
	if l.masked(i) {
		return false
	}
	l.gone[i/64] |= 1 << (i % 64)
	l.removed++
	return true
}

// masked reports whether an entry of the base was replaced or removed.
func (l *List) masked(entry int) bool {
	return l.gone != nil && l.gone[entry/64]>>(entry%64)&1 == 1
}

// index makes the changed entries findable. How rare words are stays as the base has it.
func (l *List) index() {
	l.latest = slices.SortedFunc(maps.Values(l.changed), func(a, b *Entry) int { return compareKeys(a.Key(), b.Key()) })
	list := prepare(l.latest)
	counted := tally(list)
	numbers := make(map[string]uint32, len(counted))
	var words []newWord
	for text, w := range counted {
		if id, ok := l.base.dict.find(text); ok {
			numbers[text] = id
			continue
		}
		w.rarity = l.base.letters.Rarity(text, false)
		words = append(words, *w)
	}
	dict := newDictionary(l.base.dict, words)
	for i := range uint32(dict.len()) {
		numbers[dict.Text(dict.first+i)] = dict.first + i
	}
	l.overlay = &segment{dict: dict}
	l.overlay.fill(list, numbers)
	l.overlay.scatter()
	l.overlay.documents = newDocuments(l.latest)
	l.identity = l.overlay.firsts(len(l.latest))
	l.asks = &sync.Pool{New: func() any { return newAsk(l) }}
}

// Len gives the number of entries.
func (l *List) Len() int { return l.base.entries() - l.removed + len(l.changed) }

// Sources gives the descriptions of the list's sources. They must not be changed.
func (l *List) Sources() []Source { return l.sources }

// Entry gives an entry, which must not be changed.
func (l *List) Entry(k Key) (*Entry, bool) {
	if e, ok := l.full[k]; ok {
		return e, true
	}
	if e, ok := l.changed[k]; ok {
		return e, true
	}
	i, ok := l.base.find(k)
	if !ok || l.masked(i) {
		return nil, false
	}
	e := l.base.entry(i)
	return e, e != nil
}

// Entries gives all entries, by source and ID. They must not be changed.
func (l *List) Entries() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		latest := l.latest
		for i := 0; i < l.base.entries(); i += perBlock {
			for j, e := range l.base.block(i / perBlock) {
				if l.masked(i + j) {
					continue
				}
				for ; len(latest) > 0 && compareKeys(latest[0].Key(), e.Key()) < 0; latest = latest[1:] {
					if !yield(l.inFull(latest[0])) {
						return
					}
				}
				if !yield(l.inFull(e)) {
					return
				}
			}
		}
		for _, e := range latest {
			if !yield(l.inFull(e)) {
				return
			}
		}
	}
}

// Remembered reports whether the holder of a document was judged not to be this entry, and
// the entry's identifying fields are still those that were judged.
func (l *List) Remembered(document border.BlindIndex, k Key) bool {
	f, ok := l.remembered[memory{document, k}]
	if !ok {
		return false
	}
	e, ok := l.Entry(k)
	return ok && FingerprintOf(e) == f
}
