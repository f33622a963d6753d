package watch

import (
	"cmp"
	"encoding/binary"
	"slices"

	"garita/border/watch/match"
)

// segment is a set of identities with what finds them. An entry with several dates of birth is
// an identity with each, and they share a record. Identities are numbered by birth: first those
// whose date is not known, then those with a date that is an interval or about a year, then by
// date. What a word's postings say of a day or of a range of years therefore lies together.
type segment struct {
	dict      *dictionary
	recordAt  words32
	records   []byte
	summaries words32 // two for each identity: see pack and traits
	years     words32
	days      []uint32 // by day: the first identity born on it, or after; none if identities are few
	entryOf   words32
	documents documents

	// Postings by word. The base has them in one run; the changes, which have few of the
	// words, by the word's number.
	postingAt words32
	postings  postings
	lists     map[uint32]postings
}

// Years that are told apart; beyond them is the first or the last.
const (
	firstYear = 1880
	lastYear  = 2060
	undated   = 0 // place in years of those without a date
	scattered = 1 // of those with intervals
	dated     = 2 // of those born in firstYear
	places    = dated + lastYear - firstYear + 1
)

func yearPlace(year int) int { return dated + min(max(year, firstYear), lastYear) - firstYear }

// maxBirths is how many identities an entry has at most; dates beyond share the last.
const maxBirths = 16

func (s *segment) len() int { return s.entryOf.len() }

// record gives an identity's record, and what follows it.
func (s *segment) record(i uint32) []byte { return s.records[s.recordAt.at(int(i)):] }

// identity reads the head of a record.
func (s *segment) identity(i uint32) identity {
	var id identity
	r := reader{b: s.record(i)}
	id.read(&r)
	return id
}

// list gives the identities that have a word.
func (s *segment) list(word uint32) postings {
	if s.lists != nil {
		return s.lists[word]
	}
	if int(word) >= s.postingAt.len()-1 {
		return nil
	}
	return s.postings[postingSize*s.postingAt.at(int(word)) : postingSize*s.postingAt.at(int(word)+1)]
}

// day gives the identities born on a day.
func (s *segment) day(year, month, day int) span {
	if s.days != nil {
		at := dayPlace(year, month, day)
		return span{s.days[at], s.days[at+1]}
	}
	p := yearPlace(year)
	from, to := s.years.at(p), s.years.at(p+1)
	x := uint32(year)<<16 | uint32(month)<<8 | uint32(day)
	lo := s.born(from, to, x)
	return span{lo, s.born(lo, to, x+1)}
}

// manyIdentities is from when on a table of days is worth its memory, 300 kB.
const manyIdentities = 50_000

// dayPlace is the place of a day, of those that there could be.
func dayPlace(year, month, day int) int { return (yearPlace(year)-dated)<<9 + month<<5 + day }

// setDays makes the table of days.
func (s *segment) setDays() {
	s.days = make([]uint32, dayPlace(lastYear, 15, 31)+2)
	next := 0
	for i := s.years.at(dated); i < uint32(s.len()); i++ {
		x := s.summaries.at(int(2 * i))
		at := dayPlace(int(x>>16), int(x>>8&15), int(x&31))
		for ; next <= at; next++ {
			s.days[next] = i
		}
	}
	for ; next < len(s.days); next++ {
		s.days[next] = uint32(s.len())
	}
}

