package form

import "testing"

// The form that ships with the program has all its words in the languages of the screens.
func TestEveryWordIsTranslated(t *testing.T) {
	f := Default()
	var all []string
	for _, list := range f.lists {
		for _, c := range list {
			all = append(all, c.Label)
		}
	}
	for _, d := range f.documents {
		all = append(all, d.Label)
	}
	for _, q := range f.fields {
		all = append(all, q.label, q.hint)
	}
	for _, lang := range []string{"es", "fr", "ht"} {
		for _, text := range all {
			if text != "" && f.words[lang][text] == "" {
				t.Errorf("%s: %q has no word", lang, text)
			}
		}
	}
	if got := f.Word("fr", "Visitor"); got != "Visiteur" {
		t.Errorf("French visitor: %q", got)
	}
	if got := f.Word("de", "Visitor"); got != "Visitor" {
		t.Errorf("a language without words: %q", got)
	}
}
