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
var misreadAs = map[byte]string{
	'A': "R", 'B': "ED", 'C': "G", 'D': "BO", 'E': "FB", 'F': "E", 'G': "C", 'H': "MN", 'I': "LTJ", 'J': "IU", 'K': "RX", 'L': "I", 'M': "HN",
	'N': "HM", 'O': "Q", 'P': "R", 'Q': "O", 'R': "KP", 'S': "B", 'T': "YI", 'U': "JV", 'V': "UY", 'W': "V", 'X': "K", 'Y': "VT", 'Z': "S",
}

// misread changes one letter of a name, now and then a filler.
func misread(r *rand.Rand, n zoneName) zoneName {
	s := []byte(n.surname + "/" + n.given)
	for range 100 {
		i := r.IntN(len(s))
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			as := misreadAs[c]
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
