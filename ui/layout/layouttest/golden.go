// Package layouttest compares the pages of a screen with what they are known to look like, and finds
// texts on them that are of no catalogue.
package layouttest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"garita/ui"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

// Pages are the states of a screen.
type Pages struct {
	Templates fs.FS
	// States gives what the definition "body" is shown, by name, in a printer's words.
	States func(w *i18n.Printer) map[string]any
	// Everywhere names the states that are kept in every language; all are in English.
	Everywhere []string
	// Data matches the invented facts on the pages, which are of no catalogue.
	Data *regexp.Regexp
}

// Golden renders every state as the files in testdata say; with write it writes them.
func Golden(t *testing.T, p Pages, write bool) {
	t.Helper()
	l := p.layout(t)
	for name := range p.States(i18n.In(i18n.English)) {
		p.golden(t, l, i18n.English, name, name+".html", write)
	}
	for _, name := range p.Everywhere {
		for _, lang := range i18n.Langs() {
			if lang != i18n.English {
				p.golden(t, l, lang, name, name+"."+string(lang)+".html", write)
			}
		}
	}
}

func (p *Pages) layout(t *testing.T) *layout.Layout {
	t.Helper()
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(assets, p.Templates)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (p *Pages) golden(t *testing.T, l *layout.Layout, lang i18n.Lang, name, file string, write bool) {
	t.Run(name+"/"+string(lang), func(t *testing.T) {
		w := i18n.In(lang)
		got, err := l.In(w).Fragment("body", p.States(w)[name])
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", file)
		if write {
			if err := os.MkdirAll("testdata", 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v (write it with -update-golden and review it)", err)
		}
		if string(want) != string(got) {
			t.Errorf("the page has changed; if meant, run with -update-golden and review:\n%s", difference(string(want), string(got)))
		}
	})
}

// difference names the first line in which two pages differ.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "-" + a[i] + "\n+" + b[i]
		}
	}
	return "one is longer"
}

// Translated fails for every text of a state that went through no printer and is no fact.
func Translated(t *testing.T, p Pages) {
	t.Helper()
	marked, err := p.layout(t).Marked()
	if err != nil {
		t.Fatal(err)
	}
	for name, state := range p.States(i18n.Pseudo()) {
		got, err := marked.Fragment("body", state)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range i18ntest.Bare(string(got)) {
			if !p.Data.MatchString(text) {
				t.Errorf("%s: %q is of no catalogue", name, text)
			}
		}
	}
}
