// Package zone says which lines of characters have the shape of a machine readable zone.
// Every driver of a document reader asks it before it hands lines on, so that a reading is
// a whole document or none, whatever the wire protocol.
package zone

import (
	"strings"

	"garita/devices"
)

// LinesFor returns how many lines a document has whose lines have n characters, 0 if
// there is no such document: ICAO Doc 9303-5 (TD1, 3×30), 9303-6 and -7 (TD2, MRV-B,
// 2×36), 9303-4 and -7 (TD3, MRV-A, 2×44).
func LinesFor(n int) int {
	switch n {
	case 30:
		return 3
	case 36, 44:
		return 2
	default:
		return 0
	}
}

// Split cuts text at its '\n's; line ends before the first and after the last line do not
// count. The strings are copies.
func Split(text []byte) []string {
	return strings.Split(strings.Trim(string(text), "\n"), "\n")
}

// Check returns the lines if they are a whole document, else the error that says what
// they are: [devices.ErrIncomplete] or [devices.ErrGarbage].
func Check(lines []string) ([]string, error) {
	if len(lines) == 0 {
		return nil, devices.ErrGarbage
	}
	need := LinesFor(len(lines[0]))
	if need == 0 || len(lines) > need {
		return nil, devices.ErrGarbage
	}
	for _, l := range lines {
		if len(l) != len(lines[0]) {
			return nil, devices.ErrIncomplete
		}
	}
	if len(lines) < need {
		return nil, devices.ErrIncomplete
	}
	return plausible(lines)
}

// Printable reports whether a text has only characters that documents can have.
func Printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// plausible refuses lines that can be no machine readable zone although their lengths
// are right: the second line of every kind holds dates and check digits, and no misread
// turns all of them into letters. A stuck reader's endless letters stop here.
func plausible(lines []string) ([]string, error) {
	if !strings.ContainsAny(lines[1], "0123456789") {
		return nil, devices.ErrGarbage
	}
	return lines, nil
}

// Whole reports whether n is the number of characters of all lines of a document.
func Whole(n int) bool { return n == 72 || n == 88 || n == 90 }

// Cut divides a document that came without line ends into its lines by its length. The
// errors are those of [Check].
func Cut(s string) ([]string, error) {
	var n int
	switch len(s) {
	case 90:
		n = 30
	case 88:
		n = 44
	case 72:
		n = 36
		// A passport has 88 characters: this one lost its end (Doc 9303-4, document code).
		if strings.HasPrefix(s, "P") {
			return nil, devices.ErrIncomplete
		}
	default:
		if len(s) < 90 {
			return nil, devices.ErrIncomplete
		}
		return nil, devices.ErrGarbage
	}
	var lines []string
	for ; len(s) > 0; s = s[n:] {
		lines = append(lines, s[:n])
	}
	return plausible(lines)
}

// StartsAfresh reports whether the last of some lines must be the first line of another
// document, so that the document before it never got its end. In documents of two lines
// the first one holds names and the second always digits: dates and check digits.
//
// The rule is not complete (the French card of 1988 has digits in line 1): a half
// document followed at once by another can still be taken for one whole, and then shows
// as wrong check digits. Framing with STX and ETX has no such doubt.
func StartsAfresh(lines []string) bool {
	n := len(lines)
	if n < 2 || LinesFor(len(lines[0])) != 2 {
		return false
	}
	last := lines[n-1]
	return LinesFor(len(last)) != 0 && !strings.ContainsAny(last, "0123456789")
}
