package match

// Key stands for what words that could be one have in common. Different things seldom have the
// same key; a comparison of the words then tells them apart.
type Key uint32

// MaxKeys bounds the keys of one word.
const MaxKeys = MaxLetters + 6

// Keys appends the keys of a word to dst, listed or asked alike: the word, the word without each
// one of its letters, and its skeletons of consonants. Two words with a key in common may be
// one; two words without seldom are.
func Keys(dst []Key, word string) []Key {
	dst = append(dst, hash(1, word, -1))
	if len(word) >= 3 {
		for i := range len(word) {
			if i > 0 && word[i] == word[i-1] {
				continue
			}
			dst = append(dst, hash(1, word, i))
		}
	}
	var buf [MaxLetters]byte
	if sk := skeleton(buf[:0], word); len(sk) >= 2 || len(word) <= 4 {
		dst = append(dst, hashBytes(2, sk))
	}
	if sk := loose(buf[:0], word); len(sk) >= 3 {
		dst = append(dst, hashBytes(3, sk))
	}
	if len(word) >= 7 && (word[0] == 'A' || word[0] == 'E') && (word[1] == 'L' || word[1] == word[2]) {
		dst = append(dst, hash(1, word[2:], -1))
		if sk := skeleton(buf[:0], word[2:]); len(sk) >= 2 {
			dst = append(dst, hashBytes(2, sk))
		}
	}
	return dst
}

// WholeKey is the first of a word's keys: that of the word itself.
func WholeKey(word string) Key { return hash(1, word, -1) }

// MoreKeys appends the keys of a word without two of its letters. Only the asked word has them:
// they meet a listed word of which one letter is another and one is missing.
func MoreKeys(dst []Key, word string) []Key {
	if len(word) < 5 || len(word) > 12 {
		return dst
	}
	for i := range len(word) {
		for j := i + 1; j < len(word); j++ {
			h := uint32(2166136261) ^ 1
			h *= 16777619
			for k := range len(word) {
				if k != i && k != j {
					h = (h ^ uint32(word[k])) * 16777619
				}
			}
			dst = append(dst, Key(h))
		}
	}
	return dst
}

// hash is FNV-1a over a kind and the word without letter but.
func hash(kind uint32, word string, but int) Key {
	h := (uint32(2166136261) ^ kind) * 16777619
	for i := range len(word) {
		if i != but {
			h = (h ^ uint32(word[i])) * 16777619
		}
	}
	return Key(h)
}

func hashBytes(kind uint32, word []byte) Key {
	h := (uint32(2166136261) ^ kind) * 16777619
	for _, c := range word {
		h = (h ^ uint32(c)) * 16777619
	}
	return Key(h)
}

// classes of consonants that romanisations exchange; vowels, H, W and Y are none.
var classes = [26]byte{
	'B' - 'A': 'P', 'P' - 'A': 'P', 'F' - 'A': 'F', 'V' - 'A': 'F', 'D' - 'A': 'T', 'T' - 'A': 'T', 'L' - 'A': 'L', 'R' - 'A': 'R',
	'M' - 'A': 'M', 'N' - 'A': 'M', 'G' - 'A': 'K', 'K' - 'A': 'K', 'Q' - 'A': 'K', 'C' - 'A': 'K', 'X' - 'A': 'S',
	'S' - 'A': 'S', 'Z' - 'A': 'S', 'J' - 'A': 'J',
}

// skeleton appends the classes of a word's consonants, repeats once.
func skeleton(dst []byte, word string) []byte {
	var last byte
	for i := 0; i < len(word); i++ {
		c := word[i] - 'A'
		if c > 25 {
			continue
		}
		k := classes[c]
		next := byte(0)
		if i+1 < len(word) {
			next = word[i+1]
		}
		switch {
		case word[i] == 'C' && next == 'H', word[i] == 'D' && next == 'J', word[i] == 'D' && next == 'Z', word[i] == 'Z' && next == 'H':
			k = 'J'
			i++
		case word[i] == 'T' && next == 'C' && i+2 < len(word) && word[i+2] == 'H':
			k = 'J'
			i += 2
		case word[i] == 'T' && next == 'S':
			k = 'S'
			i++
		case word[i] == 'P' && next == 'H':
			k = 'F'
			i++
		case word[i] == 'C' && (next == 'E' || next == 'I' || next == 'Y'):
			k = 'S'
		case word[i] == 'G' && (next == 'E' || next == 'I'):
			k = 'J'
		}
		if i == 0 && k == 0 {
			k = 'A'
		}
		if k == 0 {
			last = 0
			continue
		}
		if k != last && len(dst) < cap(dst) {
			dst = append(dst, k)
		}
		last = k
	}
	return dst
}

// loose appends what is left of a word when its vowels are taken off and all that some
// romanisation writes as a vowel, or as a breath, or not at all (Y, J, V, W, H, KH, GH, ZH).
func loose(dst []byte, word string) []byte {
	var last byte
	put := func(k byte) {
		if k != last && len(dst) < cap(dst) {
			dst = append(dst, k)
		}
		last = k
	}
	for i := 0; i < len(word); i++ {
		c := word[i] - 'A'
		if c > 25 {
			continue
		}
		breath := i+1 < len(word) && word[i+1] == 'H'
		switch word[i] {
		case 'X':
			put('K')
			put('S')
			continue
		case 'J', 'V':
			continue
		case 'K', 'G', 'Z':
			if breath {
				continue
			}
		}
		if k := classes[c]; k != 0 {
			put(k)
		} else if word[i] != 'H' && word[i] != 'Y' && word[i] != 'W' {
			last = 0
		}
	}
	return dst
}
