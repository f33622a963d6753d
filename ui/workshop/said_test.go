package workshop

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

// marked is a screen whose printer shows what it wrote.
func marked(t *testing.T, s *shelf) *screen {
	t.Helper()
	assets, err := layout.Built()
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(assets, templates)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = l.Marked(); err != nil {
		t.Fatal(err)
	}
	return &screen{layout: l, cfg: Config{Scanners: s, Learning: s, Station: "PUT-1", Clock: clock{}}}
}

// TestNothingIsBare: every text of the page in all its states is one of the catalogue.
func TestNothingIsBare(t *testing.T) {
	data := map[string]bool{"PUT-1": true, "reader-1": true, "Generic MRZ reader": true, "generic-framed-mrz": true, "/dev/serial/by-id/x": true,
		"DigitalPersona U.are.U 4000B, 4500": true, "digitalpersona-uareu-4000b": true, "DigitalPersona, Inc. U.are.U": true, "<script>": true,
		"state_of_tomorrow": true, "1 state_of_tomorrow": true, ", 1 state_of_tomorrow": true, "Replace its firmware.": true, "05ba:000a": true, "The scanner does not answer.": true, "No profile is for this device.": true}
	ids := regexp.MustCompile(`usb-[\d.-]+|DigitalPersona U.are.U 4000B, 4500|Generic MRZ reader|reader-1|state_of_tomorrow|Replace its firmware\.`)
	for name, list := range shelves() {
		s := &shelf{changes: make(chan struct{}, 1)}
		s.set(list...)
		screen := marked(t, s)
		html, err := screen.layout.Fragment("body", screen.panel(t.Context(), i18n.Pseudo()))
		if err != nil {
			t.Fatal(err)
		}
		for _, bare := range i18ntest.Bare(string(html)) {
			if rest := ids.ReplaceAllString(bare, ""); !data[bare] && regexp.MustCompile(`\p{L}{2,}`).MatchString(rest) {
				t.Errorf("%s: %q is not of the catalogue", name, bare)
			}
		}
	}
}

func TestSaid(t *testing.T) {
	es := i18n.In(i18n.Spanish)
	for english, want := range map[string]string{
		"":                       "",
		"What a maker may write": "What a maker may write",
		"The scanner is not plugged in, or has no power.":                                                                                           "El lector no está conectado, o no tiene corriente.",
		"The scanner does not power up. It is being restarted; if this goes on, unplug it and plug it in again.":                                    "El lector no enciende. Se está reiniciando; si continúa, desconéctelo y conéctelo de nuevo.",
		"Firmware 3.9 is known to be faulty. Ask for 4.0.":                                                                                          "Se sabe que el firmware 3.9 tiene fallas. Ask for 4.0.",
		"ready: The scanner is not plugged in, or has no power.":                                                                                    "Listo: El lector no está conectado, o no tiene corriente.",
		"its USB id is 05BA:000A, it has an interface of class 3 (x.toml:14); y fits as well, and this one was taken because it is a local profile": "su id. USB es 05BA:000A, tiene una interfaz de clase 3 (x.toml:14); y también corresponde, y se tomó este porque es un perfil local",
		"key::Refer": "key::Refer",
	} {
		if got := said(es, english); got != want {
			t.Errorf("%q is said %q, not %q", english, got, want)
		}
		if got := said(i18n.In(i18n.English), english); got != english && !strings.HasPrefix(english, "ready: ") {
			t.Errorf("%q is said %q in English", english, got)
		}
	}
}

// TestEverySentenceOfTheScannersIsKnown reads the rooms whose sentences reach this screen.
func TestEverySentenceOfTheScannersIsKnown(t *testing.T) {
	// What only a start that fails, or a command line, says.
	silent := map[string]bool{"config.go": true, "supervisor.go": true, "store.go": true, "server.go": true, "tls.go": true, "open.go": true, "program.go": true}
	es := i18n.In(i18n.Spanish)
	verb := regexp.MustCompile(`%[\d.]*[a-zX]`)
	sentence := regexp.MustCompile(`^\p{Lu}[^"]* .*\.$`)
	seen := 0
	for _, room := range []string{".", "supervisor", "drivers", "drivers/uareu", "drivers/r30x", "drivers/egis0570", "drivers/exchange", "drivers/elyctis", "serial", "usb", "bridge", "learn", "workshop", "drafts", "wedge"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "devices", room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(room, err)
		}
		for _, file := range append(files, filepath.Join("..", "..", "devices", "profile", "firmware.go")) {
			if silent[filepath.Base(file)] || strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, text := range literals(t, file) {
				if text = verb.ReplaceAllString(text, "7"); !sentence.MatchString(text) {
					continue
				}
				seen++
				if said(es, text) == text && !es.Has(i18n.Msg(text)) {
					t.Errorf("%s: %q is said in English to everybody", filepath.Base(file), text)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d sentences were found", seen)
	}
}

// TestSpokenStandsInTheRooms: no sentence is kept here that nobody says any more.
func TestSpokenStandsInTheRooms(t *testing.T) {
	var all []string
	for _, room := range []string{"supervisor", "profile", "trace", "drivers/r30x", "serial", "usb", "learn", "workshop", ".", "../cmd/internal/station"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "devices", room, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			all = append(all, literals(t, file)...)
		}
	}
	for _, m := range spoken {
		if !slices.Contains(all, string(m)) {
			t.Errorf("nobody says %q", m)
		}
	}
}

func literals(t *testing.T, file string) (out []string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, b, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

// TestWordsRoute: the page asks for what the API says.
func TestWordsRoute(t *testing.T) {
	url, _ := serve(t, &shelf{changes: make(chan struct{}, 1)})
	ask := func(body string) (int, []string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/workshop/words", bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept-Language", "fr")
		req.Header.Set("Origin", url)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var out struct{ Texts []string }
		if res.StatusCode == 200 && json.Unmarshal(b, &out) != nil {
			t.Fatalf("%s", b)
		}
		return res.StatusCode, out.Texts
	}
	if status, texts := ask(`{"texts":["The scanner was unplugged.","","nobody knows this"]}`); status != 200 || len(texts) != 3 ||
		texts[0] == "The scanner was unplugged." || texts[1] != "" || texts[2] != "nobody knows this" {
		t.Errorf("%d %q", status, texts)
	}
	for _, bad := range []string{`{`, `{"texts":[` + strings.Repeat(`"a",`, maxSaid) + `"a"]}`} {
		if status, _ := ask(bad); status != 422 {
			t.Errorf("%.20q: %d", bad, status)
		}
	}
}
