package profile

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"garita/border"
)

const maxSide = border.MaxFingerSide

// bauds are the speeds that a profile may ask for, in bits per second. The serial
// library refuses others (256,000 and 28,800 among them).
var bauds = []int{300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// The functions below check one value. They return the end of a sentence that begins with
// the key: what is wrong and what is allowed; "" if nothing is wrong.

func between(low, high int, form string) func(any) string {
	return func(v any) string {
		if n := v.(int); n < low || n > high {
			return fmt.Sprintf("is "+form+"; allowed are "+form+" to "+form, n, low, high)
		}
		return ""
	}
}

func hundreds(low, high int) func(any) string {
	inside := between(low, high, "%d")
	return func(v any) string {
		if s := inside(v); s != "" {
			return s
		}
		if v.(int)%100 != 0 {
			return fmt.Sprintf("is %d; it must be a multiple of 100", v)
		}
		return ""
	}
}

func oneOf(list ...int) func(any) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return func(v any) string {
		if !slices.Contains(list, v.(int)) {
			return fmt.Sprintf("is %d; allowed are %s", v, strings.Join(words, ", "))
		}
		return ""
	}
}

func oneWord[T ~string](list ...T) func(any) string {
	return func(v any) string {
		if s := T(reflect.ValueOf(v).String()); !slices.Contains(list, s) {
			return fmt.Sprintf("is %q; %s", s, allowed(list))
		}
		return ""
	}
}

// version checks a text that the TOML library takes without asking its type.
func version(v any) string {
	if !v.(Version).Valid() {
		return fmt.Sprintf("is %q; a version has one to four numbers with dots, like \"1.17\"", v)
	}
	return ""
}

func matching(form *regexp.Regexp, words string) func(any) string {
	return func(v any) string {
		if !form.MatchString(v.(string)) {
			return "must be " + words
		}
		return ""
	}
}

// maxText bounds a text for people, and an expression, in bytes.
const maxText = 200

func text(v any) string {
	if s := v.(string); strings.TrimSpace(s) == "" || len(s) > maxText || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Sprintf("must have 1 to %d characters in one line", maxText)
	}
	return ""
}

func atMost(n int) func(any) string {
	return func(v any) string {
		if have := reflect.ValueOf(v).Len(); have > n {
			return fmt.Sprintf("has %d values; at most %d are allowed", have, n)
		}
		return ""
	}
}

// marker checks a byte that marks a beginning or an end: it must not be able to stand in
// a document.
func marker(v any) string {
	if n := v.(int); n < 0 || n > 255 || n >= 0x20 && n < 0x7f || n == '\r' || n == '\n' {
		return fmt.Sprintf("is 0x%02X; it must be a byte that no document contains: 0x00 to 0x1F or 0x7F to 0xFF, not CR (0x0D) or LF (0x0A)", n)
	}
	return ""
}

func someBytes(v any) string {
	if len(v.(Hex)) == 0 {
		return `is empty; write the bytes as hexadecimal pairs, like "16 4D 0D", or leave the key out`
	}
	return ""
}

func expression(v any) string {
	_, wrong := compiled(v.(string))
	return wrong
}

func firmwareExpression(v any) string {
	re, wrong := compiled(v.(string))
	if wrong == "" && re.SubexpIndex(firmwareGroup) < 0 {
		return `has no group named firmware; write (?P<firmware>[0-9.]+) where the version stands`
	}
	return wrong
}

func compiled(s string) (*regexp.Regexp, string) {
	if s == "" || len(s) > maxText {
		return nil, fmt.Sprintf("must have 1 to %d characters; leave the key out to wait for nothing", maxText)
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, fmt.Sprintf("is no regular expression (%s); the syntax is RE2's, and '…' keeps its backslashes", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, ""
}

var releaseForm = regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{1,2})?$`)

func releases(v any) string {
	r := v.(Range)
	for _, end := range []Version{r.From, r.To} {
		if end != "" && !releaseForm.MatchString(string(end)) {
			return fmt.Sprintf("is %q; a release has two numbers of up to two digits, like \"01.00-01.99\" (lsusb prints it as bcdDevice)", r)
		}
	}
	return ""
}

func serialPattern(v any) string {
	// A serial number is a string descriptor: at most 126 characters (USB 2.0, 9.6.7).
	if s := v.(string); strings.Trim(s, "*") == "" || len(s) > 126 {
		return "must have 1 to 126 characters, and not only *; leave the key out to match any"
	}
	return ""
}
