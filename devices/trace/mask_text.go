package trace

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"garita/devices/profile"
)

// text masks plain lines of documents. What answers a question and fits the very pattern
// of the profile (an acknowledgement, a firmware's version) is shown, unless it could be
// part of a document.
type text struct {
	start, end int // bytes of the frame; 0 if it has none
	patterns   []*regexp.Regexp
	code       bool // a P at the beginning says how long a document is, and stays

	atRest bool // nothing of a document can be under way
	status bool // the byte before was ACK, ENQ or NAK; a mark behind it ends an imager's answer
	fresh  bool // the line was silent
	asked  bool
	answer veil
	run    int // characters of documents in a row since the question

	words []*literal // that stand in the profile letter for letter
	seeks bool       // a question was asked: they are shown wherever they come
}

// literal finds a text in a stream of bytes. What it holds are only the bytes of that text.
type literal struct {
	text string
	at   []*byte // where what was found so far is remembered
}

// take takes a byte, and shows the text when it is whole.
func (l *literal) take(at *byte, c byte) (found bool) {
	if c != l.text[len(l.at)] {
		l.at = l.at[:0]
	}
	if c == l.text[len(l.at)] {
		l.at = append(l.at, at)
	}
	if found = len(l.at) == len(l.text); found {
		for i, p := range l.at {
			*p = l.text[i]
		}
		l.at = l.at[:0]
	}
	return found
}

// longestWord is the longest run of document characters in an answer that is shown; the
// lines of documents have 30 and more.
const longestWord = 16

func newText(p *profile.Profile) *text {
	t := &text{start: p.Framing.Start, end: p.Framing.End, atRest: true, fresh: true}
	t.code = p.Driver == "honeywell" || p.Framing.Kind == profile.RawLen || p.Framing.Kind == profile.RawIdle
	expect := []string{p.Identify.Pattern}
	for _, list := range [][]profile.Exchange{p.Init, p.Rearm} {
		for _, e := range list {
			expect = append(expect, e.Expect)
		}
	}
	for _, s := range expect {
		r, err := regexp.Compile(s)
		if err != nil || s == "" || careless(r) {
			continue
		}
		t.patterns = append(t.patterns, r)
		// A word of letters alone may be within a name.
		if text, whole := r.LiteralPrefix(); whole && strings.ContainsFunc(text, func(c rune) bool { return secretKind(c) == 0 && c < 0x80 }) {
			t.words = append(t.words, &literal{text: text})
		}
	}
	return t
}

func (t *text) in(_ uint8, b []byte) ([]byte, []Run) {
	m := make([]byte, len(b))
	for i, c := range b {
		m[i] = t.one(c)
		if t.asked {
			t.wait(&m[i], c)
		}
		for _, w := range t.words {
			if t.seeks && w.take(&m[i], c) {
				t.seeks = false
			}
		}
		t.fresh = false
		t.atRest = c == '\r' || c == '\n' || c != 0 && int(c) == t.end || t.status && (c == '!' || c == '.' || c == ',' || c == ';')
		t.status = c == 0x06 || c == 0x05 || c == 0x15
	}
	return m, nil
}

func (t *text) one(c byte) byte {
	switch {
	case c != 0 && (int(c) == t.start || int(c) == t.end):
		return c
	case c == 'P' && t.fresh && t.code:
		return c
	default:
		return shape(c)
	}
}

// wait keeps a byte for when the answer is whole, unless a document has begun.
func (t *text) wait(at *byte, c byte) {
	if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '<' {
		t.run++
	} else {
		t.run = 0
	}
	if c == '<' || t.run > longestWord {
		t.asked = false
		t.answer.drop()
		return
	}
	t.answer.add(at, c)
}

func (t *text) out([]byte) {
	t.settle()
	t.asked, t.run = t.atRest && len(t.patterns) > 0, 0
	t.seeks = true
	for _, w := range t.words {
		w.at = w.at[:0]
	}
}

func (t *text) quiet() {
	t.settle()
	t.fresh, t.atRest = true, true
}

// settle shows what fits a pattern.
func (t *text) settle() {
	if t.asked && len(t.answer.plain) > 0 {
		runes := make([]rune, len(t.answer.plain))
		for i, c := range t.answer.plain {
			runes[i] = rune(c)
		}
		s := string(runes)
		for _, p := range t.patterns {
			if at := p.FindStringIndex(s); at != nil && harmless(p, s[at[0]:at[1]]) {
				t.atRest = true
				t.answer.show(utf8.RuneCountInString(s[:at[0]]), utf8.RuneCountInString(s[:at[1]]))
				break
			}
		}
	}
	t.asked = false
	t.answer.drop()
}

// anything is what a careless pattern fits: letters and digits without any sense.
const anything = "QZXQZXQZXQZXQZXQZXQZX 735735735735735735.735735 qzxqzx-QZX735QZX735QZX735"

// careless reports whether a pattern would fit much besides the answer that it is for.
func careless(p *regexp.Regexp) bool { return p.MatchString(anything) }

// harmless reports whether what fits a pattern cannot be part of a document: the profile
// has it letter for letter, or there is something in it that no document has.
func harmless(p *regexp.Regexp, match string) bool {
	if _, literal := p.LiteralPrefix(); literal {
		return true
	}
	return strings.ContainsFunc(match, func(c rune) bool { return c >= ' ' && c < 0x7f && secretKind(c) == 0 })
}

// secretKind is the kind of a character that documents have; 0 for all others.
func secretKind(c rune) rune {
	switch {
	case c >= 'A' && c <= 'Z':
		return 'A'
	case c >= '0' && c <= '9':
		return '0'
	case c == '<':
		return '<'
	default:
		return 0
	}
}
