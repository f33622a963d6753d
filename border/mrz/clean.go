package mrz

// MaxInput is how many bytes of input are looked at, all lines together. What stands
// after them is taken as more text of the line in which the limit fell. No zone comes near it.
const MaxInput = 8 << 20

const (
	maxLines = 3
	maxWidth = 44
	maxText  = maxLines * maxWidth
)

// Kinds of input bytes; a byte of kind sign is its own clean form.
const (
	illegal = iota
	sign
	small // a–z
	blank // taken out everywhere
	ending
)

// kinds gives the kind of each byte. Bytes of other alphabets (the long s, the dotless i,
// the Kelvin sign, full-width letters) are illegal whatever Unicode folds them to.
var kinds = func() (k [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		k[c] = sign
	}
	for c := 'A'; c <= 'Z'; c++ {
		k[c], k[c+'a'-'A'] = sign, small
	}
	k['<'] = sign
	k[' '], k['\t'] = blank, blank
	k['\r'], k['\n'] = ending, ending
	return k
}()

// clean applies rules 1 and 2 in one pass: it fills z.read with up to three cleaned
// lines, maxWidth apart, and returns how many lines there are and how long the first
// three are. It keeps nothing that is too long, it only counts it.
func (z *Zone) clean(lines []string) (count int, widths [maxLines]int, code ErrorCode) {
	budget, width := MaxInput, 0
	end := func() {
		if width > 0 {
			if count < maxLines {
				widths[count] = width
			}
			count++
			width = 0
		}
	}
	for _, line := range lines {
		if len(line) > budget {
			line = line[:budget]
		}
		budget -= len(line)
		for i := 0; i < len(line); i++ {
			c := line[i]
			switch kinds[c] {
			case blank:
				continue
			case ending:
				end()
				continue
			case illegal:
				return 0, widths, InvalidCharacter
			case small:
				c -= 'a' - 'A'
			}
			if width < maxWidth && count < maxLines {
				z.read[count*maxWidth+width] = c
			}
			width++
		}
		if budget > 0 {
			end()
		}
	}
	end()
	switch {
	case count == 0:
		return 0, widths, Empty
	case count != 2 && count != 3:
		return 0, widths, WrongLineCount
	}
	return count, widths, ""
}
