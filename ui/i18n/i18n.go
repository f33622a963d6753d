// Package i18n puts the screens' texts into the reader's language: Spanish, English, French and
// Haitian Creole. A text is written in English where it is used, as a [Msg], and found in the
// catalogues by that; so the code reads as the screen does. A test fails while any text of the
// tree has no translation.
//
// The catalogue is our own because the usual tools have no plural rule, month name or name for
// Haitian Creole (CLDR 48).
package i18n

import (
	"strings"
)

// Lang is a language of the screens, as a BCP 47 tag.
type Lang string

// The languages.
const (
	Spanish Lang = "es"
	English Lang = "en"
	French  Lang = "fr"
	Haitian Lang = "ht"
)

// Langs lists the languages in the order in which they are offered.
func Langs() []Lang { return []Lang{Spanish, English, French, Haitian} }

// Name is the language's name in its own words.
func (l Lang) Name() string { return rules[l].name }

// Of returns the language with that tag, whose region is left aside ("ht-HT"); "" if it is none of ours.
func Of(tag string) Lang {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-"), "-")
	l := Lang(strings.ToLower(base))
	if _, ours := rules[l]; !ours {
		return ""
	}
	return l
}

// maxAccepted bounds how many tags of a header are looked at.
const maxAccepted = 16

// Accepted returns the first of our languages in an Accept-Language header (RFC 9110, section
// 12.5.4), in the header's own order; "" if there is none. Browsers write them in order of preference,
// so the weights are not asked.
func Accepted(header string) Lang {
	for i, part := range strings.Split(header, ",") {
		if i == maxAccepted {
			break
		}
		tag, _, _ := strings.Cut(part, ";")
		if l := Of(tag); l != "" {
			return l
		}
	}
	return ""
}

// Msg is a text of a screen in English, with places {0} to {9} for what differs. What stands
// before "::" tells apart texts that are the same in English and not elsewhere ("key::Refer"); it
// is never shown.
type Msg string

// english is the text without its context.
func (m Msg) english() string {
	if _, text, ok := strings.Cut(string(m), "::"); ok {
		return text
	}
	return string(m)
}
