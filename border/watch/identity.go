package watch

import (
	"encoding/binary"

	"garita/border/watch/match"
)

// An identity is an entry as checks read it: a record of bytes, with one of its dates or none.
//
//	flags    u8: sex 2 bits, applies 2, handling 2, has validity, has places
//	validity u32 from, u32 until: YYYYMMDD, if there
//	dates    u8 count; each i16 year, i16 until, u8 month + circa, u8 day
//	nations  u8 count; each u16
//	places   u8 count; each u16, if there
//	names    uvarint count; each u8: words 4 bits, low, forms that a name has as a whole; each word uvarint: number << 2 + form
type identity struct {
	sex      byte // of sexes
	applies  Applies
	handling Handling
	from     uint32
	until    uint32
	dates    []byte
	nations  []byte
	places   []byte
	count    int    // names
	names    []byte // the rest
}

const (
	dateSize = 6
	maxDates = 200
	maxCodes = 200
	always   = 99999999
	// wordForms are the forms of single words; others hold for a name as a whole.
	wordForms = 1<<5 - 1
)

var (
	sexes     = [4]string{"", "M", "F", "X"}
	applied   = [3]Applies{AppliesBoth, AppliesEntry, AppliesExit}
	handlings = [3]Handling{Open, Refer, Silent}
)

func indexOf[T comparable](values []T, v T) (byte, bool) {
	for i := range values {
		if values[i] == v {
			return byte(i), true
		}
	}
	return 0, false
}

// appendRecord appends an entry's record; names are its names' words by number.
func appendRecord(dst []byte, e *Entry, names [][]match.Part) []byte {
	sex, _ := indexOf(sexes[:], e.Sex)
	applies, _ := indexOf(applied[:], e.Applies)
	handling, _ := indexOf(handlings[:], e.Handling)
	flags := sex | applies<<2 | handling<<4
	if e.ValidFrom != "" || e.Expires != "" {
		flags |= 1 << 6
	}
	if len(e.BirthPlaces)+len(e.Residences) > 0 {
		flags |= 1 << 7
	}
	dst = append(dst, flags)
	if flags&(1<<6) != 0 {
		from, _ := dayNumber(e.ValidFrom)
		until := uint32(always)
		if e.Expires != "" {
			until, _ = dayNumber(e.Expires)
		}
		dst = binary.LittleEndian.AppendUint32(dst, from)
		dst = binary.LittleEndian.AppendUint32(dst, until)
	}
	dates := knownDates(e)
	dst = append(dst, byte(len(dates)))
	for _, d := range dates {
		dst = appendDate(dst, d)
	}
	dst = appendCodes(dst, e.Nationalities)
	if flags&(1<<7) != 0 {
		dst = appendCodes(dst, e.BirthPlaces, e.Residences)
	}
	dst = binary.AppendUvarint(dst, uint64(len(names)))
	for i, parts := range names {
		head := byte(len(parts))
		if e.Names[i].Quality == Low {
			head |= 1 << 4
		}
		for _, p := range parts {
			head |= byte(p.Form) &^ wordForms
		}
		dst = append(dst, head)
		for _, p := range parts {
			dst = binary.AppendUvarint(dst, uint64(p.ID)<<2|uint64(p.Form&(match.Surname|match.Given)))
		}
	}
	return dst
}

// knownDates gives the birth dates of which at least the year is known.
func knownDates(e *Entry) []match.Date {
	var dates []match.Date
	for _, s := range e.BirthDates {
		if d := match.ParseDate(s); d.Known() && len(dates) < maxDates {
			dates = append(dates, d)
		}
	}
	return dates
}

func appendDate(dst []byte, d match.Date) []byte {
	month := byte(d.Month)
	if d.Circa {
		month |= 1 << 7
	}
	dst = binary.LittleEndian.AppendUint16(dst, uint16(d.Year))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(d.Until))
	return append(dst, month, byte(d.Day))
}

func readDate(b []byte) match.Date {
	return match.Date{Year: int16(binary.LittleEndian.Uint16(b)), Until: int16(binary.LittleEndian.Uint16(b[2:])),
		Month: int8(b[4] & 0x7F), Circa: b[4]>>7 == 1, Day: int8(b[5])}
}

