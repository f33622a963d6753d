// Package icao holds what Doc 9303 fixes for all travel documents alike: the codes of
// issuing states and organisations (part 3, section 5) and the way names are written
// with the letters A to Z (part 3, section 6).
package icao

import "strings"

// known has one bit for each code: known[first][second] has the bit of the third letter.
// Codes shorter than three letters are not in it. It is filled once and never changed.
var known = index(states + " " + organisations)

func index(codes string) (bits [26][26]uint32) {
	for code := range strings.FieldsSeq(codes) {
		if len(code) == 3 {
			bits[code[0]-'A'][code[1]-'A'] |= 1 << (code[2] - 'A')
		}
	}
	return bits
}

// Known reports whether code is an issuing state or organisation, or a nationality, of
// Doc 9303-3 section 5. The code is given in capitals without its fillers ("D", "FRA").
// A code that is not known is no proof of forgery: the specimens' Utopia (UTO) is not
// known either, and the standard's list grows. It does not allocate.
func Known(code string) bool {
	if len(code) != 3 {
		return code == "D" // the only code of another length
	}
	a, b, c := code[0]-'A', code[1]-'A', code[2]-'A'
	return a < 26 && b < 26 && c < 26 && known[a][b]&(1<<c) != 0
}

// Codes returns all known codes, in no particular order.
func Codes() []string { return strings.Fields(states + " " + organisations) }
