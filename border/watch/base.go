package watch

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"io"
	"math/bits"
	"slices"
	"strings"

	"garita/border"
	"garita/border/watch/match"
)

// Description says what a base is made of, beside its entries.
type Description struct {
	Name       string     `json:"name"`    // of the list: national
	Sources    []Source   `json:"sources"` // what posts and screens must know of each
	Remembered []NonMatch `json:"remembered,omitempty"`
}

// Base is a compiled list: immutable, and the same bytes for the same entries in any order.
// It holds how rare words are, so that posts need not count anything themselves.
type Base struct {
	segment
	head     head
	parts    *[sections][]byte
	letters  *match.Letters
	identity words32 // the first, by entry
	idAt     words32
	ids      []byte
	blockAt  words32
	payload  []byte
}

// head is the first section.
type head struct {
	Description Description `json:"description"`
	Sources     []string    `json:"entry_sources"` // that entries name, ascending
	Until       []int       `json:"until"`         // number of the first entry that is not of the source
}

// Compile makes a base. Entries must have a source, an ID that is unique in it, a handling
// and a name or a document; days of validity must be days. Fails with Invalid; the error
// names the entry by its key.
func Compile(d Description, entries []*Entry) (*Base, error) {
	const op = "compile list"
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b *Entry) int { return compareKeys(a.Key(), b.Key()) })
	h := head{Description: d.sorted(), Sources: []string{}, Until: []int{}}
	for i, e := range entries {
		if err := check(op, e); err != nil {
			return nil, err
		}
		if i > 0 && e.Key() == entries[i-1].Key() {
			return nil, invalid(op, "entry "+e.Key().String()+" is there twice")
		}
		if i == 0 || e.Source != entries[i-1].Source {
			h.Sources, h.Until = append(h.Sources, e.Source), append(h.Until, i)
		}
		h.Until[len(h.Until)-1] = i + 1
	}
	list := prepare(entries)
	words, letters := census(list)
	dict := newDictionary(nil, words)
	dict.learn(letters, len(words)-single(words))
	numbers := make(map[string]uint32, len(words))
	for i := range uint32(dict.len()) {
		numbers[dict.Text(i)] = i
	}
	s := segment{dict: dict}
	s.fill(list, numbers)

	var parts [sections][]byte
	var err error
	if parts[secHead], err = json.Marshal(h); err != nil {
		return nil, err
	}
	if parts[secLetters], err = letters.AppendBinary(nil); err != nil {
		return nil, err
	}
	parts[secFacts], parts[secWords] = dict.facts, []byte(dict.text)
	parts[secNearAt], parts[secNear] = dict.nearAt, dict.near
	parts[secSlots], parts[secKeys], parts[secAlphabet] = dict.slots, dict.keys, dict.alphabet
	parts[secPostingAt], parts[secPostings] = s.postingAt, s.postings
	parts[secRecordAt], parts[secRecords], parts[secSummaries] = s.recordAt, s.records, s.summaries
	parts[secYears], parts[secEntryOf] = s.years, s.entryOf
	parts[secIdentity] = s.firsts(len(entries))
	if err := pack2(&parts, entries); err != nil {
		return nil, &border.Error{Code: border.TooLarge, Op: op, Err: err}
	}
	parts[secDocuments] = newDocuments(entries)
	for _, p := range parts {
		if len(p) >= maxBase {
			return nil, &border.Error{Code: border.TooLarge, Op: op, Message: "The list is too large for one file. Take sources out of it."}
		}
	}
	b, err := newBase(&parts)
	if err == nil {
		b.ready()
	}
	return b, err
}

// pack2 writes IDs and payload.
func pack2(parts *[sections][]byte, entries []*Entry) error {
	p, err := newPacker()
	if err != nil {
		return err
	}
	parts[secIDAt] = binary.LittleEndian.AppendUint32(nil, 0)
	for _, e := range entries {
		parts[secIDs] = append(parts[secIDs], e.ID...)
		parts[secIDAt] = binary.LittleEndian.AppendUint32(parts[secIDAt], uint32(len(parts[secIDs])))
		if err := p.add(e); err != nil {
			return err
		}
	}
	if err := p.flush(); err != nil {
		return err
	}
	parts[secBlockAt], parts[secPayload] = p.at, p.blocks
	return nil
}

// sorted puts what is remembered in one order.
func (d Description) sorted() Description {
	d.Remembered = slices.Clone(d.Remembered)
	slices.SortFunc(d.Remembered, func(a, b NonMatch) int {
		return cmp.Or(bytes.Compare(a.Document[:], b.Document[:]), strings.Compare(a.Source, b.Source),
			strings.Compare(a.ID, b.ID), bytes.Compare(a.Fields[:], b.Fields[:]))
	})
	return d
}

// census counts the words of entries and tells how rare each is.
func census(entries []prepared) ([]newWord, *match.Letters) {
	counted := tally(entries)
	c := match.NewCensus()
	for _, w := range counted {
		for range w.count {
			c.Add(w.text)
		}
	}
	letters := c.Letters()
	words := make([]newWord, 0, len(counted))
	for _, w := range counted {
		w.rarity = c.Rarity(letters, w.text)
		words = append(words, *w)
	}
	return words, letters
}

// single counts the words that only one entry has.
func single(words []newWord) (n int) {
	for i := range words {
		if words[i].count == 1 && words[i].form == 0 {
			n++
		}
	}
	return n
}

