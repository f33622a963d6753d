package mrz

// asLetter gives the letter that a digit is commonly misread from, asDigit the digit
// that a letter is; 0 where there is none. Both are used only where the other class
// cannot stand.
var (
	asLetter = [256]byte{'0': 'O', '1': 'I', '2': 'Z', '5': 'S', '6': 'G', '8': 'B'}
	asDigit  = [256]byte{'O': '0', 'Q': '0', 'D': '0', 'I': '1', 'L': '1', 'Z': '2', 'S': '5', 'G': '6', 'B': '8'}
)

func isDigit(c byte) bool { return c-'0' < 10 }

// letters maps look-alikes in a field that holds letters only. Each digit with a twin is
// mapped by itself; the others stay and are warned of.
func (z *Zone) letters(s span, f Field) {
	text := z.text[s.from:s.to]
	for i, c := range text {
		if !isDigit(c) {
			continue
		}
		if twin := asLetter[c]; twin != 0 {
			text[i] = twin
			z.warn(OCRCorrected, f)
		} else {
			z.warn(StrayCharacter, f)
		}
	}
}

// digits maps look-alikes in a field that holds digits and fillers only, unless something
// would remain that is neither: then the field was something else, and stays as read.
func (z *Zone) digits(s span, f Field) {
	text := z.text[s.from:s.to]
	touched := false
	for _, c := range text {
		if isDigit(c) || c == '<' {
			continue
		}
		if asDigit[c] == 0 {
			return
		}
		touched = true
	}
	if !touched {
		return
	}
	for i, c := range text {
		if twin := asDigit[c]; twin != 0 {
			text[i] = twin
		}
	}
	z.warn(OCRCorrected, f)
}

// mapLookalikes applies rule 3 to all fields whose places hold one class only. Sex,
// numbers and optional data are left alone: both classes are legal there.
func (z *Zone) mapLookalikes() {
	l := z.layout
	z.letters(l.code, DocumentCode)
	z.letters(l.state, IssuingState)
	z.letters(l.nationality, Nationality)
	z.letters(z.surname, Surname)
	z.letters(z.given, GivenNames)

	z.digits(l.birth, BirthDate)
	z.digits(l.expiry, ExpiryDate)
	z.digits(l.numberCheck, DocumentNumberCheck)
	z.digits(l.birthCheck, BirthDateCheck)
	z.digits(l.expiryCheck, ExpiryDateCheck)
	z.digits(l.optionalCheck, OptionalDataCheck)
	z.digits(l.composite, CompositeCheck)
}
