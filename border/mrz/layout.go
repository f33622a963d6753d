package mrz

// Format is the kind of a zone, by its size and first characters.
type Format string

// The formats that are read.
const (
	TD1   Format = "TD1"    // 3×30, cards
	TD2   Format = "TD2"    // 2×36, larger cards
	TD3   Format = "TD3"    // 2×44, passports
	MRVA  Format = "MRV-A"  // 2×44, visas
	MRVB  Format = "MRV-B"  // 2×36, visas
	FRAID Format = "FRA-ID" // 2×36, French identity card of 1988
)

// span is a run of places in a zone's text, from is in, to is not. The empty span is a
// field that the format does not print.
type span struct{ from, to uint8 }

func (s span) printed() bool { return s.to > s.from }

// on makes a span from a line and the first and last place on it, all counted from 1 as
// Doc 9303 does.
func on(line, first, last uint8) span {
	return span{(line-1)*maxWidth + first - 1, (line-1)*maxWidth + last}
}

// layout says where a format prints what. Its check fields are one place wide.
type layout struct {
	format Format

	code, state, number, numberCheck, nationality span

	birth, birthCheck, sex, expiry, expiryCheck span

	name           span // surname and given names, parted by the first <<
	surname, given span // instead of name: the French card

	optional, optionalCheck, optional2 span

	continues bool // a long number may go on in the optional data (rule 5)

	composite span
	over      [4]span // what the composite digit is computed over, in this order
}

var (
	code  = on(1, 1, 2)
	state = on(1, 3, 5)

	layoutTD1 = layout{
		format: TD1, code: code, state: state,
		number: on(1, 6, 14), numberCheck: on(1, 15, 15), optional: on(1, 16, 30), continues: true,
		birth: on(2, 1, 6), birthCheck: on(2, 7, 7), sex: on(2, 8, 8),
		expiry: on(2, 9, 14), expiryCheck: on(2, 15, 15), nationality: on(2, 16, 18),
		optional2: on(2, 19, 29), composite: on(2, 30, 30),
		over: [4]span{on(1, 6, 30), on(2, 1, 7), on(2, 9, 15), on(2, 19, 29)},
		name: on(3, 1, 30),
	}
	layoutTD2 = layout{
		format: TD2, code: code, state: state, name: on(1, 6, 36),
		number: on(2, 1, 9), numberCheck: on(2, 10, 10), nationality: on(2, 11, 13),
		birth: on(2, 14, 19), birthCheck: on(2, 20, 20), sex: on(2, 21, 21),
		expiry: on(2, 22, 27), expiryCheck: on(2, 28, 28), optional: on(2, 29, 35), continues: true,
		composite: on(2, 36, 36), over: [4]span{on(2, 1, 10), on(2, 14, 20), on(2, 22, 35)},
	}
	layoutTD3 = layout{
		format: TD3, code: code, state: state, name: on(1, 6, 44),
		number: on(2, 1, 9), numberCheck: on(2, 10, 10), nationality: on(2, 11, 13),
		birth: on(2, 14, 19), birthCheck: on(2, 20, 20), sex: on(2, 21, 21),
		expiry: on(2, 22, 27), expiryCheck: on(2, 28, 28),
		optional: on(2, 29, 42), optionalCheck: on(2, 43, 43),
		composite: on(2, 44, 44), over: [4]span{on(2, 1, 10), on(2, 14, 20), on(2, 22, 43)},
	}
	layoutMRVA = visa(MRVA, 44)
	layoutMRVB = visa(MRVB, 36)

	layoutFRAID = layout{
		format: FRAID, code: code, state: state,
		surname: on(1, 6, 30), optional: on(1, 31, 36),
		number: on(2, 1, 12), numberCheck: on(2, 13, 13), given: on(2, 14, 27),
		birth: on(2, 28, 33), birthCheck: on(2, 34, 34), sex: on(2, 35, 35),
		composite: on(2, 36, 36), over: [4]span{on(1, 1, 36), on(2, 1, 35)},
	}
)

// visa gives the layout of a visa: the rest of line 2 is optional data, no composite.
func visa(f Format, width uint8) layout {
	return layout{
		format: f, code: code, state: state, name: on(1, 6, width),
		number: on(2, 1, 9), numberCheck: on(2, 10, 10), nationality: on(2, 11, 13),
		birth: on(2, 14, 19), birthCheck: on(2, 20, 20), sex: on(2, 21, 21),
		expiry: on(2, 22, 27), expiryCheck: on(2, 28, 28), optional: on(2, 29, width),
	}
}

// layoutOf chooses the format by the number of lines, their width and how the first one
// begins after look-alikes are mapped; nil if no format has this size.
func layoutOf(count int, widths [maxLines]int, first []byte) *layout {
	w := widths[0]
	if widths[1] != w || count == 3 && widths[2] != w {
		return nil
	}
	switch {
	case count == 3 && w == 30:
		return &layoutTD1
	case count == 2 && w == 44 && first[0] == 'V':
		return &layoutMRVA
	case count == 2 && w == 44:
		return &layoutTD3
	case count == 2 && w == 36 && first[0] == 'V':
		return &layoutMRVB
	case count == 2 && w == 36 && string(first[:5]) == "IDFRA":
		return &layoutFRAID
	case count == 2 && w == 36:
		return &layoutTD2
	}
	return nil
}
