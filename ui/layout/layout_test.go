package layout

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui"
	"garita/ui/i18n"
)

// script is worth compressing.
var script = strings.Repeat("let a;", 50)

func assets(t *testing.T) *Assets {
	t.Helper()
	a, err := Load(fstest.MapFS{"d/a.js": {Data: []byte(script)}, "d/b.css": {Data: []byte("b{}")}}, "d")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAssetAddressesFollowTheContent(t *testing.T) {
	a := assets(t)
	url, err := a.URL("a.js")
	if err != nil || !strings.HasPrefix(url, "/assets/") || !strings.HasSuffix(url, "/a.js") {
		t.Fatalf("%q, %v", url, err)
	}
	b, err := Load(fstest.MapFS{"d/a.js": {Data: []byte("let b")}}, "d")
	if err != nil {
		t.Fatal(err)
	}
	if other, _ := b.URL("a.js"); other == url {
		t.Error("another content has the same address")
	}
	if _, err := a.URL("none.js"); err == nil {
		t.Error("an asset that was never built has an address")
	}
}

func TestAssetsAreServed(t *testing.T) {
	a := assets(t)
	app := fiber.New(fiber.Config{Immutable: true})
	a.Mount(app)
	url, _ := a.URL("a.js")
	for _, zipped := range []bool{false, true} {
		req := httptest.NewRequest("GET", url, nil)
		if zipped {
			req.Header.Set("Accept-Encoding", "br, gzip")
		}
		r, err := app.Test(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if zipped {
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if string(body) != script || r.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%q %v", body, r.Header)
		}
	}
	for _, path := range []string{"/assets/0000000000000000/a.js", strings.Replace(url, "a.js", "b.css", 1)} {
		r, err := app.Test(httptest.NewRequest("GET", path, nil))
		if err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != 404 {
			t.Errorf("%s answers %d", path, r.StatusCode)
		}
	}
}

// TestFirstLoadIsSmall adds up what a counter's screen loads the first time, as it is sent: what it names, what
// that loads in turn, and the page itself, of which the largest state of the gallery stands for all.
func TestFirstLoadIsSmall(t *testing.T) {
	a, err := Built()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, name := range []string{"counter.js", "live-worker.js", "app.css", "icon.svg", "text-latin.woff2", "mono-400.woff2", "mono-700.woff2"} {
		url, err := a.URL(name)
		if err != nil {
			t.Fatal(err)
		}
		f := a.files[strings.TrimPrefix(url, prefix)]
		total += min(len(f.gzip), len(f.plain))
	}
	pages, err := filepath.Glob("../counter/testdata/*.html")
	if err != nil || len(pages) == 0 {
		t.Fatal("the counter's gallery is not there", err)
	}
	largest := 0
	for _, p := range pages {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		z, err := compressed(b)
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, len(z))
	}
	if total += largest; total < 60_000 || total > 120_000 {
		t.Errorf("a counter loads %d bytes, %d of them its page", total, largest)
	}
	t.Logf("a counter loads %d bytes, %d of them its page", total, largest)
}

// TestStylesLoadOurOwn: what the styles load is an asset of this build, and its licence lies beside it; fonts and
// marks that may not be used elsewhere are not there.
func TestStylesLoadOurOwn(t *testing.T) {
	a, err := Built()
	if err != nil {
		t.Fatal(err)
	}
	b, err := ui.Dist.ReadFile("dist/app.css")
	if err != nil {
		t.Fatal(err)
	}
	css := strings.ToLower(string(b))
	for _, not := range []string{"gds", "transport", "crown", "@import"} {
		if strings.Contains(css, not) {
			t.Errorf("the styles contain %q", not)
		}
	}
	fonts := 0
	for _, after := range strings.Split(css, "url(")[1:] {
		at, _, _ := strings.Cut(after, ")")
		if _, ours := a.files[strings.TrimPrefix(at, prefix)]; !ours {
			t.Errorf("the styles load %q", at)
		}
		if strings.HasSuffix(at, ".woff2") {
			fonts++
		}
	}
	if fonts == 0 {
		t.Error("no font is loaded")
	}
	for _, licence := range []string{"text-OFL.txt", "mono-OFL.txt"} {
		if _, err := a.URL(licence); err != nil {
			t.Error(err)
		}
	}
}

// One template says the same in every language, and markup in what it is given stays text.
func TestLanguages(t *testing.T) {
	l, err := New(assets(t), fstest.MapFS{"p.html": {Data: []byte(`{{define "body"}}{{n .Days "{0} day" "{0} days"}} {{th "{0} h" .Name}} {{th "{0} min" (kbd "F8")}}{{end}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	marked, err := l.Marked()
	if err != nil {
		t.Fatal(err)
	}
	data := struct {
		Days int
		Name string
	}{3, "<b>"}
	for at, want := range map[*Layout]string{
		l: "3 days &lt;b&gt; h <kbd>F8</kbd> min", l.In(i18n.In(i18n.Haitian)): "3 jou &lt;b&gt; h <kbd>F8</kbd> min",
		marked: "⟦3 days⟧ ⟦&lt;b&gt; h⟧ ⟦<kbd>F8</kbd> min⟧",
	} {
		got, err := at.Fragment("body", data)
		if err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

// What no gate stands before is nobody's.
func TestSignedIn(t *testing.T) {
	app := fiber.New(fiber.Config{Immutable: true})
	var reached bool
	app.Get("/", func(c *fiber.Ctx) error {
		err := SignedIn(c)
		reached = border.CodeOf(err) != border.Unauthenticated
		return c.SendStatus(204)
	})
	r, err := app.Test(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if reached {
		t.Error("nobody goes on")
	}
}
