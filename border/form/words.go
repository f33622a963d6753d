package form

import (
	"maps"
	"regexp"
	"slices"
)

// language is that of a table of words: ISO 639.
var language = regexp.MustCompile(`^[a-z]{2,3}$`)

// Word says a label or a hint of the form in a language, an ISO 639 code in small letters; as it stands
// in the form where that says it in no other way.
func (f *Form) Word(lang, text string) string {
	if w := f.words[lang][text]; w != "" {
		return w
	}
	return text
}

// translations checks the form's words in other languages. Words for what the form does not say do no
// harm: a country that takes a row out need not look for them.
func (f *Form) translations(file *fileShape) error {
	for _, lang := range slices.Sorted(maps.Keys(file.Words)) {
		if !language.MatchString(lang) {
			return wrong("[words]: %q is no language; allowed: %s", lang, language)
		}
		for _, text := range slices.Sorted(maps.Keys(file.Words[lang])) {
			if err := shown("its word", file.Words[lang][text], maxHint); err != nil {
				return wrong("[words.%s]: %q: %w", lang, text, err)
			}
		}
	}
	f.words = file.Words
	return nil
}
