package watch

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// documents finds entries by the number of a document: hashes in ascending order, each with
// its entry's number. The entry then tells whether it is the same document.
type documents []byte

const documentSize = 12

func (d documents) len() int           { return len(d) / documentSize }
func (d documents) hash(i int) uint64  { return binary.LittleEndian.Uint64(d[documentSize*i:]) }
func (d documents) entry(i int) uint32 { return binary.LittleEndian.Uint32(d[documentSize*i+8:]) }

// find gives the places lo <= i < hi of a hash.
func (d documents) find(h uint64) (lo, hi int) {
	lo, hi = 0, d.len()
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); d.hash(mid) < h {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for hi = lo; hi < d.len() && d.hash(hi) == h; {
		hi++
	}
	return lo, hi
}

func (d documents) valid(entries int) bool {
	if len(d)%documentSize != 0 {
		return false
	}
	last := uint64(0)
	for i := range d.len() {
		if d.hash(i) < last || d.entry(i) >= uint32(entries) {
			return false
		}
		last = d.hash(i)
	}
	return true
}

// newDocuments indexes the documents of entries sorted by key.
func newDocuments(entries []*Entry) documents {
	type row struct {
		hash  uint64
		entry uint32
	}
	var rows []row
	for i, e := range entries {
		for _, d := range e.Documents {
			if h, ok := hashNumber(d.Number); ok {
				rows = append(rows, row{h, uint32(i)})
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.entry, b.entry))
	})
	rows = slices.Compact(rows)
	d := make(documents, 0, documentSize*len(rows))
	for _, r := range rows {
		d = binary.LittleEndian.AppendUint64(d, r.hash)
		d = binary.LittleEndian.AppendUint32(d, r.entry)
	}
	return d
}

// hashNumber hashes the letters and digits of a number (FNV-1a, 64 bits); false if it has none.
func hashNumber[T string | []byte](number T) (uint64, bool) {
	h, any := uint64(14695981039346656037), false
	for i := range len(number) {
		if c := plainByte(number[i]); c != 0 {
			h = (h ^ uint64(c)) * 1099511628211
			any = true
		}
	}
	return h, any
}

// plainByte gives a letter as a capital, a digit as it is, and 0 for what readers and clerks
// put between them.
func plainByte(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return c - 'a' + 'A'
	case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
		return c
	}
	return 0
}

// sameNumber compares letters and digits.
func sameNumber(a, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && plainByte(a[i]) == 0 {
			i++
		}
		for j < len(b) && plainByte(b[j]) == 0 {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if plainByte(a[i]) != plainByte(b[j]) {
			return false
		}
		i++
		j++
	}
}

// What documents say, as probabilities that the traveller concerns the entry.
const (
	scoreDocument    = 0.999 // issuer and number
	scoreNumber      = 0.95  // the number; one side does not name an issuer
	scoreOtherIssuer = 0.30  // the number; the issuers differ
	repairedFactor   = 0.9   // look-alikes put right
	maxRepairs       = 64    // numbers tried for one document
	maxNumber        = 40    // characters of a number that are repaired
)

// documentScore compares a document with an entry's; 0 if none is the same. number is the
// asked number, repaired or not.
func documentScore(e *Entry, issuer, number string) float64 {
	best := 0.0
	for _, d := range e.Documents {
		if !sameNumber(d.Number, number) {
			continue
		}
		switch {
		case d.Issuer == "" || issuer == "":
			best = max(best, scoreNumber)
		case d.Issuer == issuer:
			best = max(best, scoreDocument)
		default:
			best = max(best, scoreOtherIssuer)
		}
	}
	return best
}

// lookAlikes are characters that optical readers take for each other (Doc 9303 allows letters
// and digits in the same place). Those that have the same value modulo 10 never fail a digit
// alone, but may beside another.
func lookAlikes(c byte) string {
	switch c {
	case '0':
		return "ODQ"
	case 'O':
		return "0DQ"
	case 'D', 'Q':
		return "0O"
	case '1':
		return "IL"
	case 'I':
		return "1L"
	case 'L':
		return "1I"
	case '8':
		return "B"
	case 'B':
		return "8"
	case '5':
		return "S"
	case 'S':
		return "5"
	case '2':
		return "Z"
	case 'Z':
		return "2"
	case '6':
		return "G"
	case 'G':
		return "6"
	}
	return ""
}

// digitValue is a character's value for check digits (Doc 9303-3 section 4.9).
func digitValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return 0
}

var digitWeights = [3]int{7, 3, 1}

// repairs calls yield with the numbers that differ from number in one or two look-alikes and
// have the check digit. The bytes hold until yield returns.
func repairs(number []byte, digit byte, yield func(number []byte)) {
	if len(number) > maxNumber || digit != '<' && (digit < '0' || digit > '9') {
		return
	}
	sum := 0
	for i, c := range number {
		sum += digitValue(c) * digitWeights[i%3]
	}
	want, tried := digitValue(digit), 0
	try := func(sum int) {
		if sum%10 == want && tried < maxRepairs {
			tried++
			yield(number)
		}
	}
	for i, a := range number {
		for _, x := range []byte(lookAlikes(a)) {
			one := sum + (digitValue(x)-digitValue(a))*digitWeights[i%3]
			number[i] = x
			try(one)
			number[i] = a
		}
	}
	for i, a := range number {
		for _, x := range []byte(lookAlikes(a)) {
			one := sum + (digitValue(x)-digitValue(a))*digitWeights[i%3]
			number[i] = x
			for j := i + 1; j < len(number); j++ {
				b := number[j]
				for _, y := range []byte(lookAlikes(b)) {
					number[j] = y
					try(one + (digitValue(y)-digitValue(b))*digitWeights[j%3])
				}
				number[j] = b
			}
			number[i] = a
		}
	}
}
