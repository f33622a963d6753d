package form

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// read checks a value as it was sent and writes it as it is recorded. What is wrong, "" if the
// value is in order, never repeats it. An empty value is always in order.
func (f *Form) read(d *field, sent string) (value string, wrong Why) {
	value = strings.TrimSpace(sent)
	if value == "" {
		return "", ""
	}
	switch d.kind {
	case KindCode:
		if !f.has(d.list, value) {
			wrong = NoCode
		}
	case KindCountry:
		if value = f.canonical(strings.ToUpper(value)); !f.known(value) {
			wrong = NoCountry
		}
	case KindText:
		wrong = checkText(d, value)
	case KindNumber:
		n, ok := whole(value)
		if value = strconv.Itoa(n); !ok || n < d.min || n > d.max {
			wrong = NoNumber
		}
	case KindDate:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			wrong = NoDay
		}
	case KindEDTF:
		full, ok := partialDate(value)
		if value = full; !ok {
			wrong = NoPartialDay
		}
	case KindYesNo:
		if value != "yes" && value != "no" {
			wrong = NoYesNo
		}
	}
	if wrong != "" {
		return "", wrong
	}
	return value, ""
}

// checkText refuses what cannot be shown on one line as it was meant.
func checkText(d *field, s string) Why {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unseen):
		return Unshown
	case utf8.RuneCountInString(s) > d.max:
		return TooLong
	}
	return ""
}

// unseen reports control characters, line and paragraph ends, and marks that turn the
// direction of writing. Joiners stay: names of some scripts need them.
func unseen(r rune) bool {
	return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Bidi_Control, r)
}

// whole reads a number of at most nine digits, without a sign.
func whole(s string) (int, bool) {
	if len(s) > 9 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// partialDate reads a date with X for unknown digits. A year, or a year and a month, alone
// gets its unknown parts. It must be possible as a day.
func partialDate(s string) (string, bool) {
	s = strings.ToUpper(s)
	if n := len(s); n == 4 || n == 7 {
		s += strings.Repeat("-XX", (10-n)/3)
	}
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || strings.Trim(s[:4]+s[5:7]+s[8:], "0123456789X") != "" {
		return "", false
	}
	leap := 2000 // unknown digits of a year: it may be a leap year
	if y, err := strconv.Atoi(s[:4]); err == nil {
		leap = y
	}
	for m := 1; m <= 12; m++ {
		for d := 1; d <= 31; d++ {
			if covers(s[5:7], m) && covers(s[8:], d) && time.Date(leap, time.Month(m), d, 0, 0, 0, 0, time.UTC).Day() == d {
				return s, true
			}
		}
	}
	return "", false
}

// covers reports whether two digits, either of them perhaps X, can be n.
func covers(digits string, n int) bool {
	return (digits[0] == 'X' || int(digits[0]-'0') == n/10) && (digits[1] == 'X' || int(digits[1]-'0') == n%10)
}