// born gives the first identity not before a packed date.
func (s *segment) born(from, to, x uint32) uint32 {
	for from < to {
		if mid := (from + to) / 2; s.summaries.at(int(2*mid)) < x {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from
}

// postings are identities in ascending order, each with what a search wants to know of it at
// once, so that memory is read in a row.
type postings []byte

const postingSize = 8

func (p postings) len() int        { return len(p) / postingSize }
func (p postings) id(i int) uint32 { return binary.LittleEndian.Uint32(p[postingSize*i:]) }

// next gives the first.
func (p postings) next() (id uint32, b brief) {
	x := binary.LittleEndian.Uint64(p)
	return uint32(x), brief(x >> 32)
}

// search gives the first place with an identity not below x. It goes out from a guess.
func (p postings) search(x uint32, guess int) int {
	n := p.len()
	lo, hi := 0, n
	if n > nearBy {
		guess = min(max(guess, 0), n-1)
		step := nearBy
		if p.id(guess) < x {
			lo = guess + 1
			for lo+step < n && p.id(lo+step) < x {
				lo += step + 1
				step *= 2
			}
			hi = min(n, lo+step)
		} else {
			hi = guess
			for hi-step > 0 && p.id(hi-step) >= x {
				hi -= step
				step *= 2
			}
			lo = max(0, hi-step)
		}
	}
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); p.id(mid) < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

const nearBy = 8 // places that are looked at first about a guess

// brief is what a posting says of its identity: the year of birth less firstYear plus 1, 8 bits, 0 if
// no date is known; month and day, 9 bits, or how many years follow, if it is an interval; whether
// that is so; sex 2 bits; nationality 8 bits; whether an interval has days, too; whether the entry
// has an identity before this; words of the shortest name, 2 bits.
type brief uint32

func (b brief) year() uint8   { return uint8(b >> 24) }
func (b brief) day() uint16   { return uint16(b >> 15 & 511) }
func (b brief) several() bool { return b>>14&1 == 1 }
func (b brief) sex() uint8    { return uint8(b >> 12 & 3) }
func (b brief) nation() uint8 { return uint8(b >> 4) }
func (b brief) days() bool    { return b>>3&1 == 1 }
func (b brief) again() bool   { return b>>2&1 == 1 }
func (b brief) words() uint8  { return uint8(b & 3) }

const (
	noNation    = 0
	someNations = 255 // look at the record
)

// briefNation hashes a country.
func briefNation(c uint16) uint8 { return uint8(1 + c%254) }

// briefYear bounds a year to what fits.
func briefYear(year int) uint8 { return uint8(1 + min(max(year, firstYear), lastYear) - firstYear) }

func briefDay(month, day int8) uint16 { return uint16(month)&15<<5 | uint16(day)&31 }

func makeBrief(dates []match.Date, t traits, again bool) brief {
	b := brief(t.sex())<<12 | brief(min(t.words(), 3))
	if again {
		b |= 1 << 2
	}
	switch n := t.nation(); n {
	case 0:
	case severalNations:
		b |= someNations << 4
	default:
		b |= brief(briefNation(n)) << 4
	}
	if len(dates) == 0 {
		return b
	}
	date, years := pack(dates)
	b |= brief(briefYear(int(date>>16))) << 24
	if years {
		if t.days() {
			b |= 1 << 3
		}
		return b | brief(briefYear(int(date&0xFFFF))-briefYear(int(date>>16)))<<15 | 1<<14
	}
	return b | brief(briefDay(int8(date>>8), int8(date)))<<15
}

// pack makes one number of an identity's dates: year, month and day of one date, the first year and
// the last of several or of an uncertain one; 0 for none.
func pack(dates []match.Date) (packed uint32, years bool) {
	if len(dates) == 0 {
		return 0, false
	}
	if d := dates[0]; len(dates) == 1 && plain(d) {
		return uint32(d.Year)<<16 | uint32(d.Month)<<8 | uint32(d.Day), false
	}
	first, last := dates[0].Year, dates[0].Until
	for _, d := range dates {
		first, last = min(first, d.Year), max(last, d.Until)
	}
	return uint32(first)<<16 | uint32(last), true
}

// traits are an identity's sex 2 bits, nationality 15 bits (all 1: several countries, look at the
// record), the words of its shortest name, 4 bits, and how much its least telling name says in
// all, 8 bits in units; whether the date is packed as years; and whether they
// have days, too.
type traits uint32

const tellUnit = 50 // centinats

const severalNations = 1<<15 - 1

func (t traits) sex() int       { return int(t & 3) }
func (t traits) nation() uint16 { return uint16(t >> 2 & severalNations) }
func (t traits) words() int     { return int(t >> 17 & 15) }
func (t traits) years() bool    { return t>>29&1 == 1 }
func (t traits) days() bool     { return t>>30&1 == 1 }
func (t traits) says() int      { return int(t>>21&255) * tellUnit }

func (s *segment) summarise(p *prepared, names [][]match.Part) traits {
	shortest, least := match.MaxWords, 255
	for i, name := range p.names {
		if len(name) == 0 {
			continue
		}
		n, says := 0, 0
		for j, w := range name {
			if w.Form&forms == 0 {
				n++
				says += int(s.dict.Rarity(names[i][j].ID))
			}
		}
		shortest, least = min(shortest, n), min(least, says/tellUnit)
	}
	nation := uint16(severalNations)
	if len(p.entry.BirthPlaces)+len(p.entry.Residences) == 0 && len(p.entry.Nationalities) <= 1 {
		nation = 0
		for _, c := range p.entry.Nationalities {
			nation = code(c)
		}
	}
	sex, _ := indexOf(sexes[:], p.entry.Sex)
	return traits(sex) | traits(nation)<<2 | traits(shortest)<<17 | traits(least)<<21
}

// place gives where identities with these dates are numbered.
func place(dates []match.Date) int {
	if len(dates) == 0 {
		return undated
	}
	if len(dates) > 1 || !plain(dates[0]) {
		return scattered
	}
	return yearPlace(int(dates[0].Year))
}

// plain reports whether a date is a day, or a month or year of which the day is not known.
func plain(d match.Date) bool { return !d.Circa && d.Until == d.Year }

// birth is an identity on its way: an entry with one of its dates, or with those that have no
// place of their own; without any, if none is known.
type birth struct {
	entry int // place in the list of entries
	dates []match.Date
	again bool // not the first of its entry
}

// births gives the identities of entries, as they are numbered.
func births(entries []prepared) (out []birth) {
	for i := range entries {
		first := len(out)
		var rest []match.Date
		for _, d := range entries[i].dates {
			switch {
			case !plain(d) || len(out)-first == maxBirths-1:
				rest = append(rest, d)
			case !slices.ContainsFunc(out[first:], func(b birth) bool { return b.dates[0] == d }):
				out = append(out, birth{entry: i, dates: []match.Date{d}})
			}
		}
		if len(rest) > 0 || len(out) == first {
			out = append(out, birth{entry: i, dates: rest})
		}
	}
	slices.SortStableFunc(out, func(a, b birth) int {
		pa, pb := place(a.dates), place(b.dates)
		if pa != pb || pa < dated {
			return cmp.Compare(pa, pb)
		}
		x, y := a.dates[0], b.dates[0]
		return cmp.Or(cmp.Compare(x.Year, y.Year), cmp.Compare(x.Month, y.Month), cmp.Compare(x.Day, y.Day))
	})
	return out
}

// prepared is an entry on its way into a segment.
type prepared struct {
	entry  *Entry
	number uint32 // of the entry, by key
	names  [][]match.Word
	dates  []match.Date
}

// prepare reads the names and dates of entries sorted by key.
func prepare(entries []*Entry) []prepared {
	out := make([]prepared, len(entries))
	for i, e := range entries {
		p := &out[i]
		p.entry, p.number, p.dates = e, uint32(i), knownDates(e)
		for _, n := range e.Names {
			p.names = append(p.names, match.Words(nil, n.Surname, n.GivenNames, n.Full))
		}
	}
	return out
}

// tally counts in how many of the entries each word is.
func tally(entries []prepared) map[string]*newWord {
	words := make(map[string]*newWord)
	var seen []string
	for i := range entries {
		seen = seen[:0]
		for _, name := range entries[i].names {
			for _, w := range name {
				if slices.Contains(seen, w.Text) {
					continue
				}
				seen = append(seen, w.Text)
				n := words[w.Text]
				if n == nil {
					n = &newWord{text: w.Text, form: w.Form & forms}
					words[w.Text] = n
				}
				n.count++
			}
		}
	}
	return words
}

// fill numbers the identities and writes their records and postings.
func (s *segment) fill(entries []prepared, numbers map[string]uint32) {
	rows := births(entries)
	var all []uint64 // word, identity
	briefs := make([]brief, len(rows))
	counts := make([]uint32, places)
	records := make([]uint32, len(entries)) // by entry: where its record is, plus 1
	for i := range rows {
		p, r := &entries[rows[i].entry], &rows[i]
		from := len(all)
		parts := make([][]match.Part, 0, len(p.names))
		for _, name := range p.names {
			row := make([]match.Part, len(name))
			for j, w := range name {
				row[j] = match.Part{ID: numbers[w.Text], Form: w.Form}
				all = append(all, uint64(row[j].ID)<<32|uint64(i))
			}
			parts = append(parts, row)
		}
		slices.Sort(all[from:])
		all = all[:from+len(slices.Compact(all[from:]))]
		at := &records[r.entry]
		if r.again = *at != 0; !r.again {
			*at = uint32(len(s.records)) + 1
			s.records = appendRecord(s.records, p.entry, parts)
		}
		s.recordAt = binary.LittleEndian.AppendUint32(s.recordAt, *at-1)
		date, years := pack(r.dates)
		t := s.summarise(p, parts)
		if years {
			t |= 1 << 29
		}
		if slices.ContainsFunc(r.dates, plain) {
			t |= 1 << 30
		}
		briefs[i] = makeBrief(r.dates, t, r.again)
		s.summaries = binary.LittleEndian.AppendUint32(s.summaries, date)
		s.summaries = binary.LittleEndian.AppendUint32(s.summaries, uint32(t))
		s.entryOf = binary.LittleEndian.AppendUint32(s.entryOf, p.number)
		counts[place(r.dates)]++
	}
	s.years = binary.LittleEndian.AppendUint32(nil, 0)
	sum := uint32(0)
	for _, n := range counts {
		sum += n
		s.years = binary.LittleEndian.AppendUint32(s.years, sum)
	}
	slices.Sort(all)
	s.postings = make([]byte, 0, postingSize*len(all))
	word := uint32(0)
	s.postingAt = binary.LittleEndian.AppendUint32(nil, 0)
	for i, p := range all {
		for ; word < uint32(p>>32); word++ {
			s.postingAt = binary.LittleEndian.AppendUint32(s.postingAt, uint32(i))
		}
		s.postings = binary.LittleEndian.AppendUint32(s.postings, uint32(p))
		s.postings = binary.LittleEndian.AppendUint32(s.postings, uint32(briefs[uint32(p)]))
	}
	for ; word < s.dict.first+uint32(s.dict.len()); word++ {
		s.postingAt = binary.LittleEndian.AppendUint32(s.postingAt, uint32(len(all)))
	}
}

// firsts gives the first identity of each entry, by the entry's number.
func (s *segment) firsts(entries int) words32 {
	first := make([]byte, 4*entries)
	for i := s.len() - 1; i >= 0; i-- {
		binary.LittleEndian.PutUint32(first[4*s.entryOf.at(i):], uint32(i))
	}
	return first
}

// scatter moves the postings of the changes, which have few of all words, into a map.
func (s *segment) scatter() {
	s.lists = make(map[uint32]postings)
	for w := range s.postingAt.len() - 1 {
		if l := s.postings[postingSize*s.postingAt.at(w) : postingSize*s.postingAt.at(w+1)]; len(l) > 0 {
			s.lists[uint32(w)] = l
		}
	}
	s.postingAt, s.postings = nil, nil
}

// valid checks what was read from a file; first has the first identity of each entry.
func (s *segment) valid(first words32) bool {
	n, words, entries := s.len(), s.dict.len(), first.len()
	if len(s.entryOf)%4 != 0 || len(first)%4 != 0 || len(s.recordAt) != 4*n || len(s.summaries) != 8*n || len(s.postings)%postingSize != 0 ||
		!s.years.offsets(places, n) || !s.postingAt.offsets(words, s.postings.len()) {
		return false
	}
	seen, next := 0, uint32(0) // entries, and where the next record begins
	for i := range n {
		e := s.entryOf.at(i)
		if e >= uint32(entries) || first.at(int(e)) > uint32(i) {
			return false
		}
		at := s.recordAt.at(i)
		if f := first.at(int(e)); f < uint32(i) {
			if s.entryOf.at(int(f)) != e || s.recordAt.at(int(f)) != at {
				return false
			}
			continue
		}
		size, ok := recordSize(s.records[next:], words)
		if !ok || at != next {
			return false
		}
		seen, next = seen+1, next+uint32(size)
	}
	if seen != entries || int(next) != len(s.records) {
		return false
	}
	for w := range words {
		last := -1
		for l := s.list(uint32(w)); len(l) > 0; l = l[postingSize:] {
			i := int(l.id(0))
			if i <= last || i >= n {
				return false
			}
			last = i
		}
	}
	return s.documents.valid(entries)
}