// appendCodes appends the countries that can be compared, each once.
func appendCodes(dst []byte, lists ...[]string) []byte {
	at := len(dst)
	dst = append(dst, 0)
	for _, list := range lists {
	next:
		for _, s := range list {
			c := code(s)
			if c == 0 || dst[at] == maxCodes {
				continue
			}
			for b := dst[at+1:]; len(b) > 0; b = b[2:] {
				if binary.LittleEndian.Uint16(b) == c {
					continue next
				}
			}
			dst[at]++
			dst = binary.LittleEndian.AppendUint16(dst, c)
		}
	}
	return dst
}

// code packs a Doc 9303-3 code; 0 for what is no code or no evidence.
func code(s string) uint16 {
	switch s {
	case "", "XXX", "XXA", "XXB", "XXC":
		return 0
	}
	if len(s) > 3 {
		return 0
	}
	c := uint16(0)
	for i := range len(s) {
		x := s[i] - 'A' + 1
		if x < 1 || x > 26 {
			return 0
		}
		c = c<<5 | uint16(x)
	}
	return c
}

// dayNumber reads an ISO 8601 calendar day as YYYYMMDD.
func dayNumber(s string) (uint32, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	n := uint32(0)
	for i := range len(s) {
		if i == 4 || i == 7 {
			continue
		}
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + uint32(c)
	}
	month, day := n/100%100, n%100
	return n, month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// reader takes a record apart. A record that ends too soon sets bad, and nothing is read
// beyond it.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) u32() uint32 {
	b := r.take(4)
	if r.bad {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

func (r *reader) uvarint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		return uint64(r.byte())
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// read takes the head of a record.
func (id *identity) read(r *reader) {
	flags := r.byte()
	id.sex = flags & 3
	id.applies, id.handling = AppliesBoth, Refer
	if a := flags >> 2 & 3; int(a) < len(applied) {
		id.applies = applied[a]
	}
	if h := flags >> 4 & 3; int(h) < len(handlings) {
		id.handling = handlings[h]
	}
	id.from, id.until = 0, always
	if flags&(1<<6) != 0 {
		id.from, id.until = r.u32(), r.u32()
	}
	id.dates = r.take(dateSize * int(r.byte()))
	id.nations = r.take(2 * int(r.byte()))
	id.places = nil
	if flags&(1<<7) != 0 {
		id.places = r.take(2 * int(r.byte()))
	}
	id.count = int(r.uvarint())
	id.names = r.b
}

// nextName takes the next name's words.
func (r *reader) nextName(dst []match.Part, d *dictionary) (parts []match.Part, low bool) {
	head := r.byte()
	for range min(int(head&15), match.MaxWords) {
		v := r.uvarint()
		id := uint32(v >> 2)
		dst = append(dst, match.Part{ID: id, Form: match.Form(v&3) | match.Form(head&^wordForms) | d.form(id)})
	}
	return dst, head>>4&1 == 1
}

// recordSize checks a record from a file, whose words are below words, and gives its length.
func recordSize(b []byte, words int) (int, bool) {
	r := reader{b: b}
	var id identity
	id.read(&r)
	if r.bad || id.count < 0 || id.count > len(r.b) {
		return 0, false
	}
	for range id.count {
		head := r.byte()
		if head&15 > match.MaxWords {
			return 0, false
		}
		for range head & 15 {
			if r.uvarint()>>2 >= uint64(words) {
				return 0, false
			}
		}
	}
	return len(b) - len(r.b), !r.bad
}

// holds reports whether the identity counts on a day and for a direction; day 0 is any.
func (id *identity) holds(day uint32, direction string) bool {
	if day != 0 && (day < id.from || day > id.until) {
		return false
	}
	return id.applies == AppliesBoth || direction == "" || string(id.applies) == direction
}

func hasCode(b []byte, c uint16) bool {
	for ; len(b) > 0; b = b[2:] {
		if binary.LittleEndian.Uint16(b) == c {
			return true
		}
	}
	return false
}

// nation compares as [match.CompareNations] does.
func (id *identity) nation(asked uint16) match.Trait {
	switch {
	case asked == 0:
		return match.TraitUnknown
	case hasCode(id.nations, asked):
		return match.TraitSame
	case hasCode(id.places, asked):
		return match.TraitRelated
	case len(id.nations) == 0:
		return match.TraitUnknown
	}
	return match.TraitOther
}

// birth gives the level of the listed date that speaks most for the traveller.
func (id *identity) birth(asked match.Date, m *match.Model) match.DateLevel {
	level := match.DateUnknown
	for b := id.dates; len(b) > 0; b = b[dateSize:] {
		l := match.CompareDates(asked, readDate(b))
		if level == match.DateUnknown || m.Dates[l] > m.Dates[level] {
			level = l
		}
	}
	return level
}
