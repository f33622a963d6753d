package counter

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// words put a view into one language: that of the screen, of the country's form, and of the post's clock.
type words struct {
	*i18n.Printer
	form *form.Form
	zone *time.Location
}

func (s *screen) words(p *i18n.Printer, zone string) words {
	return words{p, s.cfg.Service.Form(), s.zones.get(zone)}
}

// label says a word of the form.
func (w words) label(text string) string {
	if text == "" {
		return ""
	}
	return w.form.Word(string(w.Lang()), text)
}

// labels gives the words of a list's codes.
func (w words) labels(codes []form.Code) map[string]string {
	out := make(map[string]string, len(codes))
	for _, c := range codes {
		out[c.Code] = w.label(c.Label)
	}
	return out
}

// options gives the choices of a list their texts.
func (w words) options(codes []form.Code) []Option {
	out := make([]Option, 0, len(codes))
	for _, c := range codes {
		out = append(out, Option{c.Code, keyed(c.Key, w.label(c.Label))})
	}
	return out
}

// keyed puts the key that chooses before a label.
func keyed(key, label string) string {
	if key == "" {
		return label
	}
	return strings.ToUpper(key) + " " + label
}

// kinds gives the kinds of documents their texts.
func (w words) kinds() []Option {
	var out []Option
	for _, k := range w.form.DocumentKinds() {
		out = append(out, Option{k.Code, keyed(k.Key, w.label(k.Label))})
	}
	return out
}

// documentKind says what a document is.
func (w words) documentKind(d counter.DocumentView) string {
	if k, ok := w.form.Kind(d.Kind); ok {
		return w.label(k.Label)
	}
	if d.Format == "" {
		return ""
	}
	return strings.TrimSpace(d.Format + " " + d.DocumentCode)
}

// said says a text of another room in this language, if it stands in a catalogue; "" for "".
func (w words) said(text string) string {
	if text == "" {
		return ""
	}
	return w.T(i18n.Msg(text))
}

// problem says what is wrong with a field of the form.
func (w words) problem(p form.Problem) string {
	m, known := formProblems[p.Why]
	if !known {
		return w.said(p.Message)
	}
	args := make([]any, len(p.Args))
	for i, a := range p.Args {
		args[i] = a
		if i == 0 {
			args[i] = w.label(a)
		} else if n, err := strconv.Atoi(a); err == nil {
			args[i] = n
		}
	}
	return w.T(m, args...)
}

// clock gives the post's time of day, with the date unless it is today.
func (w words) clock(t, now time.Time) string {
	t, now = t.In(w.zone), now.In(w.zone)
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return w.At(t)
}

// at gives the post's day and time of day.
func (w words) at(t time.Time) string { return w.At(t.In(w.zone)) }

// day writes a date of EDTF (ISO 8601-2) as a person reads it; what is no full date stays
// as it is.
func (w words) day(edtf string) string {
	t, err := time.Parse(time.DateOnly, edtf)
	if err != nil {
		return edtf
	}
	return w.Day(t)
}

// seconds says a length of time.
func (w words) seconds(n int64) string { return w.Span(time.Duration(n) * time.Second) }

func (w words) outcome(o border.Outcome) string { return wording.Word(w.Printer, outcomeWords, o) }

func (w words) direction(d string) string {
	if m, ok := directionWords[d]; ok {
		return w.T(m)
	}
	return ""
}

// accept names the key that lets a traveller pass, refuse the one that does not.
func (w words) accept(direction string) string {
	if direction == border.Exit {
		return w.T("key::Let depart")
	}
	return w.T("key::Admit")
}

func (w words) refuse(direction string) string {
	if direction == border.Exit {
		return w.T("key::Prevent departure")
	}
	return w.T("key::Refuse")
}

// size says how much room there is.
func (w words) size(bytes int64) string {
	const gib, mib = 1 << 30, 1 << 20
	switch {
	case bytes >= 10*gib:
		return w.T("{0} GB", int(bytes/gib))
	case bytes >= gib:
		return w.T("{0} GB", strconv.FormatFloat(float64(bytes)/gib, 'f', 1, 64))
	}
	return w.T("{0} MB", int(bytes/mib))
}

// upper writes the first letter as a capital, lower the whole as it stands within a sentence.
func upper(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}

func lower(s string) string { return strings.ToLower(s) }
