package mrz

// findContinuation looks for a number that is longer than its nine places (rule 5;
// Doc 9303-5 note j, Doc 9303-6): < in the place of the check digit, the ninth character used,
// and at the beginning of the optional data the rest of the number, its check digit and
// a filler. It sets z.more to the rest of the number (empty: not continued) and
// z.optional to the optional data after it.
func (z *Zone) findContinuation() {
	l := z.layout
	z.optional = l.optional
	if !l.continues || z.text[l.numberCheck.from] != '<' || z.text[l.number.to-1] == '<' {
		return
	}
	end := l.optional.from
	for end < l.optional.to && z.text[end] != '<' {
		end++
	}
	if end == l.optional.to || end-l.optional.from < 2 || !isDigit(z.text[end-1]) {
		return
	}
	z.more = span{l.optional.from, end - 1}
	z.optional.from = end + 1
}

// checkNumber compares the number with its check digit. For a continued number the
// digit is right without the < in the place of the usual check digit, which is the rule,
// or with it, as some issuers compute; filler reports that only the second fits.
func (z *Zone) checkNumber(text []byte) (c Check, filler bool) {
	l := z.layout
	if !z.more.printed() {
		return check(text, l.number, l.numberCheck), false
	}
	more, digit := text[z.more.from:z.more.to], text[z.more.to]
	var byRule summer
	byRule.add(text[l.number.from:l.number.to])
	withFiller := byRule
	byRule.add(more)
	if byRule.fits(digit) {
		return OK, false
	}
	withFiller.add(text[l.numberCheck.from:l.numberCheck.to])
	withFiller.add(more)
	if withFiller.fits(digit) {
		return OK, true
	}
	return Wrong, false
}

// putNumber makes the text of a continued number.
func (z *Zone) putNumber() {
	to := z.text[z.used:]
	n := copy(to, z.text[z.layout.number.from:z.layout.number.to])
	n += copy(to[n:], z.text[z.more.from:z.more.to])
	z.made(DocumentNumber, n)
}
