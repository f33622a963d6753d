package icao

import (
	"strings"
	"unicode"
)

// NormaliseName writes a name the way a machine readable zone would, so that a name on
// a list and a name from a zone can be compared: capitals A to Z, letters with
// diacritics by the first choice of Doc 9303-3 section 6 (Ä is AE, Ñ is N, ß is SS),
// and one space for each run of spaces, fillers (<), hyphens, commas and other marks.
// Apostrophes and full stops are left out and join what they stand between (O'NEIL is
// ONEIL), as section 4.6 prints them. Digits and letters it does not know are left out.
//
// The standard leaves some letters a choice (Ä is AE or A); a search that must find
// every spelling needs the variants too, which this function does not give.
func NormaliseName(name string) string {
	var b strings.Builder
	b.Grow(len(name))
	gap, last := false, rune(0)
	put := func(s string) {
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteString(s)
	}
	for _, r := range name {
		r = unicode.ToUpper(r)
		switch {
		case r >= 'A' && r <= 'Z':
			put(string(r))
		case r == 0x0308 && (last == 'A' || last == 'O' || last == 'U'): // decomposed Ä, Ö, Ü
			put("E")
		case r == 0x030A && last == 'A': // decomposed Å
			put("A")
		case joins(r) || unicode.Is(unicode.Mn, r):
		default:
			if s, ok := latin[r]; ok {
				put(s)
			} else if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				gap = true
			}
		}
		last = r
	}
	return b.String()
}

// joins reports whether a mark is left out without leaving a gap: full stops, and what
// people type for an apostrophe.
func joins(r rune) bool {
	switch r {
	case '.', '\'', '`', 0x00B4, 0x02B9, 0x02BB, 0x02BC, 0x2018, 0x2019, 0x2032, 0xFF07:
		return true
	}
	return false
}

// latin is the table of Doc 9303-3 section 6 A, first choices, capitals; with the comma
// forms of S and T, the capital sharp s and Eth, which it leaves out. unicode.ToUpper
// leaves ß, ŉ and ĸ as they are, and turns ı and ſ into I and S.
var latin = table(map[string]string{
	"A": "ÁÀÂÃĂĀĄǍ", "AA": "Å", "AE": "ÄÆ", "C": "ĆĈČĊÇ", "D": "ĐĎÐ", "E": "ÉÈÊËĚĖĒĘĔ",
	"G": "ĜĞĠĢ", "H": "ĦĤ", "I": "ÍÌÎÏĨİĪĮĬ", "IJ": "Ĳ", "J": "Ĵ", "K": "Ķĸ", "L": "ŁĹĽĻĿ",
	"N": "ŃÑŇŅŊŉ", "O": "ÓÒÔÕŐŌŎ", "OE": "ÖØŒ", "R": "ŔŘŖ", "S": "ŚŜŠŞȘ", "SS": "ßẞ",
	"T": "ŤŢŦȚ", "TH": "Þ", "U": "ÚÙÛŨŬŰŮŪŲ", "UE": "Ü", "W": "Ŵ", "Y": "ÝŶŸ", "Z": "ŹŽŻ",
})

func table(groups map[string]string) map[rune]string {
	t := make(map[rune]string)
	for to, from := range groups {
		for _, r := range from {
			t[r] = to
		}
	}
	return t
}
