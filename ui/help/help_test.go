package help

import (
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

var (
	definition = regexp.MustCompile(`\{\{-?\s*define "help/([a-z0-9.-]+)"`)
	named      = regexp.MustCompile(`data-help="([^"{]*)"`)
)

// written finds what a pattern captures in the templates below a folder.
func written(t *testing.T, root string, what *regexp.Regexp) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "dist"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".html":
			return nil
		}
		b, err := os.ReadFile(path)
		for _, m := range what.FindAllStringSubmatch(string(b), -1) {
			out[m[1]] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever a page names as its topic there is help on, and there is no help that nothing leads to.
func TestTopics(t *testing.T) {
	topics, used := written(t, "topics", definition), written(t, "..", named)
	for topic, at := range used {
		if _, ok := topics[topic]; !ok {
			t.Errorf("%s names the topic %q, on which there is no help", at, topic)
		}
	}
	for topic, at := range topics {
		if _, ok := used[topic]; !ok && topic != "page" { // what stands after all others
			t.Errorf("%s: nothing leads to the help on %q", at, topic)
		}
	}
}

func assets(t *testing.T) *layout.Assets {
	t.Helper()
	a, err := layout.Built()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// All texts are of the catalogue.
func TestNothingIsBare(t *testing.T) {
	s, err := load(assets(t))
	if err != nil {
		t.Fatal(err)
	}
	topics, err := s.topics.Marked()
	if err != nil {
		t.Fatal(err)
	}
	cards, err := s.cards.Marked()
	if err != nil {
		t.Fatal(err)
	}
	pages := make(map[string]string)
	for topic := range written(t, "topics", definition) {
		b, err := topics.Fragment("help/"+topic, nil)
		if err != nil {
			t.Fatal(err)
		}
		pages[topic] = string(b)
	}
	for _, c := range layout.Cards() {
		b, err := cards.Fragment("body", card{Role: c.Role, Word: c.Word, Lang: i18n.English, Languages: i18n.Langs()})
		if err != nil {
			t.Fatal(err)
		}
		pages["card of "+string(c.Role)] = string(b)
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		for _, bare := range i18ntest.Bare(pages[name]) {
			if !slices.Contains([]string{"Garita", "Español", "English", "Français", "Kreyòl"}, bare) {
				t.Errorf("%s: %q is not of the catalogue", name, bare)
			}
		}
	}
}

// Help and cards are given to anybody, in the reader's language or the one that is asked for; nothing else is.
func TestServed(t *testing.T) {
	app := fiber.New(fiber.Config{Immutable: true})
	if err := Mount(app, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, language string
		status         int
		has            string
	}{
		{"/help/page", "", 200, "On every page"},
		{"/help/page", "fr-CA", 200, "Sur chaque page"},
		{"/help/head", "", 404, ""},
		{"/help/body", "", 404, ""},
		{"/card/inspector", "es", 200, `<html lang="es">`},
		{"/card/inspector?lang=ht", "es", 200, `<html lang="ht">`},
		{"/card/technician?lang=xx", "es", 200, `<html lang="es">`},
		{"/card/auditor", "", 404, ""},
		{"/card/help", "", 404, ""},
	} {
		req := httptest.NewRequest("GET", c.path, nil)
		req.Header.Set("Accept-Language", c.language)
		res, err := app.Test(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil || res.Body.Close() != nil {
			t.Fatal(err)
		}
		if res.StatusCode != c.status || !strings.Contains(string(b), c.has) {
			t.Errorf("%s in %q answers %d %.200s", c.path, c.language, res.StatusCode, b)
		}
	}
}
