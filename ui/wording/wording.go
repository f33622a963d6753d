// Package wording says in plain words of the reader's language what the hub's pages about lists and
// cases share: times, entries of a list, and what speaks for and against a hit.
package wording

import (
	"fmt"
	"strings"
	"time"

	"garita/border/watch"
	"garita/ui/i18n"
)

// At gives the time of day in UTC, with the date unless it is today; – for the zero time.
func At(p *i18n.Printer, t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	if t.Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return p.At(t)
}

// Ago says how long ago something was, coarsely.
func Ago(p *i18n.Printer, d time.Duration) string { return p.T("{0} ago", p.Span(d)) }

// Chance puts a probability into words that an officer can weigh.
func Chance(p *i18n.Printer, chance float64) string {
	if chance <= 0 { // a hit of a station's own list, or of a document
		return p.T("Not scored")
	}
	word := i18n.Msg("Unlikely (about {0} in 100)")
	switch {
	case chance >= 0.97:
		word = i18n.Msg("Very likely (about {0} in 100)")
	case chance >= 0.85:
		word = i18n.Msg("Likely (about {0} in 100)")
	case chance >= 0.5:
		word = i18n.Msg("Possible (about {0} in 100)")
	}
	return p.T(word, fmt.Sprintf("%.0f", min(99, 100*chance)))
}

// Handling says who learns of a hit.
func Handling(p *i18n.Printer, h watch.Handling) string {
	switch h {
	case watch.Open:
		return p.T("handling::Open")
	case watch.Refer:
		return p.T("handling::Refer")
	case watch.Silent:
		return p.T("handling::Silent")
	}
	return string(h)
}

// Underscored writes a word of a program as one of people, for those that have no text here.
func Underscored(s string) string { return strings.ReplaceAll(s, "_", " ") }

// Word is the text of a word of a program, or the word itself where a newer program has sent one that has
// no text here.
func Word[K ~string](p *i18n.Printer, texts map[K]i18n.Msg, word K) string {
	if m := texts[word]; m != "" {
		return p.T(m)
	}
	return Underscored(string(word))
}

func or(text, standard string) string {
	if text != "" {
		return text
	}
	return standard
}
