package mrz

// MaxInput is how many bytes of input are looked at, all lines together. What stands
// after them is taken as more text of the line in which the limit fell. No zone comes near it.
const MaxInput = 8 << 20

const (
	maxLines = 3
	maxWidth = 44
	maxText  = maxLines * maxWidth
)

// What stands in forms for bytes that are no sign of a zone. These are small letters,
// because no small letter is its own clean form; see isClean.
const (
	illegal = 'i'
	blank   = 'b' // taken out everywhere
	ending  = 'e'
)

// isSign tells a clean form from one of the above.
func isSign(form byte) bool { return form <= 'Z' }

// forms gives the clean form of each byte: itself, its capital, or one of the above.
// Bytes of other alphabets (the long s, the dotless i, the Kelvin sign, full-width
// letters) are illegal whatever Unicode folds them to.
var forms = func() (f [256]byte) {
	for c := range f {
		f[c] = illegal
	}
	for c := byte('0'); c <= '9'; c++ {
		f[c] = c
	}
	for c := byte('A'); c <= 'Z'; c++ {
		f[c], f[c+'a'-'A'] = c, c
	}
	f['<'] = '<'
	f[' '], f['\t'] = blank, blank
	f['\r'], f['\n'] = ending, ending
	return f
}()

// counter counts lines and their lengths as they end.
type counter struct {
	count  int           // lines that are not empty
	widths [maxLines]int // lengths of the first ones
	width  int           // of the line that is being read
}

func (n *counter) end() {
	if n.width == 0 {
		return
	}
	if n.count < maxLines {
		n.widths[n.count] = n.width
	}
	n.count++
	n.width = 0
}

// clean applies rules 1 and 2 in one pass: it fills z.read with up to three cleaned
// lines, maxWidth apart, and counts. It keeps nothing that is too long, it only counts it.
func (z *Zone) clean(lines []string) (n counter, code ErrorCode) {
	budget := MaxInput
	for _, line := range lines {
		if len(line) > budget {
			line = line[:budget]
		}
		budget -= len(line)
		for line != "" {
			taken, ended := z.cleanLine(line, &n)
			if taken < 0 {
				return counter{}, InvalidCharacter
			}
			line = line[taken:]
			if ended {
				n.end()
			}
		}
		if budget > 0 {
			n.end()
		}
	}
	n.end()
	switch n.count {
	case 0:
		return n, Empty
	case 2, 3:
		return n, ""
	}
	return n, WrongLineCount
}

// cleanLine reads text up to and with its first line end. It returns how many bytes it
// took and whether a line end was among them; -1 for an illegal one.
func (z *Zone) cleanLine(text string, n *counter) (taken int, ended bool) {
	var to []byte
	if n.count < maxLines {
		to = z.read[n.count*maxWidth : (n.count+1)*maxWidth]
	}
	width := n.width
	if width == 0 && len(text) <= len(to) && isClean(text) { // the usual line
		n.width = copy(to, text)
		return len(text), false
	}
	for i := 0; i < len(text); i++ {
		c := forms[text[i]]
		if !isSign(c) {
			if c == blank {
				continue
			}
			n.width = width
			if c == ending {
				return i + 1, true
			}
			return -1, false
		}
		if width < len(to) {
			to[width] = c
		}
		width++
	}
	n.width = width
	return len(text), false
}

// isClean reports whether every byte is its own clean form. It has no branch in its loop:
// nearly every line is clean to its end.
func isClean(text string) bool {
	var odd byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		odd |= c ^ forms[c]
	}
	return odd == 0
}
