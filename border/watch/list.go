package watch

import (
	"cmp"
	"encoding/json"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"garita/border"
	"garita/border/icao"
)

// Description says what a base is made of, beside its entries.
type Description struct {
	Name       string     `json:"name"`    // of the list: national
	Sources    []Source   `json:"sources"` // what posts and screens must know of each
	Remembered []NonMatch `json:"remembered,omitempty"`
}

// Base is a compiled list: immutable, and the same bytes for the same entries in any order.
type Base struct {
	d       Description
	entries []*Entry // by key
}

// Compile makes a base. Entries must have a source, an ID that is unique in it, and a name
// or a document. Fails with Invalid; the error names the entry by its key.
func Compile(d Description, entries []*Entry) (*Base, error) {
	b := &Base{d: d, entries: slices.Clone(entries)}
	slices.SortFunc(b.entries, func(a, b *Entry) int { return compareKeys(a.Key(), b.Key()) })
	for i, e := range b.entries {
		if err := check(e); err != nil {
			return nil, err
		}
		if i > 0 && e.Key() == b.entries[i-1].Key() {
			return nil, invalid("compile list", "entry "+e.Key().String()+" is there twice")
		}
	}
	return b, nil
}

func check(e *Entry) error {
	switch {
	case e.Source == "" || e.ID == "":
		return invalid("compile list", "an entry has no source or no ID")
	case len(e.Names) == 0 && len(e.Documents) == 0:
		return invalid("compile list", "entry "+e.Key().String()+" has neither a name nor a document")
	}
	return nil
}

func invalid(op, message string) error {
	return &border.Error{Code: border.Invalid, Op: op, Message: message}
}

func compareKeys(a, b Key) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.ID, b.ID))
}

type file struct {
	Description Description
	Entries     []*Entry
}

// WriteTo writes the base as [OpenBase] takes it.
func (b *Base) WriteTo(w io.Writer) (int64, error) {
	data, err := json.Marshal(file{b.d, b.entries})
	if err != nil {
		return 0, err
	}
	n, err := w.Write(data)
	return int64(n), err
}

// OpenBase opens what [Base.WriteTo] wrote. It keeps data, which must not change. Damaged data
// fail with Invalid.
func OpenBase(data []byte) (*Base, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, invalid("open list", "The list is damaged. Fetch it anew.")
	}
	return Compile(f.Description, f.Entries)
}

// List is a base and the changes since: immutable and safe for concurrent use. Lists of the
// same base and the same changes give the same answers, to the last bit, on any machine.
type List struct {
	base       *Base
	entries    map[Key]*Entry
	sources    []Source
	remembered map[memory]Fingerprint
}

type memory struct {
	document border.BlindIndex
	key      Key
}

// New gives the list of a base without changes.
func New(b *Base) *List {
	l := &List{base: b, entries: make(map[Key]*Entry), sources: b.d.Sources, remembered: make(map[memory]Fingerprint)}
	for _, e := range b.entries {
		l.entries[e.Key()] = e
	}
	for _, m := range b.d.Remembered {
		l.remembered[memory{m.Document, Key{m.Source, m.ID}}] = m.Fields
	}
	return l
}

// With gives the list with changes applied in order; l stays as it is. A change that does
// not fit the list (removing or forgetting what is not there, no field or several fields
// set) fails with Invalid.
func (l *List) With(changes []Change) (*List, error) {
	n := &List{base: l.base, entries: maps.Clone(l.entries), sources: slices.Clone(l.sources), remembered: maps.Clone(l.remembered)}
	for _, c := range changes {
		if err := n.apply(c); err != nil {
			return nil, err
		}
	}
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
		if err := check(c.Put); err != nil {
			return err
		}
		l.entries[c.Put.Key()] = c.Put
	case c.Remove != nil:
		if l.entries[*c.Remove] == nil {
			return invalid(op, "entry "+c.Remove.String()+" to be removed is not there")
		}
		delete(l.entries, *c.Remove)
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

// Len gives the number of entries.
func (l *List) Len() int { return len(l.entries) }

// Sources gives the descriptions of the list's sources. They must not be changed.
func (l *List) Sources() []Source { return l.sources }

// Entry gives an entry, which must not be changed.
func (l *List) Entry(k Key) (*Entry, bool) {
	e, ok := l.entries[k]
	return e, ok
}

// Entries gives all entries, by source and ID. They must not be changed.
func (l *List) Entries() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for _, k := range slices.SortedFunc(maps.Keys(l.entries), compareKeys) {
			if !yield(l.entries[k]) {
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

// Check appends to hits who the traveller could be, best first and at most [MaxHits], and
// returns the extended slice. It looks neither at handling nor at what is remembered: the
// asker does.
func (l *List) Check(q *Query, hits []Hit) []Hit {
	from := len(hits)
	for e := range l.Entries() {
		if !counts(e, q) {
			continue
		}
		if h, ok := compare(e, q); ok {
			hits = append(hits, h)
		}
	}
	slices.SortStableFunc(hits[from:], func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits[:min(len(hits), from+MaxHits)]
}

// Explain says why a traveller is or is not an entry, field by field. False if there is no
// such entry.
func (l *List) Explain(q *Query, k Key) (Explanation, bool) {
	e, ok := l.Entry(k)
	if !ok {
		return Explanation{}, false
	}
	h, _ := compare(e, q)
	return Explanation{Hit: h, Fields: []Evidence{{Field: "name", Weight: h.Score}}}, true
}

// counts reports whether an entry holds on the query's day and for its direction.
func counts(e *Entry, q *Query) bool {
	if q.Day != "" && (e.ValidFrom > q.Day || e.Expires != "" && e.Expires < q.Day) {
		return false
	}
	return e.Applies == AppliesBoth || q.Direction == "" || string(e.Applies) == q.Direction
}

func compare(e *Entry, q *Query) (Hit, bool) {
	h := Hit{Entry: e.Key(), Handling: e.Handling, Applies: e.Applies, Name: -1}
	for _, d := range q.Documents {
		for _, ed := range e.Documents {
			if plain(d.Number) != "" && plain(d.Number) == plain(ed.Number) && (ed.Issuer == "" || ed.Issuer == d.Issuer) {
				h.Score, h.Basis = 0.99, ByDocument
			}
		}
	}
	asked := strings.Fields(icao.NormaliseName(q.Surname + " " + q.GivenNames))
	for i, n := range e.Names {
		listed := strings.Fields(icao.NormaliseName(n.Surname + " " + n.GivenNames + " " + n.Full))
		if s := alike(asked, listed); s > h.Score && s >= 0.6 {
			h.Score, h.Basis, h.Name = s, ByName, i
		}
	}
	return h, h.Score > 0
}

// alike is the share of tokens that both names have.
func alike(a, b []string) float64 {
	common := 0
	for _, t := range a {
		if slices.Contains(b, t) {
			common++
		}
	}
	return 0.9 * float64(2*common) / float64(max(1, len(a)+len(b)))
}

// plain is a document number without what readers and clerks put between its characters.
func plain(number string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, number)
}
