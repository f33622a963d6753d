package trial

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// swap puts the parts of a name into another order, as documents and readers do: surname and
// given names crossed, a part of a double surname among the given names, or a given name
// before the surname. False if it has only one part.
func swap(r *rand.Rand, n zoneName) (zoneName, bool) {
	surname, given := strings.Fields(n.surname), strings.Fields(n.given)
	if len(given) == 0 {
		if len(surname) < 2 {
			return n, false
		}
		return zoneName{strings.Join(surname[1:], " "), surname[0]}, true
	}
	type way func() zoneName
	ways := []way{func() zoneName { return zoneName{n.given, n.surname} }}
	if len(surname) > 1 {
		ways = append(ways, func() zoneName {
			return zoneName{strings.Join(surname[1:], " "), strings.Join(append(slices.Clone(given), surname[0]), " ")}
		})
	}
	if last := len(given) - 1; last > 0 {
		ways = append(ways, func() zoneName {
			return zoneName{given[last] + " " + n.surname, strings.Join(given[:last], " ")}
		})
	}
	return pick(r, ways)(), true
}

// misreadAs are the letters that optical readers take for each other in OCR-B, worn or
// badly lit; a filler is taken for K.
var misreadAs = [26]string{
	'A' - 'A': "R", 'B' - 'A': "ED", 'C' - 'A': "G", 'D' - 'A': "BO", 'E' - 'A': "FB", 'F' - 'A': "E", 'G' - 'A': "C",
	'H' - 'A': "MN", 'I' - 'A': "LTJ", 'J' - 'A': "IU", 'K' - 'A': "RX", 'L' - 'A': "I", 'M' - 'A': "HN", 'N' - 'A': "HM", 'O' - 'A': "Q",
	'P' - 'A': "R", 'Q' - 'A': "O", 'R' - 'A': "KP", 'S' - 'A': "B", 'T' - 'A': "YI", 'U' - 'A': "JV", 'V' - 'A': "UY", 'W' - 'A': "V",
	'X' - 'A': "K", 'Y' - 'A': "VT", 'Z' - 'A': "S",
}

// misread changes one letter of a name, now and then a filler.
func misread(r *rand.Rand, n zoneName) zoneName {
	s := []byte(n.surname + "/" + n.given)
	for range 100 {
		i := r.IntN(len(s))
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			as := misreadAs[c-'A']
			s[i] = as[r.IntN(len(as))]
		case c == ' ' && r.IntN(2) == 0:
			s[i] = 'K'
		default:
			continue
		}
		break
	}
	surname, given, _ := strings.Cut(string(s), "/")
	return zoneName{surname, given}
}
