package source

import (
	"regexp"
	"strings"

	"garita/border/watch"
)

var (
	passport  = regexp.MustCompile(`(?i)passport|passeport|pasaporte|travel document|laissez`)
	visa      = regexp.MustCompile(`(?i)^visa`)
	otherID   = regexp.MustCompile(`(?i)ration|birth certificate|certificate of|driv|licence|license|social security|fiscal|tax|voter|student|electoral|residential`)
	identity  = regexp.MustCompile(`(?i)identi|national id|personal id|cedula|d\.n\.i|tazkira|citizen's card|\bcnic|\bnic\b|\bid (card|no|number)|\bn\.i\.e`)
	hasDigit  = regexp.MustCompile(`[0-9]`)
	shortHead = regexp.MustCompile(`^(?:[A-Z]{1,3}|[A-Z]{1,3}-[A-Z])$`)
)

// paper gives the type of a document from the words of a source: P, V or I, "" if it is
// neither a travel nor an identity document.
func paper(words string) string {
	words = strings.TrimSpace(words)
	switch {
	case passport.MatchString(words):
		return "P"
	case visa.MatchString(words):
		return "V"
	case otherID.MatchString(words):
		return ""
	case identity.MatchString(words):
		return "I"
	}
	return ""
}

// numberIn finds the number in a text such as "Afghan passport number OA 296623" and
// gives it in the letters and digits of a machine readable zone.
func numberIn(s string) string {
	s, _ = brackets(s)
	words := strings.Fields(s)
	end := len(words)
	for end > 0 && !hasDigit.MatchString(words[end-1]) {
		end--
	}
	start := end
	for start > 0 && (hasDigit.MatchString(words[start-1]) || shortHead.MatchString(words[start-1])) {
		start--
	}
	n := strings.Join(words[start:end], "")
	for _, head := range []string{"No.", "No", "NO", "N°", "no."} {
		if rest, ok := strings.CutPrefix(n, head); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			n = rest
		}
	}
	return zoneNumber(n)
}

// maxNumber bounds a document number. The longest in a machine readable zone has 22.
const maxNumber = 30

// numbers gives the numbers under which a listed document may be presented. Some states'
// lists write the class of the passport before its nine digits, where documents do not.
func numbers(d watch.Document) []watch.Document {
	if n := d.Number; d.Type == "P" && len(n) == 11 && n[0] == 'P' && !digit(n[1]) && strings.IndexFunc(n[2:], func(c rune) bool { return c < '0' || c > '9' }) < 0 {
		return []watch.Document{d, {Issuer: d.Issuer, Type: d.Type, Number: n[2:]}}
	}
	return []watch.Document{d}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// zoneNumber keeps the letters A to Z and the digits, at most one
// more than [maxNumber]: the only signs that a
// document number has in a machine readable zone, beside fillers.
func zoneNumber(s string) string {
	b := make([]byte, 0, maxNumber)
	for i := 0; i < len(s) && len(b) <= maxNumber; i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b = append(b, c)
		}
	}
	return string(b)
}
