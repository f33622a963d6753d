package border

import (
	"strings"
	"unicode"
)

// SameBadge gives a badge in the one way in which two are compared where two people must agree:
// capital letters and digits. Blanks, hyphens, invisible characters and the wide forms of East
// Asian keyboards make nobody another person. It is "" for what names nobody.
func SameBadge(badge string) string {
	return strings.Map(func(c rune) rune {
		if c >= 0xff01 && c <= 0xff5e { // wide forms of ! to ~
			c -= 0xff01 - '!'
		}
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return -1
		}
		return unicode.ToUpper(c)
	}, badge)
}
