package framed

import (
	"strings"

	"garita/devices"
	"garita/devices/profile"
)

// linesFor returns how many lines a document has whose lines have n characters, 0 if
// there is no such document: ICAO Doc 9303-5 (TD1, 3×30), 9303-6 and -7 (TD2, MRV-B,
// 2×36), 9303-4 and -7 (TD3, MRV-A, 2×44).
func linesFor(n int) int {
	switch n {
	case 30:
		return 3
	case 36, 44:
		return 2
	default:
		return 0
	}
}

// split cuts a buffer of lines at its '\n's; line ends before the first and after the last line do not count.
// The strings are copies.
func split(buf []byte) []string {
	return strings.Split(strings.Trim(string(buf), "\n"), "\n")
}

// document returns the lines of a whole document, or the error that says what it is.
func document(kind profile.Kind, buf []byte) ([]string, error) {
	if kind == profile.RawLen || kind == profile.RawIdle {
		return cut(string(buf))
	}
	lines := split(buf)
	need := linesFor(len(lines[0]))
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

// plausible refuses lines that can be no machine readable zone although their lengths
// are right: the second line of every kind holds dates and check digits, and no misread
// turns all of them into letters. A stuck reader's endless letters stop here.
func plausible(lines []string) ([]string, error) {
	if !strings.ContainsAny(lines[1], "0123456789") {
		return nil, devices.ErrGarbage
	}
	return lines, nil
}

// cut divides a raw document into its lines by its length.
func cut(s string) ([]string, error) {
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

// startsAfresh reports whether the last of some lines must be the first line of another
// document, so that the document before it never got its end. In documents of two lines
// the first one holds names and the second always digits: dates and check digits.
//
// The rule is not complete (the French card of 1988 has digits in line 1): a half
// document followed at once by another can still be taken for one whole, and then shows
// as wrong check digits. Framing with STX and ETX has no such doubt.
func startsAfresh(lines []string, need int) bool {
	n := len(lines)
	if n < 2 || need != 2 {
		return false
	}
	last := lines[n-1]
	return linesFor(len(last)) != 0 && !strings.ContainsAny(last, "0123456789")
}
