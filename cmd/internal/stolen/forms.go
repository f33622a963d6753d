package stolen

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// form is one writing of a needle.
type form struct{ form, bytes string }

// forms are the ways in which a needle may lie on a disk.
func (n *Needle) forms() (out []form) {
	if len(n.Bytes) > 0 {
		out = append(out, form{"as is", string(n.Bytes)})
		out = append(out, encoded("", string(n.Bytes))...)
	}
	if n.Text != "" {
		out = append(out, written("", n.Text)...)
	}
	if day, err := time.Parse(time.DateOnly, n.Date); err == nil {
		for _, layout := range []string{"2006-01-02", "20060102", "02.01.2006", "02/01/2006", "01/02/2006", "02-01-2006", "2.1.2006", "2 Jan 2006", "02 Jan 2006", "2 January 2006"} {
			out = append(out, written(layout+" ", day.Format(layout))...)
		}
		// Six digits are found anywhere; as a machine readable zone has them, with check digit and sex, they are not.
		yymmdd := day.Format("060102")
		for _, sex := range []string{"M", "F", "<", "X"} {
			out = append(out, written("zone ", yymmdd+checkDigit(yymmdd)+sex)...)
		}
		out = append(out, written("reversed ", reverse(day.Format("20060102")))...)
	}
	return out
}

// written are the writings of a text, its encodings included.
func written(prefix, text string) (out []form) {
	seen := map[string]bool{}
	for _, f := range []form{{"as is", text}, {"upper", strings.ToUpper(text)}, {"lower", strings.ToLower(text)}, {"title", title(text)},
		{"json", inJSON(text)}, {"html", html.EscapeString(text)}, {"url", url.QueryEscape(text)}, {"path", url.PathEscape(text)}} {
		if seen[f.bytes] {
			continue
		}
		seen[f.bytes] = true
		out = append(out, form{prefix + f.form, f.bytes})
		out = append(out, form{prefix + f.form + " utf16le", utf16Bytes(f.bytes, false)}, form{prefix + f.form + " utf16be", utf16Bytes(f.bytes, true)})
		out = append(out, encoded(prefix+f.form+" ", f.bytes)...)
	}
	return out
}

// title writes each word with a capital, as people write names.
func title(s string) string {
	words := strings.Fields(strings.ToLower(s))
	for i, w := range words {
		first, size := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(first)) + w[size:]
	}
	return strings.Join(words, " ")
}

// encoded are base64, wherever in a longer text it begins, and hexadecimal.
func encoded(prefix, b string) (out []form) {
	for skip := range 3 {
		padded := strings.Repeat("\x00", skip) + b
		first, last := (8*skip+5)/6, 8*(skip+len(b))/6 // letters between are this text's alone
		for name, e := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			out = append(out, form{prefix + name, e.EncodeToString([]byte(padded))[first:last]})
		}
	}
	h := hex.EncodeToString([]byte(b))
	return append(out, form{prefix + "hex", h}, form{prefix + "hex upper", strings.ToUpper(h)})
}

// inJSON is a text as encoding/json writes it: a filler of a machine readable zone becomes \u003c.
func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return strings.Trim(string(b), `"`)
}

func utf16Bytes(s string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		lo, hi := byte(u), byte(u>>8)
		if big {
			lo, hi = hi, lo
		}
		b.WriteByte(lo)
		b.WriteByte(hi)
	}
	return b.String()
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// checkDigit is that of Doc 9303 part 3 for digits.
func checkDigit(digits string) string {
	sum := 0
	for i := range digits {
		sum += int(digits[i]-'0') * []int{7, 3, 1}[i%3]
	}
	return string(rune('0' + sum%10))
}