// check says whether an entry can be on a list.
func check(op string, e *Entry) error {
	_, handling := indexOf(handlings[:], e.Handling)
	_, applies := indexOf(applied[:], e.Applies)
	from, until := e.ValidFrom == "", e.Expires == ""
	if !from {
		_, from = dayNumber(e.ValidFrom)
	}
	if !until {
		_, until = dayNumber(e.Expires)
	}
	key := e.Key().String()
	switch {
	case e.Source == "" || e.ID == "":
		return invalid(op, "an entry has no source or no ID")
	case len(e.Names) == 0 && len(e.Documents) == 0:
		return invalid(op, "entry "+key+" has neither a name nor a document")
	case !handling:
		return invalid(op, "the handling of entry "+key+" is none of open, refer and silent")
	case !applies:
		return invalid(op, "entry "+key+" applies neither to entry nor to exit nor to both")
	case !from || !until:
		return invalid(op, "a day of validity of entry "+key+" is no day like 2026-11-22")
	}
	return nil
}

func invalid(op, message string) error {
	return &border.Error{Code: border.Invalid, Op: op, Message: message}
}

func compareKeys(a, b Key) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.ID, b.ID))
}

// WriteTo writes the base as [OpenBase] takes it.
func (b *Base) WriteTo(w io.Writer) (int64, error) { return writeSections(w, b.parts) }

// OpenBase opens what [Base.WriteTo] wrote. It keeps data, which must not change. Everything
// in it that is followed later is checked; damaged data fail with Invalid.
func OpenBase(data []byte) (*Base, error) {
	parts, err := readSections(data)
	if err != nil {
		return nil, err
	}
	b, err := newBase(parts)
	if err != nil {
		return nil, err
	}
	if !b.valid() {
		return nil, damaged("it contradicts itself")
	}
	b.ready()
	return b, nil
}

func newBase(parts *[sections][]byte) (*Base, error) {
	dict := &dictionary{facts: parts[secFacts], text: string(parts[secWords]),
		nearAt: parts[secNearAt], near: parts[secNear], slots: parts[secSlots], keys: parts[secKeys], alphabet: parts[secAlphabet]}
	if n := dict.slots.len() - 1; n > 0 {
		dict.bits = bits.Len(uint(n)) - 1
	}
	b := &Base{parts: parts, letters: new(match.Letters), segment: segment{dict: dict,
		recordAt: parts[secRecordAt], records: parts[secRecords], summaries: parts[secSummaries], years: parts[secYears],
		entryOf: parts[secEntryOf], documents: parts[secDocuments], postingAt: parts[secPostingAt], postings: parts[secPostings]},
		identity: parts[secIdentity], idAt: parts[secIDAt], ids: parts[secIDs], blockAt: parts[secBlockAt], payload: parts[secPayload]}
	if err := b.letters.UnmarshalBinary(parts[secLetters]); err != nil {
		return nil, damaged("its table of letters is none")
	}
	d := json.NewDecoder(bytes.NewReader(parts[secHead]))
	if err := d.Decode(&b.head); err != nil {
		return nil, damaged("its description cannot be read")
	}
	return b, nil
}

// ready makes what is kept in memory only.
func (b *Base) ready() {
	b.dict.setSmall()
	if b.segment.len() >= manyIdentities {
		b.setDays()
	}
}

// valid checks what was read from a file.
func (b *Base) valid() bool {
	n := b.entries()
	if !b.dict.valid() || !b.segment.valid(b.identity) || !b.idAt.offsets(n, len(b.ids)) ||
		!b.blockAt.offsets((n+perBlock-1)/perBlock, len(b.payload)) || len(b.head.Until) != len(b.head.Sources) {
		return false
	}
	last := 0
	for i, until := range b.head.Until {
		if until <= last || until > n || i > 0 && b.head.Sources[i] <= b.head.Sources[i-1] {
			return false
		}
		for e := last + 1; e < until; e++ {
			if bytes.Compare(b.id(e-1), b.id(e)) >= 0 {
				return false
			}
		}
		last = until
	}
	return last == n
}

func (b *Base) entries() int { return b.identity.len() }

func (b *Base) id(entry int) []byte { return b.ids[b.idAt.at(entry):b.idAt.at(entry+1)] }

// key gives the key of an entry by number.
func (b *Base) key(entry int) Key {
	i, _ := slices.BinarySearch(b.head.Until, entry+1)
	return Key{b.head.Sources[i], string(b.id(entry))}
}

// find gives the number of an entry.
func (b *Base) find(k Key) (int, bool) {
	i, ok := slices.BinarySearch(b.head.Sources, k.Source)
	if !ok {
		return 0, false
	}
	lo, end := 0, b.head.Until[i]
	if i > 0 {
		lo = b.head.Until[i-1]
	}
	hi := end
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); string(b.id(mid)) < k.ID {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < end && string(b.id(lo)) == k.ID
}

// block gives the entries of a block of payload; none if it is damaged.
func (b *Base) block(i int) []*Entry {
	entries, err := unpack(b.payload[b.blockAt.at(i):b.blockAt.at(i+1)])
	if err != nil || len(entries) != min(perBlock, b.entries()-i*perBlock) {
		return nil
	}
	return entries
}

// entry gives an entry by number; nil if its payload is damaged.
func (b *Base) entry(i int) *Entry {
	entries := b.block(i / perBlock)
	if entries == nil {
		return nil
	}
	return entries[i%perBlock]
}
