package i18n

import (
	"testing"
	"time"
)

func TestTexts(t *testing.T) {
	p := &Printer{lang: Spanish, texts: map[Msg][]string{"key::Refer": {"Derivar"}, "{1} of {0}": {"{0}: {1}"}, "{0} cars": {"{0} coche", "{0} coches"}}}
	for _, c := range []struct{ got, want string }{
		{p.T("key::Refer"), "Derivar"},
		{p.T("key::Other"), "Other"},
		{p.T("{1} of {0}", 12345, "{0}"), "12\u202f345: {0}"},
		{p.T("{0} {9} {", Msg("key::Refer")), "Derivar {9} {"},
		{p.N(1, "{0} car", "{0} cars"), "1 coche"},
		{p.N(2, "{0} car", "{0} cars"), "2 coches"},
		{p.N(1, "{0} bus", "{0} buses"), "1 bus"},
		{p.N(0, "{0} bus", "{0} buses"), "0 buses"},
		{p.List([]string{"a", "b", "c"}), "a, b y c"},
		{p.Number(-1234567), "-1\u202f234\u202f567"},
		{In(French).N(0, "{0} day", "{0} days"), "0 jour"},
		{In(Haitian).Span(72 * time.Hour), "3 jou"},
		{In(Haitian).Day(time.Date(2026, 7, 9, 0, 0, 0, 0, time.UTC)), "9 jiy 2026"},
		{In("xx").Span(time.Second), "a moment"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestAccepted(t *testing.T) {
	for header, want := range map[string]Lang{
		"ht-HT,fr;q=0.8": Haitian, "de, fr-CA;q=0.5, en": French, "": "", "de": "", "ES": Spanish, "en_US": English, ",,;": "",
	} {
		if got := Accepted(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}
