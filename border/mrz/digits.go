package mrz

// Check is what one printed check digit says.
type Check string

// The outcomes of a check digit.
const (
	OK     Check = "ok"
	Wrong  Check = "wrong"
	Absent Check = "absent" // the format prints none, or < beside an empty field
)

// Checks are the outcomes of all check digits of a zone.
type Checks struct {
	DocumentNumber Check `json:"document_number"`
	BirthDate      Check `json:"birth_date"`
	ExpiryDate     Check `json:"expiry_date"`
	OptionalData   Check `json:"optional_data"`
	Composite      Check `json:"composite"`
}

// values are the numbers that Doc 9303-3 section 4.9 gives the characters: 0 to 9, A is 10
// to Z is 35, < is 0.
var values = func() (v [256]uint8) {
	for c := range v {
		switch {
		case c >= '0' && c <= '9':
			v[c] = uint8(c - '0')
		case c >= 'A' && c <= 'Z':
			v[c] = uint8(c-'A') + 10
		}
	}
	return v
}()

// summer adds up a 7-3-1 sum over several pieces of text; n counts places modulo 3.
type summer struct {
	sum int
	n   int // 0, 1 or 2
}

func (s *summer) add(text []byte) {
	sum, i := s.sum, 0
	for s.n != 0 && i < len(text) { // up to the next weight of 7
		weight := 3
		if s.n == 2 {
			weight = 1
		}
		sum += int(values[text[i]]) * weight
		s.n = (s.n + 1) % 3
		i++
	}
	for ; i+2 < len(text); i += 3 {
		sum += int(values[text[i]])*7 + int(values[text[i+1]])*3 + int(values[text[i+2]])
	}
	if i < len(text) {
		sum += int(values[text[i]]) * 7
		s.n = 1
	}
	if i+1 < len(text) {
		sum += int(values[text[i+1]]) * 3
		s.n = 2
	}
	s.sum = sum
}

// fits reports whether c is the check digit of what was added.
func (s *summer) fits(c byte) bool { return isDigit(c) && int(c-'0') == s.sum%10 }

func allFiller(text []byte) bool {
	for _, c := range text {
		if c != '<' {
			return false
		}
	}
	return true
}

// check compares a printed digit with its field.
func check(text []byte, field, digit span) Check {
	if !digit.printed() {
		return Absent
	}
	content := text[field.from:field.to]
	c := text[digit.from]
	if c == '<' {
		if allFiller(content) {
			return Absent
		}
		return Wrong
	}
	var s summer
	s.add(content)
	if s.fits(c) {
		return OK
	}
	return Wrong
}

// checkComposite compares the digit over several fields.
func (l *layout) checkComposite(text []byte) Check {
	if !l.composite.printed() {
		return Absent
	}
	c := text[l.composite.from]
	var s summer
	empty := true
	for _, o := range l.over {
		content := text[o.from:o.to]
		s.add(content)
		empty = empty && c == '<' && allFiller(content)
	}
	switch {
	case empty:
		return Absent
	case s.fits(c):
		return OK
	}
	return Wrong
}

// checkDigits fills z.Checks.
func (z *Zone) checkDigits() {
	l := z.layout
	var filler bool
	z.Checks.DocumentNumber, filler = z.checkNumber(z.text[:])
	if filler {
		z.warn(CheckDigitWithFiller, DocumentNumber)
	}
	z.Checks.BirthDate = check(z.text[:], l.birth, l.birthCheck)
	z.Checks.ExpiryDate = check(z.text[:], l.expiry, l.expiryCheck)
	z.Checks.OptionalData = check(z.text[:], l.optional, l.optionalCheck)
	z.Checks.Composite = l.checkComposite(z.text[:])
}
