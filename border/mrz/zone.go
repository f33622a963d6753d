package mrz

import "garita/border/icao"

// Zone is a machine readable zone as read, in storage of its own: about half a kilobyte,
// no pointers to the input, to be used again for the next one. Fields are got with
// [Zone.Text], warnings with [Zone.Warned].
type Zone struct {
	Format Format
	Checks Checks
	// NamesTruncated says that the name field is full to its end, so that names may be cut.
	NamesTruncated bool

	layout *layout
	read   [maxText]byte // after rule 1, each line at a multiple of maxWidth
	// text begins with the zone after rule 3, placed like read. After it, from maxText to
	// used, stand the texts of fields that do not stand in the zone as they are.
	text [maxText + maxMade]byte
	used uint8

	surname, given span // as printed, before spaces are made
	optional       span // after a continued number
	more           span // the rest of a continued number

	fields [fieldCount]span // texts of the fields
	warned [fieldCount]uint8
}

// maxMade is enough for all made texts: names 39, two dates of 10, sex 1, and a continued
// number of 22. Places up to maxText+maxMade fit the uint8 of a span.
const maxMade = 96

// Read reads lines into z, whatever it held before, following the rules of the package
// comment. today chooses the centuries. The error is one of [ErrorCode], and z is then
// empty. It does not allocate.
func Read(z *Zone, lines []string, today Date) error {
	*z = Zone{}
	if code := z.fill(lines, today); code != "" {
		*z = Zone{}
		return code.static()
	}
	return nil
}

func (z *Zone) fill(lines []string, today Date) ErrorCode {
	n, code := z.clean(lines)
	if code != "" {
		return code
	}
	copy(z.text[:], z.read[:])
	z.used = maxText
	// Code and state hold letters in every format, and the format hangs on them.
	first := [5]byte(z.text[:5])
	for i, c := range first {
		if twin := asLetter[c]; twin != 0 {
			first[i] = twin
		}
	}
	if z.layout = layoutOf(n.count, n.widths, first[:]); z.layout == nil {
		return WrongLineLength
	}
	z.Format = z.layout.format
	z.findNames()
	z.mapLookalikes()
	z.findContinuation()
	z.checkDigits()
	if !z.putFields(today) && !z.anyDigit() {
		return NotMRZ
	}
	return ""
}

// anyDigit reports whether any check digit is right.
func (z *Zone) anyDigit() bool {
	c := &z.Checks
	return c.DocumentNumber == OK || c.BirthDate == OK || c.ExpiryDate == OK || c.OptionalData == OK || c.Composite == OK
}

// putFields keeps the texts of all fields and warns of odd ones. It reports whether any
// printed date is one.
func (z *Zone) putFields(today Date) (aDate bool) {
	l := z.layout
	z.putTrimmed(DocumentCode, l.code)
	z.putState(IssuingState, l.state)
	z.putTrimmed(DocumentNumber, l.number)
	if z.more.printed() {
		z.putNumber()
	}
	z.putName(Surname, z.surname)
	z.putName(GivenNames, z.given)
	if l.nationality.printed() {
		z.putState(Nationality, l.nationality)
	}
	aDate = z.putDate(BirthDate, l.birth, today)
	z.putSex(z.text[l.sex.from])
	if l.expiry.printed() && z.putDate(ExpiryDate, l.expiry, today) {
		aDate = true
	}
	z.putTrimmed(OptionalData, z.optional)
	z.putTrimmed(OptionalData2, l.optional2)

	expected := true
	switch first := z.text[l.code.from]; l.format {
	case TD1, TD2:
		expected = first == 'A' || first == 'C' || first == 'I'
	case TD3:
		expected = first == 'P'
	default: // the first letter chose the format
	}
	if !expected {
		z.warn(UnexpectedDocumentCode, DocumentCode)
	}
	return aDate
}

// put makes a text of a field.
func (z *Zone) put(f Field, made ...byte) {
	z.made(f, copy(z.text[z.used:], made))
}

// made notes that the next n bytes are the text of a field.
func (z *Zone) made(f Field, n int) {
	z.fields[f] = span{z.used, z.used + uint8(n)}
	z.used += uint8(n)
}

// putTrimmed takes a field as it is, without its trailing fillers.
func (z *Zone) putTrimmed(f Field, s span) { z.fields[f] = z.trim(s) }

// trim takes trailing fillers off a span.
func (z *Zone) trim(s span) span {
	for s.to > s.from && z.text[s.to-1] == '<' {
		s.to--
	}
	return s
}

func (z *Zone) putState(f Field, s span) {
	z.putTrimmed(f, s)
	if !icao.Known(string(z.Text(f))) {
		z.warn(UnknownState, f)
	}
}

func (z *Zone) putSex(c byte) {
	switch c {
	case 'M', 'F':
	case '<':
		c = 'X'
	case 'X':
		z.warn(StrayCharacter, Sex) // unspecified is printed <; the meaning is plain all the same
	default:
		z.warn(StrayCharacter, Sex)
		return
	}
	z.put(Sex, c)
}

// Text returns the text of a field: dates as EDTF, names with spaces, everything else
// without trailing fillers; empty if the format has no such field. It points into z and
// is good until the next Read.
func (z *Zone) Text(f Field) []byte {
	if f >= fieldCount {
		return nil
	}
	return z.text[z.fields[f].from:z.fields[f].to]
}
