package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Printer writes in one language. Immutable; safe for concurrent use.
type Printer struct {
	lang  Lang
	texts map[Msg][]string // several: by plural form
	marks bool             // writes every text between ⟦ and ⟧
}

// Pseudo returns a printer for tests that writes English between ⟦ and ⟧, so that a text that did
// not go through a printer shows itself.
func Pseudo() *Printer { return &Printer{lang: English, marks: true} }

var printers = sync.OnceValue(func() map[Lang]*Printer {
	all, err := load()
	if err != nil {
		panic(err) // the catalogues are part of the program; a test reads them
	}
	return all
})

// In returns the printer of a language; that of English for one that is none of ours.
func In(l Lang) *Printer {
	if p, ok := printers()[l]; ok {
		return p
	}
	return printers()[English]
}

// Lang is the printer's language.
func (p *Printer) Lang() Lang { return p.lang }

// T writes a text. Its places are filled with args: a Msg is written in this language too, an int
// with its thousands apart, anything else as fmt writes it. A text without translation is written in English.
func (p *Printer) T(m Msg, args ...any) string {
	text := m.english()
	if t, ok := p.texts[m]; ok {
		text = t[0]
	}
	return p.fill(text, args)
}

// N writes a text that counts: one if n is one in English, other else, which is also its name in
// the catalogues. {0} is n; args begin at {1}.
func (p *Printer) N(n int, one, other Msg, args ...any) string {
	text := other.english()
	if forms, ok := p.texts[other]; ok {
		text = forms[min(rules[p.lang].plural(n), len(forms)-1)]
	} else if n == 1 {
		text = one.english()
	}
	return p.fill(text, append([]any{n}, args...))
}

// Has reports whether a text is in the catalogue.
func (p *Printer) Has(m Msg) bool {
	_, ok := p.texts[m]
	return ok || p.lang == English
}

// fill puts args into the places of a text. What stands in an argument is never taken for a place.
func (p *Printer) fill(text string, args []any) string {
	if p.marks {
		text = "⟦" + text + "⟧"
	}
	if len(args) == 0 {
		return text
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 || i+2 >= len(text) {
			break
		}
		b.WriteString(text[:i])
		if at := int(text[i+1] - '0'); text[i+2] == '}' && at >= 0 && at < len(args) {
			b.WriteString(p.arg(args[at]))
			text = text[i+3:]
			continue
		}
		b.WriteByte('{')
		text = text[i+1:]
	}
	return b.String() + text
}

func (p *Printer) arg(a any) string {
	switch v := a.(type) {
	case Msg:
		return p.T(v)
	case string:
		return v
	case int:
		return p.Number(v)
	case int64:
		return p.Number(int(v))
	}
	return fmt.Sprint(a)
}

// Isolated returns a person's name as it stands amid a sentence, whichever way either is written: between FIRST STRONG
// ISOLATE and POP DIRECTIONAL ISOLATE (Unicode UAX #9, section 2.4). In HTML of one's own it is <bdi> instead.
func Isolated(name string) string { return "\u2068" + name + "\u2069" }

// Number writes a number with narrow spaces between thousands (ISO 80000-1, section 7.3.1), which all four
// languages read.
func (p *Printer) Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// List joins words as the language does: "a, b and c".
func (p *Printer) List(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + rules[p.lang].and + " " + words[last]
}
