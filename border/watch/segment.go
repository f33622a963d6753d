package watch

import (
	"cmp"
	"encoding/binary"
	"slices"

	"garita/border/watch/match"
)

// segment is a set of identities with what finds them. Identities are numbered by birth:
// first those whose date is not known, then those with dates years apart, then by date.
// What a word's postings say of a range of years therefore lies together.
type segment struct {
	dict      *dictionary
	recordAt  words32
	records   []byte
	summaries words32 // two for each identity: see pack and traits
	years     words32
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
	scattered = 1 // of those with dates of several years
	dated     = 2 // of those born in firstYear
	places    = dated + lastYear - firstYear + 1
)

func yearPlace(year int) int { return dated + min(max(year, firstYear), lastYear) - firstYear }

func (s *segment) len() int { return s.recordAt.len() - 1 }

func (s *segment) record(i uint32) []byte {
	return s.records[s.recordAt.at(int(i)):s.recordAt.at(int(i)+1)]
}

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

// search gives the first place with an identity not below x.
func (p postings) search(x uint32) int {
	lo, hi := 0, p.len()
	if hi == 0 || p.id(hi-1) < x {
		return hi
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

// brief is what a posting says of its identity: the year of birth less firstYear plus 1, 8 bits, 0 if
// no date is known; month and day, 9 bits, or how many years follow, if there are several
// dates; whether that is so; sex 2 bits; nationality 8 bits; words of the shortest name, 2 bits.
type brief uint32

func (b brief) year() uint8   { return uint8(b >> 24) }
func (b brief) day() uint16   { return uint16(b >> 15 & 511) }
func (b brief) several() bool { return b>>14&1 == 1 }
func (b brief) sex() uint8    { return uint8(b >> 12 & 3) }
func (b brief) nation() uint8 { return uint8(b >> 4) }
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

func makeBrief(dates []match.Date, t traits) brief {
	b := brief(t.sex())<<12 | brief(min(t.words(), 3))
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
	if d := dates[0]; len(dates) == 1 && !d.Circa && d.Year == d.Until {
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
// all, 8 bits in units; and whether the dates are packed as years.
type traits uint32

const tellUnit = 50 // centinats

const severalNations = 1<<15 - 1

func (t traits) sex() int       { return int(t & 3) }
func (t traits) nation() uint16 { return uint16(t >> 2 & severalNations) }
func (t traits) words() int     { return int(t >> 17 & 15) }
func (t traits) years() bool    { return t>>29&1 == 1 }
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
	year := dates[0].Year
	for _, d := range dates {
		if d.Year != year || d.Until != year || d.Circa {
			return scattered
		}
	}
	return yearPlace(int(year))
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
	slices.SortStableFunc(entries, func(a, b prepared) int {
		pa, pb := place(a.dates), place(b.dates)
		if pa != pb || pa < dated {
			return cmp.Compare(pa, pb)
		}
		return cmp.Or(cmp.Compare(a.dates[0].Month, b.dates[0].Month), cmp.Compare(a.dates[0].Day, b.dates[0].Day))
	})
	var parts [][]match.Part
	var all []uint64 // word, identity
	briefs := make([]brief, len(entries))
	counts := make([]uint32, places)
	s.recordAt = binary.LittleEndian.AppendUint32(nil, 0)
	for i := range entries {
		p := &entries[i]
		parts = parts[:0]
		from := len(all)
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
		s.records = appendRecord(s.records, p.entry, parts)
		s.recordAt = binary.LittleEndian.AppendUint32(s.recordAt, uint32(len(s.records)))
		date, years := pack(p.dates)
		t := s.summarise(p, parts)
		if years {
			t |= 1 << 29
		}
		briefs[i] = makeBrief(p.dates, t)
		s.summaries = binary.LittleEndian.AppendUint32(s.summaries, date)
		s.summaries = binary.LittleEndian.AppendUint32(s.summaries, uint32(t))
		s.entryOf = binary.LittleEndian.AppendUint32(s.entryOf, p.number)
		counts[place(p.dates)]++
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

// valid checks what was read from a file.
func (s *segment) valid() bool {
	n, words := s.entryOf.len(), s.dict.len()
	if len(s.entryOf)%4 != 0 || len(s.summaries) != 8*n || len(s.postings)%postingSize != 0 || !s.recordAt.offsets(n, len(s.records)) ||
		!s.years.offsets(places, n) || !s.postingAt.offsets(words, s.postings.len()) {
		return false
	}
	for i := range n {
		if s.entryOf.at(i) >= uint32(n) || !validRecord(s.record(uint32(i)), words) {
			return false
		}
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
	return s.documents.valid(n)
}
