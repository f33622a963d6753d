// Package pin judges PINs and makes and checks what verifies them: argon2id (RFC 9106) in the PHC
// string format. A verifier of six digits is guessed within days by whoever has it: verifiers
// travel and rest sealed.
package pin

import (
	"strings"

	"garita/border"
)

// The length of a PIN in digits.
const (
	MinDigits = 6
	MaxDigits = 12
)

// Judge says whether a PIN may be chosen for a badge. [border.Invalid] with what to do better: it
// is not 6 to 12 digits, or among the first that anybody would try.
func Judge(pin, badge string) error {
	const op = "set a PIN"
	if !WellFormed(pin) {
		return &border.Error{Code: border.Invalid, Op: op, Message: "A PIN has 6 to 12 digits."}
	}
	var weak string
	switch {
	case repeats(pin):
		weak = "This PIN repeats itself. Choose another one."
	case run(pin, 1) || run(pin, 9) || run(halves(pin), 1) || run(halves(pin), 9):
		weak = "This PIN counts up or down. Choose another one."
	case distinct(pin) < 3:
		weak = "This PIN has fewer than three different digits. Choose another one."
	case likeBadge(pin, badge):
		weak = "This PIN is like the badge. Choose another one."
	default:
		return nil
	}
	return &border.Error{Code: border.Invalid, Op: op, Message: weak}
}

// WellFormed reports whether a PIN is 6 to 12 ASCII digits.
func WellFormed(pin string) bool {
	return len(pin) >= MinDigits && len(pin) <= MaxDigits && digits(pin) == pin
}

func digits(s string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, s)
}

// repeats: 121212, 12341234, and 1212121, which begins anew and stops.
func repeats(pin string) bool {
	for n := 1; n <= len(pin)/2; n++ {
		if strings.HasPrefix(strings.Repeat(pin[:n], len(pin)/n+1), pin) {
			return true
		}
	}
	return false
}

// run: every digit is the one before plus step, modulo ten.
func run(pin string, step byte) bool {
	if len(pin) < 3 {
		return false
	}
	for i := 1; i < len(pin); i++ {
		if (pin[i-1]-'0'+step)%10 != pin[i]-'0' {
			return false
		}
	}
	return true
}

// halves gives 123 of 112233, "" of what is not made of pairs.
func halves(pin string) string {
	if len(pin)%2 != 0 {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(pin); i += 2 {
		if pin[i] != pin[i+1] {
			return ""
		}
		b.WriteByte(pin[i])
	}
	return b.String()
}

func distinct(pin string) int {
	n := 0
	for c := '0'; c <= '9'; c++ {
		if strings.ContainsRune(pin, c) {
			n++
		}
	}
	return n
}

// likeBadge: the badge's digits, at least three, are in the PIN or the PIN in them, forwards or
// backwards.
func likeBadge(pin, badge string) bool {
	own := digits(badge)
	if len(own) < 3 {
		return false
	}
	back := []byte(own)
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	for _, b := range []string{own, string(back)} {
		if strings.Contains(pin, b) || strings.Contains(b, pin) {
			return true
		}
	}
	return false
}
