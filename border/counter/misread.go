package counter

import (
	"strings"

	"garita/border/mrz"
)

// twins are groups of characters that optical readers take for each other.
var twins = [...]string{"0OQD", "1IL", "2Z", "5S", "6G", "8B"}

// repaired lists what a number with a wrong check digit could be: one character is a look-alike,
// and then the digit fits. A list is asked about all of them: unlike an officer, to whom at most
// four are proposed, it is not confused by many.
func repaired(d *mrz.Document) (out []string) {
	digit := printedDigit(d)
	if d.Checks.DocumentNumber != mrz.Wrong || digit != '<' && (digit < '0' || digit > '9') {
		return nil
	}
	number := []byte(d.DocumentNumber)
	for i, read := range number {
		for _, group := range twins {
			if strings.IndexByte(group, read) < 0 {
				continue
			}
			for _, twin := range []byte(group) {
				if number[i] = twin; twin != read && digitOf(number) == value(digit) {
					out = append(out, string(number))
				}
			}
			number[i] = read
		}
	}
	return out
}

// digitOf computes a check digit (Doc 9303-3 section 4.9).
func digitOf(text []byte) int {
	sum := 0
	for i, c := range text {
		sum += value(c) * [3]int{7, 3, 1}[i%3]
	}
	return sum % 10
}

func value(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return 0
}

// printedDigit is the check digit of the document number as it is printed (Doc 9303-4 to -7), 0
// if there is none. A long number of TD1 and TD2 goes on in the optional data, where its digit is.
func printedDigit(d *mrz.Document) byte {
	line, at, rest := 1, 9, 28
	switch d.Format {
	case "":
		return 0
	case mrz.TD1:
		line, at, rest = 0, 14, 15
	case mrz.FRAID:
		at = 12
	default: // the others have it where a passport has
	}
	if over := len(d.DocumentNumber) - 9; over > 0 && (d.Format == mrz.TD1 || d.Format == mrz.TD2) {
		at = rest + over
	}
	if line >= len(d.Lines) || at >= len(d.Lines[line]) {
		return 0
	}
	c := d.Lines[line][at]
	if i := strings.IndexByte("OQDILZSGB", c); i >= 0 { // a reader's letter where only digits are
		c = "000112568"[i]
	}
	return c
}
