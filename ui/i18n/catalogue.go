package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// catalogues are named ROOM.LANG.json: an object of English texts and their translations, a string,
// or an array by plural form.
//
//go:embed catalogue/*.json
var catalogues embed.FS

// load reads all catalogues. A text may stand in several of a language if it says the same.
func load() (map[Lang]*Printer, error) {
	all := make(map[Lang]*Printer)
	for _, l := range Langs() {
		all[l] = &Printer{lang: l, texts: make(map[Msg][]string)}
	}
	files, err := catalogues.ReadDir("catalogue")
	if err != nil {
		return nil, fmt.Errorf("read the catalogues: %w", err)
	}
	for _, f := range files {
		_, lang, ok := strings.Cut(strings.TrimSuffix(f.Name(), ".json"), ".")
		p := all[Lang(lang)]
		if !ok || p == nil {
			return nil, fmt.Errorf("catalogue %s is of no language", f.Name())
		}
		b, err := catalogues.ReadFile(path.Join("catalogue", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", f.Name(), err)
		}
		if err := p.add(b); err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", f.Name(), err)
		}
	}
	return all, nil
}

// add takes the texts of one catalogue.
func (p *Printer) add(b []byte) error {
	var entries map[Msg]forms
	if err := json.Unmarshal(b, &entries); err != nil {
		return err
	}
	for m, f := range entries {
		if before, ok := p.texts[m]; ok && !slices.Equal(before, f) {
			return fmt.Errorf("%q is translated twice, and not the same: give one a context", m)
		}
		p.texts[m] = f
	}
	return nil
}

// forms is a translation: one text, or one for each plural form.
type forms []string

func (f *forms) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*f = forms{one}
		return nil
	}
	var all []string
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("a translation without a text")
	}
	*f = all
	return nil
}
