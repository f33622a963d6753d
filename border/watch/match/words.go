// Package match compares a traveller with one listed person: name, date of birth, sex and
// nationality. Each field gives evidence as a natural log-likelihood ratio, and the evidence adds
// up to a calibrated probability (Fellegi and Sunter). It is pure: no clock, no I/O, no state
// but the comparison in hand, and the same figures on every machine.
//
// A name is a row of words, A to Z. What two words have in common is told by a noisy channel:
// the cost of a spelling is the negative logarithm of the probability that somebody who is
// called the one is written as the other, by romanisation, by habit or by misreading. Against
// it stands how likely anybody at all has such a word in his name. A rare word that fits
// therefore says much, a common one little, and a common one spelt oddly does not become rare.
package match

import "strings"

// Limits of a name. Longer names are cut; no traveller and no list comes near.
const (
	MaxWords   = 12 // words of a name
	MaxLetters = 24 // letters of a word
)

// Form says what a word is in its name.
type Form uint8

// The forms.
const (
	Surname  Form = 1 << iota // in the surname, where the source tells
	Given                     // in the given names, where the source tells
	Particle                  // AL, BIN, DE, VAN: joins, hardly identifies
	Title                     // HAJI, SHEIKH, DR: comes and goes
	Cut                       // the zone was full: the word may go on
	Bare                      // from a script that does not write vowels
)

// Word is one word of a name.
type Word struct {
	Text string // A to Z
	Form Form
}

// Words appends the words of a name to dst: of the surname, the given names, and of a name
// whose source does not tell the two apart. Any script is romanised; placeholders (FNU, LNU,
// XXX, UNKNOWN) are left out; ABD and what follows are two words however they are written.
func Words(dst []Word, surname, given, full string) []Word {
	dst = appendWords(dst, surname, Surname)
	dst = appendWords(dst, given, Given)
	return appendWords(dst, full, 0)
}

// CutWords marks the words which a full zone may have cut: the last of the surname and the last
// of the given names.
func CutWords(words []Word) {
	for i := range words {
		if i+1 == len(words) || words[i].Form&Surname != words[i+1].Form&Surname {
			words[i].Form |= Cut
		}
	}
}

func appendWords(dst []Word, name string, form Form) []Word {
	if name == "" {
		return dst
	}
	if vowelless(name) {
		form |= Bare
	}
	for text := range strings.FieldsSeq(Romanise(name)) {
		if placeholder(text) {
			continue
		}
		if len(text) > MaxLetters {
			text = text[:MaxLetters]
		}
		dst = appendWord(dst, text, form)
	}
	if len(dst) > MaxWords {
		dst = dst[:MaxWords]
	}
	return dst
}

// appendWord adds one word, ABD taken off it, with the forms its text has by itself.
func appendWord(dst []Word, text string, form Form) []Word {
	if abd(text) {
		return append(dst, Word{"ABD", form | Particle})
	}
	if rest, ok := servant(text); ok {
		dst = append(dst, Word{"ABD", form | Particle})
		text = rest
	}
	switch {
	case particle(text):
		form |= Particle
	case title(text):
		form |= Title
	}
	return append(dst, Word{text, form})
}

// abd reports whether a word is the first half of a servant name, its article on it or not.
func abd(w string) bool {
	switch w {
	case "ABD", "ABDUL", "ABDEL", "ABDAL", "ABDOL", "ABDIL", "ABDU", "ABDOUL", "ABDOU", "ABED", "ABEDEL":
		return true
	}
	return false
}

// servant takes ABD and its article off a word: ABDULRAHMAN, ABDELRAHMAN, ABDURRAHMAN and
// ABDRAHMAN leave RAHMAN. ABDALLAH stays whole.
func servant(w string) (string, bool) {
	if len(w) < 7 || w[:3] != "ABD" {
		return "", false
	}
	rest := w[3:]
	switch {
	case strings.HasPrefix(rest, "OUL"):
		if len(rest) < 7 { // ABDOULAYE
			return "", false
		}
		rest = rest[3:]
	case vowel(rest[0]) && rest[1] == 'L' && len(rest) > 5 && rest[2] != 'L':
		rest = rest[2:]
	case vowel(rest[0]) && rest[1] == rest[2]: // the article has become the next letter
		rest = rest[2:]
	case vowel(rest[0]):
		return "", false
	}
	if len(rest) < 3 || strings.HasPrefix(rest, "LA") && len(rest) <= 4 {
		return "", false
	}
	return rest, true
}

// vowelless reports whether a name has letters of Hebrew or Arabic.
func vowelless(name string) bool {
	for _, r := range name {
		if r >= 0x0590 && r <= 0x08FF {
			return true
		}
	}
	return false
}

func placeholder(w string) bool {
	switch w {
	case "FNU", "LNU", "MNU", "XXX", "XX", "XXXX", "UNKNOWN", "UNK", "NFN", "NLN", "NMN", "NONAME", "NA":
		return w != "NA"
	}
	return false
}

func particle(w string) bool {
	switch w {
	case "AL", "EL", "UL", "IL", "AN", "AR", "AS", "ASH", "AD", "AT", "AZ", "US", "UD", "UR",
		"BIN", "IBN", "BEN", "BINT", "BENT", "OULD", "WALAD", "WULD", "AG", "ABU", "ABOU", "ABI", "ABO", "UMM",
		"DE", "LA", "DEL", "LAS", "LOS", "DOS", "DAS", "DA", "DO", "DI", "DU", "LE", "Y", "E",
		"VAN", "DEN", "DER", "VON", "ZU", "TER", "TEN", "S", "D",
		"OGLU", "KYZY", "UULU", "QIZI", "OGLI", "ZADEH", "ZADA":
		return true
	}
	return false
}

func title(w string) bool {
	switch w {
	case "HAJI", "HAJJI", "HAJJ", "HADJ", "HADJI", "ALHAJI", "ALHAJJ", "HADI", "SHEIKH", "SHAIKH", "SHAYKH", "SHEIK", "CHEIKH",
		"DR", "MR", "MRS", "ENG", "ENGR", "GEN", "GENERAL", "COL", "MAJ", "CAPT", "LT", "PROF",
		"MULLAH", "MULLA", "MAULAVI", "MAULVI", "MAWLAWI", "MOLVI", "MAWLANA", "MAULANA", "QARI", "USTAD", "HAFIZ", "IMAM",
		"SAYED", "SAYYID", "SAYYED", "SEYED", "SEYYED", "SYED", "SAYID", "SAID",
		"JR", "SR", "II", "III", "U", "DAW", "DON", "SARDAR", "COMMANDER", "USTAZ":
		return w != "SAID" && w != "HADI"
	}
	return false
}

func vowel(c byte) bool {
	switch c {
	case 'A', 'E', 'I', 'O', 'U':
		return true
	}
	return false
}
