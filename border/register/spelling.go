package register

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"

	"garita/border"
	"garita/border/watch/match"
)

// Names are found by the beginnings of their words and by other spellings of them with the keys and the costs of the
// watchlist engine (border/watch/match). A hash of such a key leads to the words that have it, each sealed
// apart: the file shows how many words have something in common, and neither which, nor how often a word came.

// The bounds of looking for words.
const (
	leastPrefix  = 3    // letters of a beginning that is looked for
	mostPrefix   = 8    // letters of one that has a key; the rest is compared
	maxLooked    = 4000 // words that are opened for one key
	maxSpellings = 64   // words that one asked word stands for
)

// How far words may differ, in the costs of [match.Spelling] for each letter of the shorter one, and at most.
const (
	costPerLetter = 75 // MUHAMAD for MOHAMMED, not MARTA for MARIA
	costMost      = 700
)

// speller seals words and finds those that are like another.
type speller struct {
	blinder Blinder
	block   cipher.Block
	costs   *match.Spelling
}

// newSpeller derives its keys from the key of names: no word of a name has a zero byte.
func newSpeller(b Blinder) (*speller, error) {
	key := b.Name("\x00words v1")
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make the cipher of words: %w", err)
	}
	return &speller{blinder: b, block: block, costs: match.Default().Spelling}, nil
}

// keys are those of a word that is listed.
func (s *speller) keys(word string) (out []border.BlindIndex) {
	for n := leastPrefix; n < len(word) && n <= mostPrefix; n++ {
		out = append(out, s.prefix(word[:n]))
	}
	return append(out, s.alike(word)...)
}

// prefix is the key of words that begin so.
func (s *speller) prefix(letters string) border.BlindIndex {
	return s.blinder.Name("\x00begins\x00" + letters)
}

// alike are the keys of words that may be the same, spelt in another way.
func (s *speller) alike(word string) (out []border.BlindIndex) {
	var buf [match.MaxKeys]match.Key
	keys := match.Keys(buf[:0], word)
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		out = append(out, s.blinder.Name(fmt.Sprintf("\x00like\x00%08x", uint32(k))))
	}
	return out
}

// nameWord is a word of a name. What is sealed of it is made only if it is new.
type nameWord struct {
	blind   border.BlindIndex
	text    string
	speller *speller
}

// spellingRow is where a word stands under one of its keys.
type spellingRow struct {
	key    border.BlindIndex
	sealed []byte
}

func (w *nameWord) sealed() []byte { return w.speller.seal(w.blind, letters(w.text)) }

func (w *nameWord) spellings() []spellingRow { return w.speller.rows(letters(w.text)) }

func (s *speller) rows(word string) (out []spellingRow) {
	for _, key := range s.keys(word) {
		out = append(out, spellingRow{key, s.seal(key, word)})
	}
	return out
}

// gone gives what stands of a word that nobody has any more.
func (s *speller) gone(word border.BlindIndex, sealed []byte) []spellingRow {
	text, ok := s.open(word, sealed)
	if !ok {
		return nil // made under another key: nobody finds anything by it
	}
	return s.rows(text)
}

// paddedTo hides the length of short words.
const paddedTo = 8

// seal makes the letters of a word unreadable: the keyed hash of where it stands and what it says, and the letters under it as
// counter mode's first block (a synthetic IV, RFC 5297). The same word at the same place is the same bytes, so it is
// kept once; at two places it is not.
func (s *speller) seal(place border.BlindIndex, word string) []byte {
	iv := s.blinder.Name("\x00at\x00" + string(place[:]) + "\x00" + word)
	out := make([]byte, len(iv)+(len(word)+paddedTo)/paddedTo*paddedTo)
	copy(out, iv[:])
	copy(out[len(iv):], word)
	cipher.NewCTR(s.block, iv[:]).XORKeyStream(out[len(iv):], out[len(iv):])
	return out
}

// open gives the word again; false if it was not sealed for that place.
func (s *speller) open(place border.BlindIndex, sealed []byte) (string, bool) {
	if len(sealed) <= len(place) || len(sealed) > len(place)+match.MaxLetters+paddedTo {
		return "", false
	}
	iv := sealed[:len(place)]
	plain := make([]byte, len(sealed)-len(iv))
	cipher.NewCTR(s.block, iv).XORKeyStream(plain, sealed[len(iv):])
	word := strings.TrimRight(string(plain), "\x00")
	want := s.blinder.Name("\x00at\x00" + string(place[:]) + "\x00" + word)
	return word, subtle.ConstantTimeCompare(iv, want[:]) == 1
}

// spelled is a word that an asked one may stand for. The nearest cost least; the word itself costs nothing.
type spelled struct {
	text string
	cost int
}

// letters cuts a word to what is compared of it.
func letters(word string) string { return word[:min(len(word), match.MaxLetters)] }

// near lists the words that an asked one stands for, itself first: those that begin with it, then those that are
// spelt like it. lookup gives what is sealed under a key, at most so much. More says that there are others.
func (s *speller) near(asked string, lookup func(key border.BlindIndex, limit int) ([][]byte, error)) (out []spelled, more bool, err error) {
	out = []spelled{{text: asked}}
	short := letters(asked)
	if len(short) < leastPrefix {
		return out, false, nil
	}
	cost := map[string]int{}
	look := func(key border.BlindIndex, of func(word string) (int, bool)) error {
		rows, err := lookup(key, maxLooked+1)
		more = more || len(rows) > maxLooked
		for _, sealed := range rows {
			word, ok := s.open(key, sealed)
			if !ok || word == short {
				continue
			}
			if c, fits := of(word); fits {
				if was, known := cost[word]; !known || c < was {
					cost[word] = c
				}
			}
		}
		return err
	}
	if err := look(s.prefix(short[:min(len(short), mostPrefix)]), func(w string) (int, bool) {
		return len(w) - len(short), strings.HasPrefix(w, short) // the shortest first, before all other spellings
	}); err != nil {
		return nil, false, err
	}
	for _, key := range s.alike(short) {
		if err := look(key, func(w string) (int, bool) {
			c := s.costs.Cost(short, w, false)
			return match.MaxLetters + c, c <= min(costMost, costPerLetter*min(len(short), len(w)))
		}); err != nil {
			return nil, false, err
		}
	}
	for w, c := range cost {
		out = append(out, spelled{w, c})
	}
	slices.SortFunc(out[1:], func(a, b spelled) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.text, b.text)) })
	if len(out) > maxSpellings {
		out, more = out[:maxSpellings], true
	}
	return out, more, nil
}
