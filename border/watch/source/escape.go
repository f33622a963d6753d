package source

import (
	"regexp"
	"strings"
)

// split cuts a list of values at sep. A backslash takes the meaning from what follows it,
// and stays where sep is not the last to be cut at: nested lists are split from outside.
func split(s string, sep byte) (parts []string) {
	if s == "" {
		return nil
	}
	start := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == sep:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	parts = append(parts, s[start:])
	if sep == '|' {
		return parts
	}
	for i, p := range parts {
		parts[i] = unescape(p)
	}
	return parts
}

// unescape takes the backslashes away.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var escaper = strings.NewReplacer(`\`, `\\`, `|`, `\|`, `,`, `\,`, `/`, `\/`, `:`, `\:`)

// join puts values together so that split finds them again.
func join(sep byte, values ...string) string {
	for i, v := range values {
		values[i] = escaper.Replace(v)
	}
	return strings.Join(values, string(sep))
}

// A spreadsheet takes a cell that begins with = + - @ for a formula and computes it. An
// apostrophe before it says that it is text. Where a semicolon separates columns, as it
// does in many countries, a cell may begin after one within our value.
var (
	formula = regexp.MustCompile(`(^|;[ \t]*)('*)([=+\-@\t\r＝＋－＠])`)
	guarded = regexp.MustCompile(`(^|;[ \t]*)'('*)([=+\-@\t\r＝＋－＠])`)
)

// guard makes a value safe for spreadsheets.
func guarding(s string) string {
	if !strings.ContainsAny(s, "=+-@\t\r＝＋－＠") {
		return s
	}
	return formula.ReplaceAllString(s, "${1}'${2}${3}")
}

// unguarded undoes it.
func unguarded(s string) string {
	if !strings.ContainsRune(s, '\'') {
		return s
	}
	return guarded.ReplaceAllString(s, "${1}${2}${3}")
}
